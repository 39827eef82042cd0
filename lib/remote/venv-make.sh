# shellcheck shell=sh disable=SC2154
# Making the virtualenv $venv by what the host has for it. After state.sh.

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

# find_way: puts into $way how the virtualenv is made: by virtualenv, or by the interpreter's own venv and a wheel of
# pip, $wheel, which is ten times as fast as ensurepip. The host may have one, or it came with us; where there is
# neither, $way is empty. Fails where the host can make none at all.
find_way() {
    way=virtualenv
    [ "$virtualenv" = - ] || return 0
    wheel=$("$python" -I -c 'import glob, os, sysconfig, venv
places = [sysconfig.get_config_var("WHEEL_PKG_DIR") or "", os.path.join(sysconfig.get_path("stdlib"), "ensurepip", "_bundled"), "/usr/share/python-wheels"]
found = [wheel for place in places for wheel in glob.glob(os.path.join(place, "pip-*-py*-none-any.whl"))]
print(found[0] if found else "-")' 2>/dev/null) || wheel=
    virtualenv=virtualenv
    case $wheel in
        -) wheel=${payload-} ;;
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
