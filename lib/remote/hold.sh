# shellcheck shell=sh disable=SC2154
# Holds what a script has taken for as long as heartbeats come: without them it ends after 8 s, as a connection may be cut
# without anybody being told. The script defines give_back, which is called at its end, whatever its reason.

essay_let_go() {
    essay_status=$?
    give_back || :
    essay_leave "$essay_status"
}

# hold WHAT: says that it is held, and does not return.
hold() {
    trap essay_let_go EXIT
    result locked "$1"
    essay_quiet=0
    while :; do
        sleep 1
        essay_quiet=$((essay_quiet + 1))
        [ "$essay_quiet" -lt 8 ] || fail lock-lost "no heartbeat came for 8 s"
    done
}
