# shellcheck shell=sh disable=SC2154
# Makes sure that a virtualenv exists and is sound. After venv-place.sh and venv-make.sh.
# Arguments: the prefix; the name; make or recreate; the interpreter, or a version of Python, or -; the program
# virtualenv or -; and the directories that belong into the virtualenv. The payload, if there is one, is a wheel of pip.

find_place "$1" "$2"
verb=$3
wanted=$4
virtualenv=$5
shift 5

case $wanted in
    [0-9]*) wanted=python$wanted ;;
esac
expand_home "$wanted"
wanted=$expanded
expand_home "$virtualenv"
virtualenv=$expanded

# version_of PYTHON: prints its version, and on a second line where it is installed.
version_of() {
    "$1" -c 'import os, sys; print("%d.%d.%d" % sys.version_info[:3]); print(os.path.realpath(sys.base_prefix))' 2>/dev/null
}

# look: true when the virtualenv is sound; $found is then its version of Python.
look() {
    [ -f "$venv/pyvenv.cfg" ] && [ -x "$venv/bin/python" ] && [ -x "$venv/bin/pip" ] || return 1
    ! marked_by "$venv" es-venv || return 1
    # When pip itself was being installed, its first file being there does not tell that it runs.
    module=pip
    if marked_by "$venv" es-pip; then module=pip._internal.cli.main; fi
    found=$("$venv/bin/python" -I - "$venv" "$module" <<'PYTHON' 2>/dev/null
@venv-look.py@
PYTHON
    ) || return 1
    [ "$wanted" = - ] || [ "$found" = "$(version_of "$wanted")" ] || return 1
    found=${found%%"$essay_newline"*}
}

# own_python: prints the interpreter that the virtualenv was made of, if that still runs.
own_python() {
    own=$("$venv/bin/python" -I -c 'import sys; print(sys._base_executable)' 2>/dev/null) || return 1
    case $own in "$venv"/*) return 1 ;; esac
    [ -x "$own" ] && printf '%s\n' "$own"
}

choose_python() {
    if [ "$wanted" = - ]; then
        python=$(own_python || command -v python3) ||
            fail python-not-found "no python3 in PATH ($PATH); install Python 3.8 or later, or name one with --python"
    else
        python=$(command -v "$wanted") || fail python-not-found "there is no interpreter $wanted"
    fi
    made_for=$(version_of "$python") || fail python-broken "$python does not run, or is no Python 3"
    made_for=${made_for%%"$essay_newline"*}
    case $made_for in
        3.[0-7].*) fail python-too-old "$python is Python $made_for; 3.8 or later is needed" ;;
    esac
}

! is_foreign || fail venv-failed "$venv is a directory with other things in it; give another name or move it away"

if [ "$verb" = recreate ] && [ -d "$venv" ]; then
    what=recreated
elif [ -e "$venv/pyvenv.cfg" ] || [ -e "$venv/.essay" ]; then
    what=mended
else
    what=made
fi
if [ "$what" = recreated ] || ! look; then
    refuse_link
    [ "$what" != recreated ] || refuse_occupied
    choose_python
    find_way
    if [ -z "$way" ]; then
        result pip-needed "$made_for"
        [ "$essay_plan" = 1 ] || exit 0
    fi
    lock_venv "$venv"
    # Another run may have made it until we had the lock.
    if [ "$what" = recreated ] || ! look; then
        # And something may have been started from it.
        [ "$what" != recreated ] || refuse_occupied
        if change "virtualenv $name $what"; then
            make_directory "$venv"
            mark_venv "$venv" es-venv
            [ "$what" != recreated ] || empty "$@"
            make
            renew_venv "$venv" es-venv
            look || fail venv-failed "$venv was made, but is not sound: its python or its pip does not run"
        else
            found=$made_for
        fi
    fi
fi
for directory; do
    [ -d "$venv/$directory" ] || if change "directory $name/$directory made"; then
        make_directory "$venv/$directory"
    fi
done
result path "$venv"
result python "$found"
