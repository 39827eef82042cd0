# shellcheck shell=sh disable=SC2154
# Points an nginx from one name to another, a phase at a time. $1 is the phase:
#   look     says what there is and changes nothing
#   edit     $7 $8: puts the new text in place and lets nginx -t judge it; a text that fails is taken back
#   reload   makes nginx read it, and sees new workers
#   undo     $7 $8 $9: the old text comes back; where $9 is "reloaded", nginx reads it again
#   keep     the switch is complete: the old text goes
# $2 program, $3 main configuration or "-", $4 file to switch in or "-", $5 and $6 the names from and to,
# $7 and $8 the checksums of the file as `look` saw it and as it is to become.
# After nginx.sh, nginx-names.sh and nginx-reload.sh.
#
# The old text stays beside the file until the switch is complete. It has a hidden name, which a pattern such
# as `include sites-enabled/*` does not match.

phase=$1 bin=$2 conf=$3 wanted=$4 from=$5 to=$6 sum=${7-} after=${8-}

may_write() {
    if [ ! -w "$file" ] || [ ! -w "$folder" ]; then
        give_up permission-denied "$(id -un) may not write $file and its folder; see \"become\""
    fi
    owner=$(stat -c %u "$file")
    if [ "$(id -u)" != 0 ] && [ "$(id -u)" != "$owner" ]; then
        give_up permission-denied "$file belongs to another account than $(id -un), which could not keep its owner; see \"become\""
    fi
}

look() {
    read_file
    may_write
    read_configuration
    is_included
    find_master
    may_signal
    loaded=$(is_loaded)
    [ -n "$loaded" ] || give_up nginx-not-running "the nginx of $conf has no worker processes"
    result file "$wanted"
    result state "$state"
    result places "$places"
    result loaded "$loaded"
    result sum "$(checksum "$file")"
    if [ -e "$old" ]; then result leftover yes; fi
    if [ "$state" = to ]; then result after "$(checksum "$file")"; else
        result after "$(new_text | cksum | tr ' ' '-')"
    fi
}

# A copy in every respect: owner, mode, times.
copy() {
    rm -f "$2"
    cp -a "$1" "$2"
    if [ "$(stat -c %u:%g:%a "$1")" != "$(stat -c %u:%g:%a "$2")" ]; then
        rm -f "$2"
        fail permission-denied "$(id -un) cannot keep owner and mode of $1; see \"become\""
    fi
}

edit() {
    [ "$(checksum "$file")" = "$sum" ] ||
        fail conf-changed "$wanted was changed by someone else just now; nothing was done to it"
    if [ "$sum" != "$after" ]; then
        copy "$file" "$new"
        mv -f "$new" "$old"
        copy "$file" "$new"
        new_text >"$new"
        if [ "$(checksum "$new")" != "$after" ]; then
            rm -f "$new" "$old"
            fail conf-changed "$wanted was changed by someone else just now; nothing was done to it"
        fi
        mv -f "$new" "$file"
    fi
    if ! "$bin" -c "$conf" -t; then
        if [ ! -e "$old" ]; then
            fail nginx-test-failed "nginx -t finds fault with $conf"
        fi
        mv -f "$old" "$file"
        fail nginx-test-failed "nginx -t finds fault with $to in $wanted, which has its old text again"
    fi
}

undo() {
    rm -f "$new"
    [ -e "$old" ] || return 0
    now=$(checksum "$file")
    if [ "$sum" != "$after" ] && [ "$(checksum "$old")" != "$sum" ]; then
        return 0 # left by another run; this one had not begun
    elif [ "$now" = "$after" ]; then
        mv -f "$old" "$file"
    elif [ "$now" = "$sum" ]; then
        rm -f "$old"
        return 0
    else
        fail conf-changed "$wanted was changed by someone else meanwhile; the text from before is in $old"
    fi
    result restored yes
    if [ "$9" = reloaded ]; then
        read_configuration
        find_master
        reload
        result reloaded yes
    fi
}

keep() {
    rm -f "$old"
}

find_program
find_conf
find_file
case $phase in
    look) look ;;
    edit) edit ;;
    reload)
        read_configuration
        find_master
        reload
        # shellcheck disable=SC2119
        note_in
        noted "$to is served"
        ;;
    undo)
        undo "$@"
        if [ -n "${number-}" ]; then
            note_in
            noted "$from is served again"
        fi
        ;;
    keep) keep ;;
esac
