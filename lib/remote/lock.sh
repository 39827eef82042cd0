# shellcheck shell=sh disable=SC2154
# Holds the lock of a virtualenv for a session, whose heartbeats must come: without them it ends after 8 s, as a
# connection may be cut without anybody being told. After state.sh.
# Arguments: the virtualenv's path; how many seconds to wait for the lock; the session's rank, which is less than
# that of a later session; whether the session holds other locks, 1 or 0.

# leave: who looks at the file for a moment later must not take it for ours.
leave() {
    essay_status=$?
    (: >"$essay_locks.deploy") || :
    essay_leave "$essay_status"
}

open_locks "$1"
# A session that holds locks and waits for an earlier one might be what that one waits for.
if [ "$4" = 1 ]; then
    wait_for_lock "$1" "$2" "$3"
else
    wait_for_lock "$1" "$2"
fi
own_lock "$essay_session" "$essay_owner" "$3"
trap leave EXIT
result locked "$1"
essay_quiet=0
while :; do
    sleep 1
    essay_quiet=$((essay_quiet + 1))
    [ "$essay_quiet" -lt 8 ] || fail lock-lost "no heartbeat came for 8 s"
done
