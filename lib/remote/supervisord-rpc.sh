# shellcheck shell=sh disable=SC2154
# Talking to a supervisord: by its XML-RPC, with supervisor's own client, in the interpreter $python. States
# are all that is trusted: what a request answers, and how supervisorctl ends, means little (a process that is
# about to die was started "ok"). $venv is the virtualenv.

# rpc DO [NAME...]: needs $python, $conf, $deadline. Writes the state of every process to $processes, a line
# "NAME STATE PID AUTO" for each (PID or -; AUTO is 1 for those that supervisord starts by itself), and the
# daemon's pid to $processes.daemon; ends with 3 when nobody answers, with 6 when it cannot write. Does
#     look            nothing else
#     start NAME...   starts those of them that do not run, and waits until all are RUNNING, which means past their
#                     startsecs; otherwise writes to stdout why one is not, the end of its log to stderr, and ends with 4
#     arrive          waits in the same way for those that start by themselves, after a start of supervisord, which is
#                     given a moment to answer
#     stop NAME...    stops them and waits until they are; ends with 5 when the time is over
#     logs NAME...    writes to stdout a line NAME<TAB>FILE for each of their logs
rpc() {
    "$python" -W ignore - "$conf" "$deadline" "$processes" "$@" <<'PYTHON'
@supervisord-rpc.py@
PYTHON
}

# find_supervisord: the virtualenv's, otherwise the system's, in $supervisord, and its interpreter in $python. Another
# program's stand-in for it, such as pyenv's, which is no Python, is none.
find_supervisord() {
    supervisord=$venv/bin/supervisord
    python=$venv/bin/python
    [ ! -x "$supervisord" ] || return 0
    supervisord=$(command -v supervisord || command -v /usr/local/bin/supervisord || command -v /usr/bin/supervisord) ||
        return 1
    python=$(sed -n '1s/^#! *\(\/usr\/bin\/env *\)\{0,1\}\([^ ]*\).*/\2/p' "$supervisord")
    case ${python##*/} in
        python* | pypy*) python=$(command -v "$python") ;;
        *) return 1 ;;
    esac
}

# shellcheck disable=SC2034 # for the scripts
# look: the states of all processes in $processes, and the daemon's pid in $answering; false when none answers.
look() {
    : >"$processes"
    answering=
    [ -f "$conf" ] && find_supervisord || return 1
    essay_status=0
    rpc look || essay_status=$?
    case $essay_status in
        0) answering=$(cat "$processes.daemon") ;;
        # It may well run.
        6) exit 1 ;;
        *) return 1 ;;
    esac
}

# told_processes: after look, a line "NAME STATE PID PORT" for each process, with - for what there is not. The ports
# are those that es-supervisor noted.
told_processes() {
    while read -r name state pid _; do
        port=-
        if [ -f "$venv/.essay/ports" ]; then
            while read -r one number; do
                if [ "$one" = "${name#*:}" ]; then port=$number; fi
            done <"$venv/.essay/ports"
        fi
        printf '%s\n' "$name $state $pid $port"
    done <"$processes"
}
