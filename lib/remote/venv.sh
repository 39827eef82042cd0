# shellcheck shell=sh disable=SC2154
# Makes sure that a virtualenv exists and is sound, or that there is none. After venv-make.sh.
# Arguments: the prefix; the name; make, recreate or remove; the interpreter, or a version of Python, or -; the program
# virtualenv or -; and the directories that belong into the virtualenv. The payload, if there is one, is a wheel of pip.

prefix=$1
name=$2
verb=$3
wanted=$4
virtualenv=$5
shift 5

expand_home "$prefix"
prefix=${expanded%/}
venv=$prefix/$name
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

# occupants: prints the processes that run from the virtualenv, or in it, as one clause.
occupants() {
    real=$(cd "$venv" && pwd -P)
    {
        # shellcheck disable=SC2012 # the names are numbers; no other tool reads them all at once
        ls -l /proc/[0-9]*/cwd /proc/[0-9]*/exe 2>/dev/null |
            sed -n 's|^.* /proc/\([0-9]*\)/[a-z]* -> \(.*\)$|\1 \2|p'
        for entry in /proc/[0-9]*/cmdline; do
            line=
            # Its words end with NULs, which read leaves out.
            { IFS= read -r line <"$entry"; } 2>/dev/null || :
            process=${entry%/cmdline}
            case $line in
                /*) printf '%s %s\n' "${process#/proc/}" "$line" ;;
                *"$name/bin/"*) printf '%s %s\n' "${process#/proc/}" "$(readlink "$process/cwd")/$line" ;;
            esac
        done
    } | while read -r pid path; do
        case $path in
            "$venv" | "$venv"/* | "$real" | "$real"/*) [ "$pid" = "$$" ] || printf '%s\n' "$pid" ;;
        esac
    done | sort -un | while read -r pid; do
        { read -r what <"/proc/$pid/comm"; } 2>/dev/null || continue
        printf '%s (%s) ' "$pid" "$what"
    done
}

# refuse_occupied: fails while processes run from the virtualenv.
refuse_occupied() {
    who=$(occupants)
    [ -z "$who" ] || fail in-use "processes run from $venv: ${who% }; stop them before, as with es-supervisor shutdown"
}

# empty [DIRECTORY]...: takes away what is in the virtualenv, save its state and these directories.
empty() {
    for entry in "$venv"/* "$venv"/.[!.]* "$venv"/..?*; do
        kept=
        for directory in .essay "$@"; do
            [ "${entry##*/}" != "${directory%%/*}" ] || kept=1
        done
        [ -z "$kept" ] || continue
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        take_away "$entry"
    done
}

# is_foreign: true for a directory with other things in it than a virtualenv.
is_foreign() {
    [ -d "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ] && [ ! -d "$venv/.essay" ] && [ -n "$(ls -A "$venv")" ]
}

# refuse_link: fails where a link is in the place. What would be emptied, or made, is elsewhere then.
refuse_link() {
    [ ! -L "$venv" ] || fail in-the-way "$venv is a symbolic link: name $(readlink "$venv") itself, or take it away"
}

[ ! -e "$venv" ] || [ -d "$venv" ] || fail venv-failed "$venv is there and is no directory"
if is_foreign; then
    [ "$verb" != remove ] || fail venv-failed "$venv is no virtualenv: it is not removed"
    fail venv-failed "$venv is a directory with other things in it; give another name or move it away"
fi

if [ "$verb" = remove ]; then
    result path "$venv"
    refuse_link
    [ -d "$venv" ] || exit 0
    lock_venv "$venv"
    refuse_occupied
    if change "virtualenv $name removed"; then
        mark_venv "$venv" es-venv
        empty
        take_away "$venv"
    fi
    exit 0
fi

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
