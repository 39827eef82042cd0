# shellcheck shell=sh disable=SC2154
# Makes sure that a virtualenv exists and is sound. After state.sh.
# Arguments: the prefix, the name, the interpreter or -, the program virtualenv or -, and the directories
# that belong into the virtualenv.

prefix=$1
name=$2
wanted=$3
virtualenv=$4
shift 4

expand_home "$prefix"
prefix=${expanded%/}
venv=$prefix/$name

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
    # One start of the interpreter tells its version, where it thinks it is, whether pip is there, and whether
    # its programs start this interpreter: in one that was moved or copied they start that of the old place.
    found=$("$venv/bin/python" -I -c 'import importlib, os, re, sys
importlib.import_module(sys.argv[2])
assert os.path.realpath(sys.prefix) == os.path.realpath(sys.argv[1])
own = os.path.join(sys.argv[1], "bin")
with open(os.path.join(own, "pip"), errors="replace") as script:
    named = re.match("#!(?:/bin/sh\n.{3}exec. )?\"?(/[^\n\"]*)/python", script.read(4096))
assert not named or os.path.realpath(named.group(1)) == os.path.realpath(own)
print("%d.%d.%d" % sys.version_info[:3])
print(os.path.realpath(sys.base_prefix))' "$venv" "$module" 2>/dev/null) || return 1
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

# clear_away: takes away what venv would not replace: links to another interpreter, and what the programs of
# a virtualenv that was moved or copied begin with.
clear_away() {
    [ -d "$venv/bin" ] || return 0
    rm -f "$venv/bin/python" "$venv/bin/python3" "$venv"/bin/python3.[0-9]*
    "$python" -I - "$venv/bin" <<'PYTHON'
import os, re, shutil, sys

own = sys.argv[1]
start = re.compile(
    rb"#!(?:/bin/sh\n'''exec' \"?(?P<long>/[^\n\"]*)/(?P<a>python[\d.]*)\"? \"\$0\" \"\$@\"\n' '''"
    rb"|(?P<short>/[^\n]*)/(?P<b>python[\d.]*))\n"
)


def read(name):
    with open(os.path.join(own, name), "rb") as script:
        text = script.read()
    found = start.match(text)
    return (found["long"] or found["short"], found["a"] or found["b"], text[found.end() :]) if found else None


pip = read("pip") if os.path.exists(os.path.join(own, "pip")) else None
if pip and os.path.realpath(pip[0]) != os.path.realpath(os.fsencode(own)):
    for name in os.listdir(own):
        path = os.path.join(own, name)
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        program = read(name)
        if not program or program[0] != pip[0]:
            continue
        # sh reads two quotes and starts Python; Python reads a string. Any path may stand there.
        interpreter = os.path.join(os.fsencode(own), program[1])
        with open(path + ".new", "wb") as script:
            script.write(b"#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\"\n' '''\n%s" % (interpreter, program[2]))
        shutil.copymode(path, path + ".new")
        os.replace(path + ".new", path)
PYTHON
}

# make_with_venv: the interpreter's own venv, and pip unpacked from the wheel that comes with it, which is
# ten times as fast as ensurepip. False where the host has no such wheel.
make_with_venv() {
    wheel=$("$python" -I -c 'import glob, os, sysconfig
places = [sysconfig.get_config_var("WHEEL_PKG_DIR") or "", os.path.join(sysconfig.get_path("stdlib"), "ensurepip", "_bundled"), "/usr/share/python-wheels"]
found = [wheel for place in places for wheel in glob.glob(os.path.join(place, "pip-*-py*-none-any.whl"))]
print(found[0] if found else "")')
    [ -n "$wheel" ] || return 1
    "$python" -I -m venv --without-pip "$venv" || return 1
    "$venv/bin/python" -I - "$wheel" <<'PYTHON'
import glob, os, shutil, sys, sysconfig, zipfile

site, scripts = sysconfig.get_path("purelib"), sysconfig.get_path("scripts")
# Two of them in one place would be neither.
for old in [os.path.join(site, "pip"), *glob.glob(os.path.join(glob.escape(site), "pip-*.dist-info"))]:
    shutil.rmtree(old, ignore_errors=True)
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(site)
    [record] = [name for name in wheel.namelist() if name.endswith(".dist-info/RECORD")]
interpreter = os.path.join(scripts, "python")
if " " in interpreter or len(interpreter) > 124:
    # The kernel takes no such first line: sh reads two quotes and starts Python, Python reads a string.
    first = "#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\"\n' '''\n" % interpreter
else:
    first = "#!%s\n" % interpreter
lines = []
for name in ("pip", "pip3", "pip3.%d" % sys.version_info[1]):
    path = os.path.join(scripts, name)
    with open(path, "w") as script:
        script.write(first + "import sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n")
    os.chmod(path, 0o755)
    lines.append(os.path.relpath(path, site) + ",,\n")
installer = os.path.join(os.path.dirname(record), "INSTALLER")
if not os.path.exists(os.path.join(site, installer)):
    with open(os.path.join(site, installer), "w") as file:
        file.write("pip\n")
    lines.append(installer + ",,\n")
with open(os.path.join(site, record), "a") as file:
    file.writelines(lines)
PYTHON
}

make_with_virtualenv() {
    [ "$virtualenv" != - ] || virtualenv=virtualenv
    command -v "$virtualenv" >/dev/null || return 1
    "$virtualenv" --quiet --python "$python" "$venv"
}

make() {
    make_directory "$venv"
    mark_venv "$venv" es-venv
    clear_away
    if [ "$virtualenv" != - ]; then
        make_with_virtualenv || fail venv-failed "$virtualenv made no virtualenv $venv"
    elif ! make_with_venv && ! make_with_virtualenv; then
        "$python" -I -m venv "$venv" ||
            fail venv-failed "cannot make $venv: $python has neither venv with a wheel of pip nor virtualenv; on Debian, install python3-venv"
    fi
    renew_venv "$venv" es-venv
}

[ ! -e "$venv" ] || [ -d "$venv" ] || fail venv-failed "$venv is there and is no directory"
[ ! -d "$venv" ] || [ -f "$venv/pyvenv.cfg" ] || [ -d "$venv/.essay" ] || [ -z "$(ls -A "$venv")" ] ||
    fail venv-failed "$venv is a directory with other things in it; give another name or move it away"

if ! look; then
    choose_python
    lock_venv "$venv"
    if look; then
        : # another run made it while we waited for nothing: the lock is ours, and it is sound
    elif [ -e "$venv/pyvenv.cfg" ] || [ -e "$venv/.essay" ]; then
        if change "virtualenv $name mended"; then make; fi
    elif change "virtualenv $name made"; then
        make
    fi
    if [ "$essay_plan" = 0 ]; then
        look || fail venv-failed "$venv was made, but is not sound: its python or its pip does not run"
    else
        found=$made_for
    fi
fi
for directory; do
    [ -d "$venv/$directory" ] || if change "directory $name/$directory made"; then
        make_directory "$venv/$directory"
    fi
done
result path "$venv"
result python "$found"
