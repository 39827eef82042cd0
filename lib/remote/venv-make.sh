# shellcheck shell=sh disable=SC2154
# Making the virtualenv $venv by what the host has for it. After state.sh.

# clear_away: takes away what venv would not replace: links to another interpreter, and what the programs of
# a virtualenv that was moved or copied begin with.
clear_away() {
    [ -d "$venv/bin" ] || return 0
    rm -f "$venv/bin/python" "$venv/bin/python3" "$venv"/bin/python3.[0-9]*
    "$python" -I - "$venv/bin" <<'PYTHON'
@venv-restart-scripts.py@
PYTHON
}

# find_way: puts into $way how the virtualenv is made: by virtualenv, or by the interpreter's own venv and a wheel of
# pip, $wheel, which is ten times as fast as ensurepip. The host may have one, or it came with us; where there is
# neither, $way is empty. $own_pip is the folder in which the interpreter has a pip of its own, or -. Fails where the host
# can make none at all.
find_way() {
    way=virtualenv
    [ "$virtualenv" = - ] || return 0
    wheel=$("$python" -I -c 'import glob, importlib.util, os, sysconfig, venv
places = [sysconfig.get_config_var("WHEEL_PKG_DIR") or "", os.path.join(sysconfig.get_path("stdlib"), "ensurepip", "_bundled"), "/usr/share/python-wheels"]
found = [wheel for place in places for wheel in glob.glob(os.path.join(place, "pip-*-py*-none-any.whl"))]
own = importlib.util.find_spec("pip")
print(found[0] if found else "-")
print(own and own.submodule_search_locations and os.path.dirname(own.submodule_search_locations[0]) or "-")' 2>/dev/null) || wheel=
    own_pip=${wheel#*"$essay_newline"}
    wheel=${wheel%%"$essay_newline"*}
    virtualenv=virtualenv
    case $wheel in
        -) wheel=$payload ;;
        '')
            command -v virtualenv >/dev/null ||
                fail venv-failed "$python has neither its module venv nor the program virtualenv beside it; on Debian, install python3-venv"
            return 0
            ;;
    esac
    if [ -n "$wheel" ]; then
        way=venv
    elif ! command -v virtualenv >/dev/null; then
        way=
    fi
}

# make_with_venv: the interpreter's own venv, and pip unpacked from its wheel.
make_with_venv() {
    "$python" -I -m venv --without-pip "$venv" || return 1
    "$venv/bin/python" -I - "$wheel" "$own_pip" <<'PYTHON'
@venv-unpack-pip.py@
PYTHON
}

make_with_virtualenv() {
    "$virtualenv" --quiet --python "$python" "$venv"
}

# explain_making: fails with what the tools have said.
explain_making() {
    last=$(grep -v '^ *$' "$log" | tail -n 1)
    case $(cat "$log") in
        *"No space left on device"* | *"Disk quota exceeded"*) fail disk-full "no space left for $venv" ;;
        *"Read-only file system"* | *"Permission denied"*) fail permission-denied "cannot write in $venv: $last" ;;
    esac
    [ "$way" = venv ] || fail venv-failed "$virtualenv made no virtualenv $venv"
    fail venv-failed "$python made no virtualenv $venv: $last"
}

# make: makes the virtualenv in its place, where some of it may be already.
make() {
    clear_away
    scratch
    log=$essay_scratch/log
    {
        if [ "$way" = venv ]; then make_with_venv 2>&1; else make_with_virtualenv 2>&1; fi || : >"$essay_scratch/failed"
    } | tee "$log" >&2
    [ ! -e "$essay_scratch/failed" ] || explain_making
}
