# shellcheck shell=sh disable=SC2154,SC2034
# The note of a switch that is under way, $note, and the text from before it, $old, beside the file that is edited; after
# nginx-file.sh. Both have hidden names, which a pattern such as `include sites-enabled/*` does not match. There is a
# note from before the file is touched until the switch is complete or undone. es-nginx-switch(1) describes its lines;
# of several with one name the last one counts, except for "of".

# told NAME: prints the values of a name in the note.
told() {
    [ ! -e "$note" ] || sed -n "s/^$1 //p" "$note"
}

# last_told NAME: prints the value that counts.
last_told() {
    told "$1" | tail -n 1
}

# add_to_note LINE: in one write, to the end.
add_to_note() {
    printf '%s\n' "$1" >>"$note"
}

# Seconds since this host was started: a clock that nobody sets.
uptime_now() {
    read -r essay_uptime _ </proc/uptime
    echo "${essay_uptime%%.*}"
}

# lock_note ID: from here to the end of the script nobody else works on the switch ID. False when there is no such
# switch, or no more: it is complete, or undone.
lock_note() {
    [ "$(told id)" = "$1" ] || return 1
    exec 9<"$note"
    tries=0
    # A reload may take $patience seconds.
    until take_lock "$folder" 9; do
        tries=$((tries + 1))
        [ "$tries" -le 250 ] || fail locked "another script has been working on $wanted for long"
        sleep 0.2
    done
    [ "$(told id)" = "$1" ]
}

# need_note ID: the same; fails.
need_note() {
    lock_note "$1" ||
        fail switched-back "the switch of $wanted was taken back meanwhile, as it was not confirmed in time or by another run"
}

# The seconds until the switch of the note goes back by itself; nothing when no process is there to do it.
seconds_left() {
    guard=$(last_told guard)
    [ -n "$guard" ] && [ "$(begun "${guard% *}")" = "${guard#* }" ] || return 0
    left=$(($(last_told until) - $(uptime_now)))
    [ "$left" -ge 0 ] || left=0
    echo "$left"
}

# is_unfinished: true where a switch of the file has not come to its end, and may be taken back; $unfinished names it.
is_unfinished() {
    [ -e "$note" ] && [ -z "$(told complete)" ] || return 1
    unfinished="a switch of $wanted to $(told to) ($(told by))"
}

# refuse_unfinished: fails where such a switch waits for confirmation, or was cut short.
refuse_unfinished() {
    is_unfinished || return 0
    left=$(seconds_left)
    [ -z "$left" ] ||
        fail unconfirmed "$unfinished waits for confirmation, and goes back by itself in $left s: run es-nginx-switch --confirm-now or --recover, or wait"
    fail cut-short "$unfinished was cut short: run es-nginx-switch --recover"
}

# copy FROM TO: in every respect, owner, mode and times.
copy() {
    rm -f "$2"
    cp -a "$1" "$2"
    if [ "$(stat -c %u:%g:%a "$1")" != "$(stat -c %u:%g:%a "$2")" ]; then
        rm -f "$2"
        fail permission-denied "$(id -un) cannot keep owner and mode of $1; see \"become\""
    fi
}

# put_back: the text from before comes back, where it is not there yet; $restored says so.
# shellcheck disable=SC2034 # for the scripts
put_back() {
    restored=
    case $(checksum <"$file") in
        "$(told before)") return 0 ;;
        "$(told after)") ;;
        *) fail conf-changed "$wanted was changed by someone else meanwhile; the text from before is in $old; put in $wanted what is to be served, then take away $note" ;;
    esac
    copy "$old" "$new"
    mv -f "$new" "$file"
    restored=yes
}

# forget_note: the switch is complete, or undone.
forget_note() {
    rm -f "$note"
    rm -f "$old" "$new"
}
