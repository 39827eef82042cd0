# shellcheck shell=sh disable=SC2154
# Puts files of configuration in their places, each at once, where they differ from what is there. After state.sh.
# Arguments: the virtualenv, or -; "changed" in a dry run in which earlier steps would have changed it, otherwise -; the
# directory in which it is noted what was put where; 1 where differences are to be shown; then eight for each file, as
# conf.py takes them. The payload: for each file that is sent its bytes, and then, where it has secrets, the same with
# *** for them.
# Results: "diff", a text for each file that differs; "needed", the number of a file that differs and was not sent, and
# then nothing was done: all is to be run again with these.

venv=$1
ahead=$2
notes=$3
shows=$4
shift 4

expand_home "$notes"
notes=$expanded
if [ "$venv" != - ]; then
    expand_home "$venv"
    venv=$expanded
    if [ -x "$venv/bin/python" ]; then
        lock_venv "$venv"
        # What would have changed the virtualenv would have taken the mark away, too.
        [ "$ahead" = changed ] || refuse_marked "$venv" es-conf
    elif [ "$essay_plan" = 0 ]; then
        fail no-venv "there is no virtualenv $venv: run es-venv first"
    fi
fi
python=$(command -v python3) || python=$venv/bin/python
[ -x "$python" ] || fail python-not-found "no python3 in PATH ($PATH)"

# files look|put FILE...: status 0 when nothing differs, or all was put; 3 when something differs; 4 when it failed
# after something was changed; 5 when something is needed.
files() {
    "$python" -I - "$payload" "$venv" "$notes" "$shows" "$essay_plan" "$HOME" "$@" >&3 <<'PYTHON'
@result.py@
@conf.py@
PYTHON
}

marked=
if [ "$venv" != - ] && marked_by "$venv" es-conf; then marked=1; fi
status=0
files look "$@" || status=$?
case $status in
    0)
        # Processes that run may have been started with what a run has put that was cut short.
        if [ -n "$marked" ] && change "what was cut short completed"; then renew_venv "$venv" es-conf; fi
        exit 0
        ;;
    3) ;;
    5) exit 0 ;;
    *) exit 1 ;;
esac
[ "$essay_plan" = 0 ] || exit 0

if [ "$venv" != - ]; then mark_venv "$venv" es-conf; else note_in; fi
status=0
files put "$@" || status=$?
if [ -f "$essay_scratch/changes" ]; then
    while IFS= read -r essay_change; do noted "$essay_change"; done <"$essay_scratch/changes"
fi
if [ "$status" != 0 ]; then
    # Nothing was changed: the virtualenv is as it was.
    if [ "$status" = 1 ] && [ "$venv" != - ] && [ -z "$marked" ]; then unmark_venv "$venv" es-conf; fi
    exit 1
fi
# Processes that run were started with what was there before.
if [ "$venv" != - ]; then renew_venv "$venv" es-conf; fi
