# shellcheck shell=sh disable=SC2154,SC2034
# What is on this host: its virtualenvs, what runs in them, what was done last. After state.sh, processes.sh,
# supervisord-rpc.sh, status-look.sh and verdicts.sh. Changes nothing, unless strays are to be ended.
# Arguments: the directory of virtualenvs; the virtualenv that is meant, or -; another one to compare it with, or -; the
# project, or -; how many of the last deploys are wanted; what else is to be done: look, nothing; compare, not even measure;
# ready, the same when the lock of the virtualenv is ours; end-strays.
#
# Results, each with the name of its virtualenv in front:
#     venv NAME STATE PYTHON VERSION GENERATION STARTED SUPERVISOR     - for what there is not
#     mark NAME WHO         a change that is under way, or was cut short
#     process NAME ...      as es-supervisor has them
#     lacking NAME PROCESS STATE     one that is to be RUNNING, and is not
# and use, silent, held, stray and system as `measure` tells them; prefix; history-line for each line of the log; verdict
# for each verdict on a version.

prefix=$1
only=$2
other=$3
project=$4
last=$5
aim=$6

expand_home "$prefix"
prefix=${expanded%/}
why=$(ls "$prefix/." 2>&1 >/dev/null) || case $why in
    *"Permission denied"*) fail permission-denied "cannot read $prefix: Permission denied" ;;
esac
[ "$only" = - ] || [ -d "$prefix/$only" ] || fail no-venv "there is no virtualenv $prefix/$only"
scratch
# For a supervisord that does not answer.
deadline=$(($(date +%s) + 5))

# venvs: the names of what is a virtualenv here, or was begun to be one.
venvs() {
    for venv in "$prefix"/*; do
        name=${venv##*/}
        case $name in *[!A-Za-z0-9_.-]*) continue ;; esac
        case $only in - | "$name") ;; *) [ "$other" = "$name" ] || continue ;; esac
        if [ -f "$venv/pyvenv.cfg" ] || [ -d "$venv/.essay" ]; then printf '%s\n' "$name"; fi
    done
}

# find_python: an interpreter for looking, in $any_python; false where there is none.
find_python() {
    any_python=$(command -v python3) && return 0
    for any_python in "$prefix"/*/bin/python; do
        if [ -x "$any_python" ]; then return 0; fi
    done
    return 1
}

# tell_venv NAME: results for its files and for what its supervisord says.
tell_venv() {
    venv=$prefix/$1
    conf=$venv/etc/supervisord.conf
    processes=$essay_scratch/processes-$1
    state=sound
    # shellcheck disable=SC2046 # three words
    set -- "$1" $(python_of "$project")
    [ "$3" = 1 ] || state=broken
    if [ -s "$venv/.essay/changing" ]; then
        state=marked
        while IFS= read -r mark; do result mark "$1 $mark"; done <"$venv/.essay/changing"
    fi
    : >"$processes"
    answering=
    # Of the one that it is compared with, only the version counts.
    [ "$1" = "$other" ] || look 2>/dev/null || :
    started=-
    if [ -s "$venv/.essay/started" ]; then read -r started _ <"$venv/.essay/started"; fi
    result venv "$1 $state $2 $4 $(generation_of "$venv") $started ${answering:--}"
    told_processes | while IFS= read -r line; do result process "${venv##*/} $line"; done
    # What does not start by itself may well be STOPPED.
    while read -r name state _ auto; do
        case $state:$auto in RUNNING:* | STOPPED:0) ;; *) result lacking "${venv##*/} $name $state" ;; esac
    done <"$processes"
    while read -r _ _ pid _; do printf '%s\n' "${pid#-}"; done <"$processes" >"$essay_scratch/known-$1"
    printf '%s\n' "${answering:--}" >"$essay_scratch/answering-$1"
}

# measured NAME...: what `measure` tells of these virtualenvs.
measured() {
    essay_i=$#
    while [ "$essay_i" -gt 0 ]; do
        essay_i=$((essay_i - 1))
        set -- "$@" "$1" "$prefix/$1" "$(cat "$essay_scratch/answering-$1")" "$essay_scratch/known-$1"
        shift
    done
    [ $# -gt 0 ] || set -- none
    measure "$essay_scratch/times" "$@"
}

# strays: those of the file $essay_scratch/measured, as entries.
strays() {
    while read -r kind _ pid begun _; do
        if [ "$kind" = stray ]; then printf '%s:%s\n' "$pid" "$begun"; fi
    done <"$essay_scratch/measured"
}

# end_strays: ends them, each one by its pid and the time of its beginning; looks again.
end_strays() {
    [ -n "$(strays)" ] || return 0
    lock_venv "$prefix/$only"
    # Until we had the lock, a run may have gone on.
    measured "$only" >"$essay_scratch/measured"
    ! grep -q '^silent ' "$essay_scratch/measured" ||
        fail not-running "the supervisord of $prefix/$only does not answer, so what it knows cannot be told: es-supervisor up starts it anew"
    while read -r kind _ pid _ _ command; do
        if [ "$kind" = stray ]; then change "stray $pid ended ($command)" || :; fi
    done <"$essay_scratch/measured"
    [ "$essay_plan" = 0 ] || return 0
    # shellcheck disable=SC2046 # entries
    set -- $(strays)
    put_down "$@"
    measured "$only" >"$essay_scratch/measured"
    [ -z "$(strays)" ] || fail stop-failed "new strays have come up: something starts them again"
}

measures() { case $aim in look | end-strays) find_python ;; *) return 1 ;; esac; }

result prefix "$prefix"
[ "$aim" != ready ] || lock_venv "$prefix/$only"
names=$(venvs)
if measures; then measure "$essay_scratch/times"; fi
for one in $names; do tell_venv "$one"; done
if measures; then
    # shellcheck disable=SC2086 # names
    measured $names >"$essay_scratch/measured"
    if [ "$aim" = end-strays ]; then end_strays; fi
    while read -r kind rest; do result "$kind" "$rest"; done <"$essay_scratch/measured"
fi
history_lines "$prefix/.essay" "$last" >"$essay_scratch/history" 2>/dev/null || :
while IFS= read -r line || [ -n "$line" ]; do result history-line "$line"; done <"$essay_scratch/history"
told_verdicts "$prefix/.essay"
