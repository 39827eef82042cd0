# shellcheck shell=sh disable=SC2154,SC2034
# What stays on a balancer until a switch is confirmed, and switches back when its time is over. Nobody is at the other
# end: it needs no connection. After processes.sh, nginx.sh, nginx-file.sh, nginx-reload.sh, nginx-note.sh.
# Arguments: the program, the main configuration or "-", the file to switch in or "-", the name of the switch.

bin=$1 conf=$2 wanted=$3 id=$4

find_program
find_conf
find_file
add_to_note "guard $$ $(begun "$$")"

# over: true when the switch is confirmed, or was taken back.
over() {
    [ "$(told id)" != "$id" ] || [ -n "$(told complete)" ]
}

# due: true when its time is over; a later one may have been told.
due() {
    [ "$(uptime_now)" -ge "$(last_told until)" ]
}

until over; do
    if ! due; then
        sleep 0.3
        continue
    fi
    lock_note "$id" || break
    if over; then break; fi
    if due; then
        from=$(told from) to=$(told to)
        note_now
        note_in
        put_back
        noted "nobody confirmed the switch to $to in time"
        serve "$from is served again"
        forget_note
        break
    fi
    exec 9<&-
done
