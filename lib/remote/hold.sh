# shellcheck shell=sh disable=SC2154
# Holds what a script has taken until the other side wants it no more, or gives no sign of life. The script defines
# give_back, which is called at its end, whatever its reason.

essay_let_go() {
    essay_status=$?
    give_back || :
    essay_leave "$essay_status"
}

# hold WHAT: says that it is held, and lasts until watcher or clock end the script.
hold() {
    trap essay_let_go EXIT
    result locked "$1"
    while :; do
        # It must not have the locks, lest they outlive us.
        sleep 86400 3>&- 7>&- 9>&- &
        wait "$!" || :
    done
}
