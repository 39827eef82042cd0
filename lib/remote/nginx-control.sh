# shellcheck shell=sh disable=SC2154,SC2034
# Starts, stops, reloads or tests an nginx. After processes.sh, systemd.sh, hold.sh, nginx.sh, nginx-lock.sh,
# nginx-file.sh, nginx-note.sh and nginx-reload.sh.
# Arguments: the verb; the program; the main configuration, or "-"; "drain" where stop is to let connections end; how many
# seconds there are.
#
# Results: change; said, what is so now; warning.

verb=$1 bin=$2 conf=$3 drain=$4 limit=$5

[ "$limit" -gt "$patience" ] || patience=$limit
deadline=$(($(date +%s) + limit))

# masters: both of them, while a new program comes in.
masters() {
    printf '%s\n' "$master" "$former" | sed '/^$/d'
}

# in_words LINES ONE MANY: "1 worker", "3 workers".
in_words() {
    count=$(printf '%s' "$1" | grep -c . || :)
    if [ "$count" = 1 ]; then echo "1 $2"; else echo "$count $3"; fi
}

# ended ENTRY...: waits for the end of processes; false when the time is over before. Those that are left are $left.
ended() {
    while left=$(alive "$@") && [ -n "$left" ]; do
        [ "$(date +%s)" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# left_over: their pids, in words.
left_over() {
    printf '%s\n' "$left" | cut -d : -f 1 | tr '\n' ' ' | sed 's/ $//'
}

# look: finds $master, $former and $sound; where something is to be done, nobody else does anything from here on. Where
# nginx -t finds fault, the main file itself has to tell where the pid is.
look() {
    find_program
    find_conf
    if [ "$verb" != test ] && [ "$essay_plan" = 0 ]; then lock_nginx; fi
    sound=1
    test_configuration || sound=
    [ -n "$sound" ] || cat "$conf" >"$essay_scratch/dump"
    find_running
}

# require_sound: gives up where nginx -t has found fault, and says what is served.
require_sound() {
    [ -z "$sound" ] || return 0
    if [ -z "$master" ]; then refuse_configuration "; nginx is not running"; fi
    refuse_configuration "; nginx goes on with what it has read before, in $(in_words "$(workers)" worker workers)"
}

# started_by SCOPE: prints the unit that is installed to start this program with this configuration.
started_by() {
    program=$(readlink -f "$(command -v "$bin")")
    commands_of '*nginx*' "$1" | while IFS=$essay_tab read -r name path arguments; do
        [ "$(readlink -f "$path")" = "$program" ] || continue
        case " $arguments" in
            *' -c '*)
                given=${arguments##*-c }
                given=${given%% *}
                ;;
            *) given=$(built_with conf-path) ;;
        esac
        if [ "$(readlink -f "$given")" = "$(readlink -f "$conf")" ]; then printf '%s\n' "$name"; fi
    done | head -n 1
}

# log_before: the size of the log that nginx is about to open.
log_before() {
    log=$(directive error_log)
    [ -n "$log" ] || log=$(built_with error-log-path)
    case $log in /*) ;; *) log=$prefix/$log ;; esac
    size_of "$log"
}

# start_failed SENTENCE
start_failed() {
    [ -z "$unit" ] || log_of_unit >&2 || :
    fail start-failed "$1"
}

# start_it: by its unit, otherwise by itself; nginx tells whether it could listen by its exit status.
start_it() {
    if [ -n "$unit" ]; then
        tell_unit start || start_failed "systemd could not start $unit"
        return
    fi
    [ "$(directive daemon)" != off ] ||
        fail nginx-foreground "$conf says daemon off: such an nginx is started by what watches over it, and not from here"
    daemon "$bin" -c "$conf" 2>"$essay_scratch/said" || {
        cat "$essay_scratch/said" >&2
        if was_denied; then
            fail permission-denied "$(id -un) may not do all that nginx needs for $conf; see \"become\""
        fi
        start_failed "nginx did not start with $conf"
    }
}

start() {
    look
    if [ -n "$master" ]; then
        find_master
        serving=$(workers)
        [ -n "$serving" ] || fail nginx-not-running "the nginx of $conf runs and has no worker that takes connections"
        result said "nginx runs already, with $(in_words "$serving" worker workers)"
        [ -n "$sound" ] || result warning "nginx -t finds fault with $conf as it is now"
        return
    fi
    require_sound
    find_unit started_by
    if ! change "nginx started${unit:+ by $unit}"; then return; fi
    log_from=$(log_before)
    start_it
    tries=0
    until find_running && [ -n "$master" ] && serving=$(workers) && [ -n "$serving" ] && ! children | grep -q starting; do
        tries=$((tries + 1))
        if [ "$tries" -gt "$((patience * 10))" ] || { [ -n "$master" ] && gave_up; }; then
            [ -z "$master" ] || new_log | tail -n 20 >&2
            start_failed "nginx was started with $conf, and $([ -n "$master" ] && echo "no worker of it" || echo "no process of it") stays"
        fi
        sleep 0.1
    done
    result said "$(in_words "$serving" 'worker serves' 'workers serve')"
}

stop() {
    look
    if [ -z "$master" ]; then
        result said "nginx is not running"
        return
    fi
    may_signal
    find_unit unit_of "$master"
    if ! change "nginx stopped${unit:+ by $unit}"; then return; fi
    # shellcheck disable=SC2046 # pids
    set -- $(masters)
    # shellcheck disable=SC2046 # entries
    set -- $(for pid; do family "$pid"; done | entries)
    if [ "$drain" = drain ]; then
        for pid in $(masters); do kill -QUIT "$pid" 2>/dev/null || :; done
        ended "$@" ||
            fail stop-failed "nginx takes no new connection, and process $(left_over) still serves those that it has; stop without --drain cuts them off"
    fi
    if [ -n "$unit" ]; then
        tell_unit stop || fail stop-failed "systemd could not stop $unit"
    elif [ "$drain" != drain ]; then
        for pid in $(masters); do kill -TERM "$pid" 2>/dev/null || :; done
    fi
    ended "$@" || fail stop-failed "process $(left_over) has not ended"
    find_running
    [ -z "$master" ] ||
        fail stop-failed "nginx stopped, and something else started it again: its master is process $master now"
    result said "nothing is served"
}

# refuse_switched: gives up where a switch of a file that nginx reads has not come to its end, as what would be read may be
# taken back.
refuse_switched() {
    files_read >"$essay_scratch/parts"
    while IFS= read -r wanted; do
        find_file
        refuse_unfinished
    done <"$essay_scratch/parts"
}

reload_it() {
    look
    find_master
    require_sound
    refuse_switched
    may_signal
    find_unit unit_of "$master"
    if ! change "nginx reloaded${unit:+ by $unit}"; then return; fi
    if [ -n "$unit" ]; then
        reload tell_unit reload
    else
        reload kill -HUP "$master"
    fi
    old=$(old_workers)
    result said "$number new $([ "$number" = 1 ] && echo 'worker serves' || echo 'workers serve')${old:+, $(in_words "$old" 'old one ends its connections' 'old ones end their connections')}"
}

# empty_patterns: the patterns of include that match no file; nginx takes that for well.
empty_patterns() {
    directives |
        sed -n 's/^[[:space:]]*include[[:space:]]\{1,\}\(.*[^[:space:]]\)[[:space:]]*$/\1/p' | tr -d "\"'" | sort -u |
        while IFS= read -r pattern; do
            case $pattern in
                *[*?[]*) ;;
                *) continue ;;
            esac
            case $pattern in /*) ;; *) pattern=${conf%/*}/$pattern ;; esac
            IFS=
            # shellcheck disable=SC2086 # a pattern
            set -- $pattern
            if [ ! -e "$1" ]; then printf '%s\n' "$pattern"; fi
        done
}

try() {
    look
    require_sound
    warnings=$(sed -n 's/^.*\[warn\] \([0-9]*#[0-9]*: \)*//p' "$essay_scratch/said")
    patterns=$(empty_patterns)
    result said "$conf is sound"
    [ -z "$warnings" ] || result warning "$warnings"
    [ -z "$patterns" ] || result warning "no file is there for include $(printf '%s' "$patterns" | tr '\n' ' ')"
}

# shellcheck disable=SC2119
note_in
case $verb in
    start) start ;;
    stop) stop ;;
    reload) reload_it ;;
    test) try ;;
esac
