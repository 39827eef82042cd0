# shellcheck shell=sh disable=SC2154
# Holds the lock of a virtualenv for a session. After state.sh and hold.sh.
# Arguments: the virtualenv's path; how many seconds to wait for the lock; the session's rank, which is less than
# that of a later session; whether the session holds other locks, 1 or 0. Leaves nothing where nobody has asked for
# the lock before, and no virtualenv is there.

# Who looks at the file for a moment later must not take it for ours.
give_back() {
    (: >"$essay_locks.deploy")
}

[ -d "$1" ] || [ -e "${1%/*}/.essay/${1##*/}.deploy" ] ||
    fail no-venv "there is no virtualenv $1: run es-venv first"
open_locks "$1"
# A session that holds locks and waits for an earlier one might be what that one waits for.
if [ "$4" = 1 ]; then
    wait_for_lock "$1" "$2" "$3"
else
    wait_for_lock "$1" "$2"
fi
own_lock "$essay_session" "$essay_owner" "$3"
hold "$1"
