# shellcheck shell=sh disable=SC2154
# The supervisord of a virtualenv and its processes. After state.sh.
# Arguments: the verb; the virtualenv, which may begin with ~/; the process or group that is meant, or -; the
# seconds that there are. For up and reload, whose payload is the configuration, also: a user name and a
# password, which stand in the configuration; the ports, a line "NAME PORT" for each process; a .netrc or -;
# and, where there is a package index, the flags of pip that name it. For tail also: a number of lines, or -
# for following.
#
#   VENV/etc/supervisord.conf   the configuration
#   VENV/.essay/credentials     the user name and the password, kept for ever
#   VENV/.essay/ports           the ports of its processes
#   VENV/.essay/started         the generation of the virtualenv, and the checksum of the configuration, that
#                               all processes are known to run; not there while a start is unfinished
#
# What runs under supervisord is told by an entry of its environment, ESSAY_SUPERVISED, and by descent.
# supervisorctl's exit status means little (it is 0 for a process that is about to die), and is not looked at.

verb=$1
venv=$2
target=$3
deadline=$(($(date +%s) + $4))
shift 4

case $venv in \~/*) venv=$HOME/${venv#\~/} ;; esac
conf=$venv/etc/supervisord.conf
kept=$venv/.essay
scratch
processes=$essay_scratch/processes

find_supervisorctl() {
    supervisorctl=$venv/bin/supervisorctl
    [ -x "$supervisorctl" ] || supervisorctl=$(command -v supervisorctl) || supervisorctl=
}

ctl() {
    "$supervisorctl" -c "$conf" "$@" 2>&1 </dev/null || :
}

# look: the state of each process, a line "NAME STATE PID WORDS" in $processes; false when nobody answers.
look() {
    : >"$processes"
    [ -n "$supervisorctl" ] && [ -f "$conf" ] || return 1
    ctl status | while read -r name state words; do
        pid=-
        case $state in
            RUNNING)
                pid=${words#pid }
                pid=${pid%%,*}
                ;;
            STOPPED | STARTING | BACKOFF | STOPPING | EXITED | FATAL | UNKNOWN) ;;
            *) continue ;;
        esac
        printf '%s %s %s %s\n' "$name" "$state" "$pid" "$words"
    done >"$processes"
    [ -s "$processes" ]
}

# begun PID: when it began, in the kernel's ticks; false when it has ended. A pid is given again; a pid with
# its beginning is not.
begun() {
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # shellcheck disable=SC2086 # fields
    set -- ${stat##*) }
    case $1 in Z | X) return 1 ;; esac
    printf '%s\n' "${20}"
}

# family PID: it and all that descend from it.
family() {
    printf '%s\n' "$1"
    # shellcheck disable=SC2013 # words
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do family "$child"; done
}

# with_beginning: pids from stdin, each once, as PID:BEGUN, without those that have ended.
with_beginning() {
    sort -un | while read -r pid; do
        if at=$(begun "$pid"); then printf '%s:%s\n' "$pid" "$at"; fi
    done
}

# alive ENTRY...: those of PID:BEGUN that have not ended.
alive() {
    for entry; do
        if at=$(begun "${entry%:*}") && [ "$at" = "${entry#*:}" ]; then printf '%s\n' "$entry"; fi
    done
}

marked() {
    grep -l -F -e "ESSAY_SUPERVISED=$(cd -P "$venv" && pwd -P)/.essay" /proc/[0-9]*/environ 2>/dev/null |
        cut -d/ -f3
}

# daemons: the pids of supervisord: the one that answers, and those of ours that do not.
daemons() {
    if [ -n "$supervisorctl" ] && [ -f "$conf" ]; then ctl pid | grep -x '[0-9][0-9]*' || :; fi
    for pid in $(marked); do
        if ! grep -q -F -e SUPERVISOR_ENABLED=1 "/proc/$pid/environ" 2>/dev/null; then printf '%s\n' "$pid"; fi
    done
}

# everything: supervisord, what runs under it, and what is left of earlier ones, as PID:BEGUN.
everything() {
    for pid in $(daemons; marked); do family "$pid"; done | with_beginning
}

in_time() { [ "$(date +%s)" -lt "$deadline" ]; }

# signal NAME ENTRY...
signal() {
    signal=$1
    shift
    for entry in $(alive "$@"); do kill -"$signal" "${entry%:*}" 2>/dev/null || :; done
}

# gone TENTHS ENTRY...: waits so long until all have ended; false when some have not.
gone() {
    tenths=$1
    shift
    while [ -n "$(alive "$@")" ]; do
        [ "$tenths" -gt 0 ] || return 1
        tenths=$((tenths - 1))
        sleep 0.1
    done
}

# end_rest ENTRY...: ends what supervisord did not end, such as the children of a shell that it ended.
end_rest() {
    gone 10 "$@" || {
        signal TERM "$@"
        gone 100 "$@" || signal KILL "$@"
        gone 50 "$@" || fail stop-failed "not to be ended: processes $(alive "$@" | cut -d: -f1 | tr '\n' ' ')"
    }
}

# stop_all: ends supervisord and everything under it, and waits until all that is really gone.
stop_all() {
    rm -f "$kept/started"
    # shellcheck disable=SC2046 # lists of words
    set -- $(everything)
    leaders=$(daemons | with_beginning)
    # shellcheck disable=SC2086
    signal TERM $leaders
    # supervisord itself kills what takes longer than its stopwaitsecs.
    # shellcheck disable=SC2086
    until gone 10 $leaders; do
        in_time || fail stop-failed "supervisord did not end in time; --timeout gives it longer"
    done
    # shellcheck disable=SC2046
    end_rest "$@" $(everything)
}

# substitute_credentials: the configuration with the kept credentials in it, in the file $rendered.
substitute_credentials() {
    rendered=$essay_scratch/rendered
    user=$1
    password=$2
    if [ -s "$kept/credentials" ]; then
        read -r user password <"$kept/credentials"
    elif [ "$essay_plan" = 0 ]; then
        mkdir -p "$kept"
        (umask 077 && printf '%s %s\n' "$user" "$password" >"$kept/credentials.new")
        mv -f "$kept/credentials.new" "$kept/credentials"
    fi
    (
        umask 077
        printf 's/%s/%s/g\n' "$1" "$user" "$2" "$password" >"$essay_scratch/substitute"
        sed -f "$essay_scratch/substitute" "$payload" >"$rendered"
    )
}

checksum() {
    sha256sum <"$1" | cut -d' ' -f1
}

# difference: why all must be started anew; nothing when all is as it should be.
difference() {
    if [ ! -f "$conf" ]; then
        echo "first start"
    elif ! cmp -s "$rendered" "$conf"; then
        echo "new configuration"
    elif [ ! -s "$kept/started" ]; then
        echo "an earlier start was cut short"
    elif [ "$(cat "$kept/started")" != "$(generation_of "$venv") $(checksum "$conf")" ]; then
        echo "the virtualenv has changed"
    elif ! look; then
        echo "it did not run"
    fi
}

# find_supervisord [FLAG...]: the virtualenv's own; otherwise it is installed there from the index that the
# flags of pip name; otherwise the system's.
find_supervisord() {
    netrc=$1
    shift
    supervisord=$venv/bin/supervisord
    python=$venv/bin/python
    [ ! -x "$supervisord" ] || return 0
    if [ $# -gt 0 ] && install_supervisor "$@" && [ -x "$supervisord" ]; then
        result change "supervisor installed"
    else
        supervisord=$(PATH=$PATH:/usr/local/bin:/usr/bin command -v supervisord) ||
            fail no-supervisor "neither $venv nor the system nor an index has supervisor: put it on the index, or install the system's package"
        python=$(sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$supervisord")
    fi
    find_supervisorctl
}

install_supervisor() {
    if [ "$netrc" != - ]; then
        (umask 077 && printf '%s' "$netrc" >"$essay_scratch/netrc")
        NETRC=$essay_scratch/netrc
        export NETRC
    fi
    PIP_CONFIG_FILE=/dev/null "$venv/bin/python" -m pip install "$@" supervisor >&2
}

# write_conf: puts the configuration beside the old one, and has supervisord's own parser look at it.
write_conf() {
    for directory in etc logs tmp; do
        mkdir -p "$venv/$directory" || fail permission-denied "cannot make $venv/$directory"
    done
    # Never longer readable by others than an older copy was.
    rm -f "$conf.new"
    (umask 077 && cat "$rendered" >"$conf.new") || fail conf-failed "cannot write $conf.new"
    [ -x "$python" ] || return 0
    if ! (cd "$venv" && "$python" - -c "$conf.new") <<'PYTHON' 2>"$essay_scratch/objections"; then
import sys
from supervisor.options import ServerOptions

ServerOptions().realize(sys.argv[1:], doc="")
PYTHON
        cat "$essay_scratch/objections" >&2
        why=$(sed -n 's/^Error: //p' "$essay_scratch/objections" | head -n 1)
        fail conf-failed "supervisord does not accept the configuration: ${why:-it gives no reason}"
    fi
}

# start_supervisord: as in an activated virtualenv, and with nothing of the way by which we came here.
start_supervisord() {
    (
        cd "$venv" || exit 1
        unset LC_ALL SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK SUDO_COMMAND SUDO_USER SUDO_UID SUDO_GID
        ESSAY_SUPERVISED=$(pwd -P)/.essay
        VIRTUAL_ENV=$venv
        PATH=$venv/bin:$PATH
        export ESSAY_SUPERVISED VIRTUAL_ENV PATH
        daemon "$supervisord" -c "$conf"
    ) >"$essay_scratch/start" 2>&1 || {
        cat "$essay_scratch/start" >&2
        why=$(sed -n 's/^Error: //p' "$essay_scratch/start" | head -n 1)
        fail start-failed "supervisord did not start: ${why:-$(tail -n 1 "$essay_scratch/start")}"
    }
}

# broken NAME STATE WORDS: fails, with the end of the process's log.
broken() {
    for channel in stdout stderr; do ctl tail -3000 "$1" "$channel"; done |
        grep -v '^[^ ]*: ERROR (' >"$essay_scratch/log" || :
    cat "$essay_scratch/log" >&2
    last=$(grep -v '^[[:space:]]*$' "$essay_scratch/log" | tail -n 1 | cut -c 1-300)
    fail process-failed "$1 is $2${3:+ ($3)}${last:+; its log ends: $last}"
}

# wait_running NAME...: until all of these are RUNNING, which means past their startsecs, and still are at a
# second look, for those whose startsecs are 0. A process is STOPPED, not yet started, in a daemon's first
# moment, and EXITED for a moment before it is started again.
wait_running() {
    before=none
    exited=0
    while :; do
        look || [ -n "$(daemons)" ] || fail start-failed "supervisord has ended: $(tail -n 1 "$venv/logs/supervisord.log" 2>/dev/null)"
        pids=
        waiting=
        for wanted; do
            while read -r name state pid words; do
                [ "$name" = "$wanted" ] || continue
                pid=${pid#-}
                case $state in
                    RUNNING) pids="$pids $pid" ;;
                    STARTING | BACKOFF) waiting="$name $state $words" ;;
                    STOPPED)
                        [ "${words#- }" = "Not started" ] || broken "$name" "$state" "${words#- }"
                        waiting="$name $state $words"
                        ;;
                    EXITED)
                        exited=$((exited + 1))
                        [ "$exited" -lt 4 ] || broken "$name" "$state" "$words"
                        waiting="$name $state $words"
                        ;;
                    *) broken "$name" "$state" "$words" ;;
                esac
            done <"$processes"
        done
        if [ -z "$waiting" ] && [ "$pids" = "$before" ]; then return 0; fi
        before=$pids
        if ! in_time; then
            # shellcheck disable=SC2086
            set -- $waiting
            broken "${1:-supervisord}" "${2:-unreachable}" "not RUNNING in time; --timeout gives it longer"
        fi
        sleep 0.3
    done
}

# automatic: the names of the processes that supervisord starts by itself.
automatic() {
    if grep -q -v '^[^ ]* RUNNING ' "$processes"; then
        ctl avail | grep ' manual  *[0-9]' | cut -d' ' -f1 >"$essay_scratch/manual" || :
    else
        : >"$essay_scratch/manual"
    fi
    while read -r name _; do
        if ! grep -q -x -F -e "$name" "$essay_scratch/manual"; then printf '%s\n' "$name"; fi
    done <"$processes"
}

# in_state STATES NAME...: those of the names that are in one of the states, which | separates.
in_state() {
    states=$1
    shift
    for wanted; do
        while read -r name state _; do
            case "|$states|" in *"|$state|"*) [ "$name" != "$wanted" ] || printf '%s\n' "$name" ;; esac
        done <"$processes"
    done
}

idle='STOPPED|EXITED|FATAL|UNKNOWN'

# start_idle NAME...: starts those that do not run and waits for all.
start_idle() {
    for one in $(in_state "$idle" "$@"); do
        if change "$one started"; then ctl start "$one" >&2; fi
    done
    # What is RUNNING already was seen to be so.
    if [ -n "$(in_state "$idle|STARTING|BACKOFF|STOPPING" "$@")" ] && [ "$essay_plan" = 0 ]; then wait_running "$@"; fi
}

# stop_one NAME: and waits until it and what it has started are gone.
stop_one() {
    pid=$(while read -r name _ pid _; do [ "$name" != "$1" ] || printf '%s\n' "${pid#-}"; done <"$processes")
    one=$1
    # shellcheck disable=SC2046
    set -- $([ -z "$pid" ] || family "$pid" | with_beginning)
    ctl stop "$one" >&2
    while look && [ -z "$(in_state "$idle" "$one")" ]; do
        in_time || fail stop-failed "$one did not stop in time; --timeout gives it longer"
        sleep 0.2
    done
    end_rest "$@"
}

up() {
    refuse_marked "$venv"
    lock_venv "$venv"
    substitute_credentials "$1" "$2"
    ports=$3
    shift 3
    why=$(difference)
    if [ "$verb" = reload ] && [ -z "$why" ]; then why=reload; fi
    if [ -z "$why" ]; then
        # shellcheck disable=SC2046
        start_idle $(automatic)
        return
    fi
    if [ "$essay_plan" = 1 ]; then
        change "supervisord started ($why)" || look || :
        return
    fi
    find_supervisord "$@"
    write_conf
    change "supervisord started ($why)"
    stop_all
    mv -f "$conf.new" "$conf"
    printf '%s\n' "$ports" >"$kept/ports"
    start_supervisord
    until look; do
        [ -n "$(daemons)" ] || fail start-failed "supervisord has ended: $(tail -n 1 "$venv/logs/supervisord.log" 2>/dev/null)"
        in_time || fail start-failed "supervisord does not answer: $(ctl status | tail -n 1)"
        sleep 0.2
    done
    # shellcheck disable=SC2046
    wait_running $(automatic)
    printf '%s %s\n' "$(generation_of "$venv")" "$(checksum "$conf")" >"$kept/started.new"
    mv -f "$kept/started.new" "$kept/started"
}

# meant: the names of the processes that are meant, in $names; all with a target of -.
meant() {
    look || fail not-running "no supervisord runs in $venv: es-supervisor up starts it"
    names=$(while read -r name _; do
        case $target in
            - | "$name" | "${name%%:*}" | "${name%%:*}:*" | "${name#*:}") printf '%s\n' "$name" ;;
        esac
    done <"$processes")
    [ -n "$names" ] ||
        fail no-process "there is no process or group $target; there are $(cut -d' ' -f1 "$processes" | tr '\n' ' ' | sed 's/ $//')"
}

shut_down() {
    lock_venv "$venv"
    [ -n "$(everything)" ] || return 0
    if change "supervisord shut down"; then stop_all; fi
    : >"$processes"
}

# tail_logs LINES: the ends of the logs on stderr; - follows them.
tail_logs() {
    following=
    for name in $names; do
        for channel in stdout stderr; do
            end=$(ctl tail "-$((${1#-} * 300 + 1))" "$name" "$channel")
            case $end in "$name: ERROR ("*) continue ;; esac
            if [ "$1" = - ]; then
                ctl tail -f "$name" "$channel" | while IFS= read -r line; do
                    case $line in "==> Press Ctrl-C"*) continue ;; esac
                    printf '%s| %s\n' "$name" "$line" >&2
                done &
                following="$following $!"
            else
                printf '%s\n' "$end" | tail -n "$1" | while IFS= read -r line; do
                    printf '%s| %s\n' "$name" "$line" >&2
                done
            fi
        done
    done
    for pid in $following; do wait "$pid" || :; done
}

# report: a result for each process: name, state, pid, port.
report() {
    while read -r name state pid _; do
        port=-
        if [ -f "$kept/ports" ]; then
            while read -r one number; do
                if [ "$one" = "${name#*:}" ]; then port=$number; fi
            done <"$kept/ports"
        fi
        result process "$name $state $pid $port"
    done <"$processes"
}

: >"$processes"
if [ ! -x "$venv/bin/python" ]; then
    if [ "$essay_plan" = 1 ] && [ "$verb" = up ]; then
        change "supervisord started (first start)" || exit 0
    fi
    fail no-venv "there is no virtualenv $venv: run es-venv first"
fi
find_supervisorctl
result path "$venv"

case $verb in
    up | reload) up "$@" ;;
    shutdown) shut_down ;;
    start)
        refuse_marked "$venv"
        lock_venv "$venv"
        meant
        # shellcheck disable=SC2086
        start_idle $names
        ;;
    stop)
        lock_venv "$venv"
        # Where nothing runs, all is stopped.
        [ -n "$(everything)" ] || exit 0
        meant
        # shellcheck disable=SC2086
        for one in $(in_state 'RUNNING|STARTING|BACKOFF|STOPPING' $names); do
            if change "$one stopped"; then stop_one "$one"; fi
        done
        ;;
    restart)
        refuse_marked "$venv"
        lock_venv "$venv"
        meant
        # One after the other, so that the others go on serving.
        for one in $names; do
            if change "$one restarted"; then
                look || :
                stop_one "$one"
                ctl start "$one" >&2
                wait_running "$one"
            fi
        done
        ;;
    status) look || : ;;
    tail)
        meant
        tail_logs "$1"
        ;;
esac
report
