# shellcheck shell=sh disable=SC2154
# The supervisord of a virtualenv and its processes. After state.sh, processes.sh, supervisord-rpc.sh and
# boot.sh.
# Arguments: the verb; the virtualenv, which may begin with ~/; the process or group that is meant, or - for all;
# "changed" in a dry run in which earlier steps would have changed the virtualenv, otherwise -; "rolling" where
# processes are to be restarted one by one, otherwise -; the seconds that there are. For up and reload, whose
# payload is the configuration, also: a user name and a password, which stand in the configuration; the ports, a
# line "NAME PORT" for each process; a .netrc or -; a proxy or -; and, where there is a package index, the flags of
# pip that name it. For tail also: a number of lines, or - for following.
#
#   VENV/etc/supervisord.conf   the configuration
#   VENV/.essay/credentials     the user name and the password, kept for ever
#   VENV/.essay/ports           the ports of its processes
#   VENV/.essay/started         the generation of the virtualenv, and the checksum of the configuration, that
#                               all processes are known to run; not there while a start is unfinished
#   VENV/.essay/active          is there when the group live is to run, too
#
# What runs under supervisord is told by an entry of its environment, ESSAY_SUPERVISED, and by descent.

verb=$1
venv=$2
target=$3
ahead=$4
rolling=$5
deadline=$(($(date +%s) + $6))
shift 6

expand_home "$venv"
venv=$expanded
conf=$venv/etc/supervisord.conf
kept=$venv/.essay
scratch
processes=$essay_scratch/processes
answering=
untouched=

# marked KIND: the pids of what says by its environment that it belongs here: of supervisord for "daemon", of
# what it has started for "child". (A grep may know no NUL, such as busybox's.)
marked() {
    "$venv/bin/python" -I -S - "$1" "$(real_path)" <<'PYTHON'
@supervisor-marked.py@
PYTHON
}

real_path() { (cd "$venv" && pwd -P); }

# daemons: the pids of supervisord: the one that answered, and those of ours that do not.
daemons() {
    [ -z "$answering" ] || printf '%s\n' "$answering"
    marked daemon
}

# everything: supervisord, what runs under it, and what is left of earlier ones, as entries.
everything() {
    for pid in $(daemons; marked child); do family "$pid"; done | entries
}

in_time() { [ "$(date +%s)" -lt "$deadline" ]; }

# end_rest ENTRY...: ends what supervisord did not end, such as the children of a shell that it ended.
end_rest() {
    gone 10 "$@" || put_down "$@"
}

# stop_all: ends supervisord and everything under it, and waits until all that is really gone.
stop_all() {
    take_away "$kept/started"
    # shellcheck disable=SC2046 # lists of words
    set -- $(everything)
    leaders=$(daemons | entries)
    # shellcheck disable=SC2086
    signal TERM $leaders
    # supervisord itself kills what takes longer than its stopwaitsecs.
    # shellcheck disable=SC2086
    until gone 10 $leaders; do
        in_time || fail stop-failed "supervisord did not end in time; --timeout gives it longer"
    done
    # shellcheck disable=SC2046
    end_rest "$@" $(everything)
    answering=
}

# substitute_credentials: the configuration with the kept credentials in it, in the file $rendered.
substitute_credentials() {
    rendered=$essay_scratch/rendered
    user=$1
    password=$2
    if [ -s "$kept/credentials" ]; then
        read -r user password <"$kept/credentials"
    elif [ "$essay_plan" = 0 ]; then
        make_directory "$kept"
        umask 077
        replace_line "$kept/credentials" "$user $password"
        umask 022
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

# difference: after look, why all must be started anew; nothing when all is as it should be.
difference() {
    if [ ! -f "$conf" ]; then
        echo "first start"
    elif ! cmp -s "$rendered" "$conf"; then
        echo "new configuration"
    elif [ -z "$answering" ]; then
        echo "it did not run"
    elif [ ! -s "$kept/started" ]; then
        echo "an earlier start was cut short"
    elif [ "$(cat "$kept/started")" != "$(generation_of "$venv") $(checksum "$conf")" ]; then
        echo "the virtualenv has changed"
    fi
}

# provide_supervisord NETRC PROXY [FLAG...]: the virtualenv's own; otherwise it is installed there from the index that
# the flags of pip name; otherwise the system's.
provide_supervisord() {
    netrc=$1
    proxy=$2
    shift 2
    if [ ! -x "$venv/bin/supervisord" ] && [ $# -gt 0 ] && install_supervisor "$@"; then
        change "supervisor installed"
    fi
    find_supervisord ||
        fail no-supervisor "neither $venv nor the system nor an index has supervisor: put it on the index, or install the system's package"
}

# In a shell of its own: what pip must not heed is not for supervisord's environment. Python itself compiles the small
# part of it and of setuptools that is used.
install_supervisor() (
    set_pip_apart "$netrc" "$proxy"
    "$venv/bin/python" -I -m pip install --no-compile "$@" supervisor >&2
)

# check_conf: has supervisord's own parser look at the new configuration, beside the old one, as paths in it may
# start there. Only a link is put there: no end of ours, however sudden, leaves its credentials behind.
check_conf() {
    for directory in etc logs tmp; do
        make_directory "$venv/$directory"
    done
    take_away "$conf.new"
    essay_why=$(ln -s "$rendered" "$conf.new" 2>&1) || refuse_writing "$conf" "$essay_why" write
    status=0
    (cd "$venv" && "$python" - -c "$conf.new") <<'PYTHON' 2>"$essay_scratch/objections" || status=$?
@supervisor-check-conf.py@
PYTHON
    rm -f "$conf.new"
    if [ "$status" != 0 ]; then
        sed 's/supervisord\.conf\.new/supervisord.conf/g' "$essay_scratch/objections" >"$essay_scratch/said"
        cat "$essay_scratch/said" >&2
        why=$(sed -n 's/^Error: //p' "$essay_scratch/said" | head -n 1)
        fail conf-failed "supervisord does not accept the configuration: ${why:-it gives no reason}"
    fi
}

# stage_conf: the new configuration is written beside the old one: where that cannot be, nothing has been stopped yet.
stage_conf() {
    (stage) || {
        rm -f "$conf.new" "$kept/ports.new"
        exit 1
    }
}

stage() {
    umask 077
    stage_file "$conf" <"$rendered"
    umask 022
    stage_file "$kept/ports" <<PORTS
$ports
PORTS
}

# start_supervisord: as in an activated virtualenv, and with nothing of the way by which we came here.
start_supervisord() {
    (
        cd "$venv" || exit 1
        unset LC_ALL SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK SUDO_COMMAND SUDO_USER SUDO_UID SUDO_GID
        ESSAY_SUPERVISED=$(pwd -P)
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

# ended: fails because the daemon has.
ended() {
    fail start-failed "supervisord has ended: $(tail -n 1 "$venv/logs/supervisord.log" 2>/dev/null)"
}

# running DO NAME...: rpc start or arrive, and fails when one of these does not come to run. False when a supervisord that
# is to arrive does not answer yet.
running() {
    status=0
    why=$(rpc "$@") || status=$?
    case $status in
        0) ;;
        4) fail process-failed "$why${untouched:+; not restarted any more: $untouched}" ;;
        6) exit 1 ;;
        *) if [ "$1" != arrive ] || [ -z "$(daemons)" ]; then ended; fi ;;
    esac
    [ "$status" = 0 ]
}

# named WHICH: the names of all processes; of those that start by themselves, for "automatic"; of the group live,
# for "live"; of those that run, or are about to, for "awake"; of the others, for "idle".
named() {
    while read -r name state _ auto; do
        kind=awake
        case $state in STOPPED | EXITED | FATAL | UNKNOWN) kind=idle ;; esac
        case $1:$kind:$auto:${name%%:*} in
            all:* | automatic:*:1:* | live:*:live | awake:awake:* | idle:idle:*) printf '%s\n' "$name" ;;
        esac
    done <"$processes"
}

# wanted: the names of those that are to run.
wanted() {
    named automatic
    [ ! -e "$kept/active" ] || named live
}

# both LIST LIST: the words that are in both.
both() {
    for word in $1; do
        case " $(printf '%s' "$2" | tr '\n' ' ') " in *" $word "*) printf '%s\n' "$word" ;; esac
    done
}

# start_idle NAMES: starts those that do not run, and waits for all.
start_idle() {
    for one in $(both "$1" "$(named idle)"); do change "$one started" || :; done
    [ "$essay_plan" = 0 ] || return 0
    # What is RUNNING already was seen to be so by the look before.
    if grep -q -v '^[^ ]* RUNNING ' "$processes"; then
        # shellcheck disable=SC2086
        running start $1
    fi
}

# stop NAME...: stops these, and waits until they and what they have started are gone.
stop() {
    stopping=$*
    # shellcheck disable=SC2046
    set -- $(while read -r name _ pid _; do
        if [ "$pid" != - ] && [ -n "$(both "$name" "$stopping")" ]; then family "$pid"; fi
    done <"$processes" | entries)
    # shellcheck disable=SC2086
    rpc stop $stopping || {
        [ $? != 6 ] || exit 1
        fail stop-failed "$(both "$stopping" "$(named awake)" | tr '\n' ' ')did not stop in time; --timeout gives it longer"
    }
    end_rest "$@"
}

# roll NAME...: restarts one after the other, so that the others go on serving. Ends with the first that does not
# come to run.
roll() {
    while [ $# -gt 0 ]; do
        one=$1
        shift
        if change "$one restarted"; then
            stop "$one"
            untouched=$*
            running start "$one"
        fi
    done
}

# restart NAME...: all at once.
restart() {
    for one; do change "$one restarted" || :; done
    [ "$essay_plan" = 0 ] || return 0
    stop "$@"
    running start "$@"
}

note_start() {
    replace_line "$kept/started" "$(generation_of "$venv") $(checksum "$conf")"
}

up() {
    lock_venv "$venv"
    # What would have changed the virtualenv would have taken the mark away, too.
    [ "$ahead" = changed ] || refuse_marked "$venv"
    substitute_credentials "$1" "$2"
    ports=$3
    shift 3
    look || :
    why=$(difference)
    [ "$ahead" = - ] || why=${why:-the virtualenv has changed}
    [ "$verb" = up ] || why=${why:-reload}
    if [ -z "$why" ]; then
        start_idle "$(wanted)"
        return
    fi
    if [ "$rolling" = rolling ] && [ -n "$answering" ]; then
        [ "$why" != "new configuration" ] ||
            fail conf-failed "the configuration is a new one, for which supervisord itself must be started anew: say it without --rolling"
        [ "$essay_plan" = 1 ] || take_away "$kept/started"
        # shellcheck disable=SC2046
        roll $(wanted)
        [ "$essay_plan" = 1 ] || note_start
        return
    fi
    if [ "$essay_plan" = 1 ]; then
        change "supervisord started ($why)" || :
        return
    fi
    provide_supervisord "$@"
    check_conf
    stage_conf
    change "supervisord started ($why)"
    stop_all
    place_file "$conf"
    place_file "$kept/ports"
    start_supervisord
    until running arrive; do
        in_time || fail start-failed "supervisord does not answer"
    done
    # shellcheck disable=SC2046
    [ ! -e "$kept/active" ] || running start $(named live)
    note_start
}

# need_supervisord: look, and fails where none answers, with the reason.
need_supervisord() {
    look && return
    pid=$(marked daemon | head -n 1)
    [ -n "$pid" ] || fail not-running "no supervisord runs in $venv: es-supervisor up starts it"
    find_supervisord ||
        fail no-supervisor "supervisord runs in $venv as process $pid, and what could talk to it is not there any more: install supervisor again"
    [ ! -e "$venv/etc" ] || [ -r "$conf" ] ||
        fail permission-denied "cannot read $conf, by which to talk to the supervisord that runs as process $pid"
    fail not-running "the supervisord of $venv, process $pid, does not answer: es-supervisor up starts it anew"
}

# meant: the names of the processes that are meant, in $names; all with a target of -. Only activate starts what is of
# the group live; all is then the rest.
meant() {
    need_supervisord
    names=$(for name in $(named all); do
        case $verb:$target:$name in
            start:all:live:* | restart:all:live:*) [ -e "$kept/active" ] || continue ;;
        esac
        case $target in
            - | all | "$name" | "${name%%:*}" | "${name%%:*}:*" | "${name#*:}") printf '%s\n' "$name" ;;
        esac
    done)
    [ -n "$names" ] || [ "$target" = all ] ||
        fail no-process "there is no process or group $target; there are: $(named all | tr '\n' ' ' | sed 's/ $//')"
}

shut_down() {
    lock_venv "$venv"
    look || :
    # What is started here the next time may be another side than the one that is served. First of all, as an end in the
    # middle would leave it to the next start.
    forget_active
    if [ -n "$(everything)" ] && change "supervisord shut down"; then stop_all; fi
    : >"$processes"
}

forget_active() {
    if [ -e "$kept/active" ] && change "group live deactivated"; then take_away "$kept/active"; fi
}

# stop_awake: stops what runs of those that are meant. Where nothing runs, all is stopped.
stop_awake() {
    if ! look && [ -z "$(everything)" ]; then exit 0; fi
    # Many projects have no group live, and yet a side that is served, and one that is not.
    if [ "$verb" = deactivate ] && [ -n "$answering" ] && [ -z "$(named live)" ]; then return; fi
    meant
    names=$(both "$names" "$(named awake)")
    for one in $names; do change "$one stopped" || :; done
    # shellcheck disable=SC2086
    if [ "$essay_plan" = 0 ] && [ -n "$names" ]; then stop $names; fi
}

# tail_logs LINES: the ends of the logs on stderr; - follows them.
tail_logs() {
    # shellcheck disable=SC2086
    rpc logs $names >"$essay_scratch/logs"
    following=
    while IFS="$essay_tab" read -r name file; do
        if [ "$1" = - ]; then
            tail -n 10 -F "$file" 2>/dev/null | labelled "$name" &
            following="$following $!"
        else
            tail -n "$1" "$file" | labelled "$name"
        fi
    done <"$essay_scratch/logs"
    for pid in $following; do wait "$pid" || :; done
}

labelled() {
    while IFS= read -r line || [ -n "$line" ]; do printf '%s| %s\n' "$1" "$line" >&2; done
}

: >"$processes"
if [ ! -x "$venv/bin/python" ]; then
    if [ "$essay_plan" = 1 ] && [ "$ahead" = changed ]; then
        change "supervisord started (first start)" || exit 0
    fi
    # The first release has no side before it.
    if [ "$verb" = deactivate ] && [ ! -e "$venv" ]; then exit 0; fi
    fail no-venv "there is no virtualenv $venv: run es-venv first"
fi
result path "$venv"

case $verb in
    up | reload) up "$@" ;;
    shutdown) shut_down ;;
    start)
        lock_venv "$venv"
        refuse_marked "$venv"
        meant
        start_idle "$names"
        ;;
    stop)
        lock_venv "$venv"
        stop_awake
        ;;
    restart)
        lock_venv "$venv"
        refuse_marked "$venv"
        meant
        # shellcheck disable=SC2086
        case $rolling in rolling) roll $names ;; *) restart $names ;; esac
        ;;
    activate)
        lock_venv "$venv"
        refuse_marked "$venv"
        need_supervisord
        names=$(named live)
        if [ -n "$names" ] && [ ! -e "$kept/active" ] && change "group live activated"; then
            replace_line "$kept/active" live
        fi
        start_idle "$names"
        ;;
    deactivate)
        lock_venv "$venv"
        forget_active
        target=live
        stop_awake
        ;;
    enable | disable)
        lock_venv "$venv"
        "${verb}_boot"
        look || :
        ;;
    status) look || : ;;
    tail)
        meant
        tail_logs "$1"
        ;;
esac
told_processes | while IFS= read -r line; do result process "$line"; done
