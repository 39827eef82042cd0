# shellcheck shell=sh disable=SC2154
# Points an nginx from one name to another, a phase at a time. Arguments: the phase; the program; the main configuration or
# "-"; the file to switch in or "-"; the names from and to, "-" where only a note is looked for; then
#   look                     says what there is and changes nothing; where there is a note, what is in it and no more
#   edit SUM AFTER ID SECONDS BY READERS LABEL...
#                            writes the note, puts the new text in place and lets nginx -t judge it; a text that fails is
#                            taken back. SUM and AFTER: the checksums of the file as `look` saw it and as it is to become.
#                            SECONDS: 0, or the time in which the switch must be confirmed, and then the payload is the
#                            program of nginx-guard.sh. READERS: the workers that have read the file, as `look` saw
#                            them, or nothing. LABEL: the balancers that are switched together
#   reload ID                makes nginx read it, and sees new workers
#   hold ID SECONDS          the time for confirming begins anew
#   commit ID                notes that all balancers are switched: from now on nobody goes back
#   keep ID                  the switch is complete: note and old text go
#   undo ID HOW              the old text comes back; where HOW is "reload", nginx reads it again
#   drain                    waits until no worker of an earlier configuration is left
# After processes.sh, nginx.sh, nginx-lock.sh, nginx-file.sh, nginx-names.sh, nginx-loaded.sh, nginx-reload.sh,
# nginx-note.sh.

phase=$1 bin=$2 conf=$3 wanted=$4 from=$5 to=$6
shift 6

may_write() {
    if [ ! -w "$file" ] || [ ! -w "$folder" ]; then
        give_up permission-denied "$(id -un) may not write $file and its folder; see \"become\""
    fi
    owner=$(stat -c %u "$file")
    if [ "$(id -u)" != 0 ] && [ "$(id -u)" != "$owner" ]; then
        give_up permission-denied "$file belongs to another account than $(id -un), which could not keep its owner; see \"become\""
    fi
}

look_at_note() {
    may_write
    for name in id from to by; do result "note-$name" "$(told "$name")"; done
    told of | while IFS= read -r label; do result note-of "$label"; done
    [ -z "$(told complete)" ] || result note-complete yes
    result note-left "$(seconds_left)"
}

look() {
    result file "$wanted"
    if [ -e "$note" ]; then
        look_at_note
        return
    fi
    [ "$from" != - ] || return 0
    read_file
    may_write
    read_configuration " as it stands, before any change"
    is_included
    find_master
    may_signal
    loaded=$(is_loaded)
    [ -n "$loaded" ] || give_up nginx-not-running "the nginx of $conf has no worker processes"
    result state "$state"
    result places "$places"
    result loaded "$loaded"
    [ "$loaded" != yes ] || result readers "$(readers)"
    sum=$(checksum <"$file")
    result sum "$sum"
    if [ "$state" = from ]; then sum=$(new_text | checksum); fi
    result after "$sum"
}

# need_lock: fails when the run that we belong to has lost its lock: its heartbeats have not come for some time.
need_lock() {
    is_locked ||
        fail lock-lost "the lock of the nginx of $conf was lost before $wanted was edited; nothing was done to it"
    [ ! -e "$note" ] || fail locked "another switch of $wanted has begun meanwhile; nothing was done to it"
}

# write_note SUM AFTER ID SECONDS BY READERS LABEL...
write_note() {
    {
        printf 'essay-switch 1\nid %s\nfrom %s\nto %s\nbefore %s\nafter %s\n' "$3" "$from" "$to" "$1" "$2"
        printf 'by %s\nat %s\n' "$5" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
        [ "$4" = 0 ] || printf 'until %s\n' "$(($(uptime_now) + $4))"
        [ -z "$6" ] || printf 'read %s\n' "$6"
        shift 6
        printf 'of %s\n' "$@"
    } >"$note.new"
    mv -f "$note.new" "$note"
}

# In a session of its own, so that it outlives this one, whatever its end. It says in the note that it runs.
start_guard() {
    # shellcheck disable=SC2016 # for the other shells
    set -- sh -c 'sh -c "p=\$(cat \"\$1\") && eval \"\$p\"" "$0" "$1" >/dev/null 2>&1 &' "essay-guard: back to $from" "$payload"
    if command -v setsid >/dev/null; then
        daemon setsid "$@"
    else
        daemon python3 -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' "$@"
    fi
    tries=0
    until [ -n "$(told guard)" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 50 ]; then
            forget_note
            fail no-guard "the process that is to switch back did not start"
        fi
        sleep 0.1
    done
}

# taken_back: the old text is there again, and nginx had not read another one since.
taken_back() {
    [ -z "$restored" ] || [ -z "$(told read)" ] || note_readers "$(told before)" "$(told read)"
    forget_note
}

# edit SUM AFTER ID SECONDS BY READERS LABEL...
edit() {
    need_lock
    changed="$wanted was changed by someone else just now; nothing was done to it"
    [ "$(checksum <"$file")" = "$1" ] || fail conf-changed "$changed"
    copy "$file" "$new"
    mv -f "$new" "$old"
    write_note "$@"
    [ "$4" = 0 ] || start_guard
    lock_note "$3" || fail switched-back "the time for confirming was over before $wanted was edited"
    if [ "$1" != "$2" ]; then
        copy "$file" "$new"
        new_text >"$new"
        if [ "$(checksum <"$new")" != "$2" ]; then
            forget_note
            fail conf-changed "$changed"
        fi
        mv -f "$new" "$file"
        rm -f "$known"
    fi
    if ! "$bin" -c "$conf" -t; then
        put_back
        taken_back
        [ -n "$restored" ] || fail nginx-test-failed "nginx -t finds fault with $conf"
        fail nginx-test-failed "nginx -t finds fault with $to in $wanted, which has its old text again"
    fi
}

# undo ID HOW
undo() {
    lock_note "$1" || return 0
    from=$(told from)
    put_back
    [ -z "$restored" ] || result restored yes
    if [ "$2" = reload ]; then
        serve "$from is served again"
        result reloaded yes
        forget_note
    else
        taken_back
    fi
}

# drain: the workers that end only when their last client has gone.
drain() {
    read_configuration ""
    find_master
    while old_workers | grep -q .; do sleep 0.2; done
}

find_program
find_conf
find_file
case $phase in
    look) look ;;
    edit) edit "$@" ;;
    reload)
        need_note "$1"
        [ "$(checksum <"$file")" = "$(told after)" ] ||
            fail conf-changed "$wanted was changed by someone else meanwhile; the text from before is in $old"
        serve "$(told to) is served"
        ;;
    hold)
        need_note "$1"
        add_to_note "until $(($(uptime_now) + $2))"
        ;;
    commit)
        need_note "$1"
        add_to_note "complete yes"
        ;;
    keep) if lock_note "$1"; then forget_note; fi ;;
    undo) undo "$@" ;;
    drain) drain ;;
esac
