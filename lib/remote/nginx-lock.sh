# shellcheck shell=sh disable=SC2154
# The lock of an nginx: who switches, starts, stops or reloads it is alone with it. It is one of the folder of the main
# configuration, and leaves nothing behind; a text in it says who has it, where that folder may be written. After hold.sh,
# for lock_nginx, and nginx.sh.

# find_lock: the folder, $locked, and the file with the text, $who; after find_conf.
find_lock() {
    locked=$(readlink -f "$conf")
    locked=${locked%/*}
    who=$locked/.essay-lock
    [ -r "$locked" ] || fail permission-denied "cannot read the folder $locked as $(id -un)"
}

# is_locked: true when another script has it.
is_locked() (
    find_lock
    exec 6<"$locked"
    ! take_lock "$locked" 6
)

give_back() {
    rm -f "$who" 2>/dev/null
}

# lock_nginx: takes the lock, on descriptor 7, until the script ends; waits $essay_wait seconds for another one. Some look
# at it for a moment only (is_locked), so the first tries come soon after each other.
lock_nginx() {
    find_lock
    exec 7<"$locked"
    tries=0
    until take_lock "$locked" 7; do
        [ "$tries" -lt "$((essay_wait + 3))" ] ||
            fail locked "the nginx of $conf is locked by $(cat "$who" 2>/dev/null || echo "another run")"
        if [ "$tries" -lt 3 ]; then sleep 0.1; else sleep 1; fi
        tries=$((tries + 1))
    done
    trap essay_let_go EXIT
    (printf '%s\n' "$essay_owner (since $(date -u +%Y-%m-%dT%H:%M:%SZ))" >"$who") 2>/dev/null || :
}
