# shellcheck shell=sh disable=SC2154,SC2034
# Runs a command, in the activated virtualenv where there is one. After state.sh.
# Arguments: the virtualenv, or -; 1 where the command only looks; the directory to be in, or -; what the command is
# called in messages; "program", or "script" where the payload is to be run; the number of bytes of its output that
# are kept; 1 where its output is shown; the number of variables; each as NAME=VALUE; then the command's words, or
# those that the script is given.
# Results: "began" and, unless it only looks, "change"; "exit" or "signal"; "cut" where not all of the output was kept; "stdout".

venv=$1
essay_looks=$2
essay_directory=$3
essay_title=$4
essay_file=
[ "$5" = program ] || essay_file=$payload
essay_keep=$6
essay_shows=$7
shift 7

if [ "$venv" != - ]; then
    expand_home "$venv"
    venv=$expanded
    case $essay_directory in
        - | /* | \~ | \~/*) ;;
        *) essay_directory=$venv/$essay_directory ;;
    esac
fi
[ "$essay_directory" != - ] || essay_directory=${HOME:-/}
expand_home "$essay_directory"
essay_directory=$expanded

if [ "$essay_plan" = 1 ]; then
    change "$essay_title run" || :
    exit 0
fi
if [ "$venv" != - ]; then
    essay_python=$venv/bin/python
    [ -x "$essay_python" ] || fail no-venv "there is no virtualenv $venv: run es-venv first"
    if [ "$essay_looks" != 1 ]; then
        lock_venv "$venv"
        refuse_marked "$venv"
    fi
else
    essay_python=$(command -v python3) || fail python-not-found "no python3 in PATH ($PATH)"
fi

# run_it COUNT [NAME=VALUE...] [WORD...]: the variables are set here and not before, as they would be ours, too.
# No name of theirs begins with essay_.
run_it() (
    unset LC_ALL
    [ -n "${LANG-}" ] || export LANG=C.UTF-8
    if [ "$venv" != - ]; then
        export PATH="$venv/bin:$PATH" VIRTUAL_ENV="$venv"
    fi
    essay_i=$1
    shift
    while [ "$essay_i" -gt 0 ]; do
        essay_i=$((essay_i - 1))
        # shellcheck disable=SC2163 # a name and its value
        export "$1"
        shift
    done
    # A python3 that chooses one of several, as pyenv's, changes PATH.
    exec "$essay_python" -I - "$PATH" "$essay_directory" "$essay_title" "$essay_file" "$essay_keep" "$essay_shows" \
        "$essay_looks" "$@" 7>&- 9>&- <<'PYTHON'
@result.py@
@run.py@
PYTHON
)

# It may be cut short at any time from here on.
if [ "$essay_looks" != 1 ]; then
    [ "$venv" != - ] || note_in
    noted "$essay_title run"
fi
essay_status=0
run_it "$@" >&3 || essay_status=$?
case $essay_status in
    0) ;;
    3) essay_code=command-failed ;;
    4)
        essay_touched=
        exit 1
        ;;
    *) exit "$essay_status" ;;
esac
