# shellcheck shell=sh disable=SC2154
# Holds the lock of a virtualenv for a session, whose heartbeats must come: without them it ends after 8 s, as a
# connection may be cut without anybody being told. After state.sh.
# Arguments: the virtualenv's path, and how many seconds to wait for the lock.

open_locks "$1"
wait_for_lock "$1" "$2"
own_lock "$essay_session" "$essay_owner"
result locked "$1"
essay_quiet=0
while :; do
    sleep 1
    essay_quiet=$((essay_quiet + 1))
    [ "$essay_quiet" -lt 8 ] || fail lock-lost "no heartbeat came for 8 s"
done
