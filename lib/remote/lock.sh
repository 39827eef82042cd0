# shellcheck shell=sh disable=SC2154
# Holds the lock of a virtualenv for a session. After state.sh and hold.sh.
# Arguments: the virtualenv's path; how many seconds to wait for the lock; the session's rank, which is less than
# that of a later session; whether the session holds other locks, 1 or 0.

# Who looks at the file for a moment later must not take it for ours.
give_back() {
    (: >"$essay_locks.deploy")
}

open_locks "$1"
# A session that holds locks and waits for an earlier one might be what that one waits for.
if [ "$4" = 1 ]; then
    wait_for_lock "$1" "$2" "$3"
else
    wait_for_lock "$1" "$2"
fi
own_lock "$essay_session" "$essay_owner" "$3"
hold "$1"
