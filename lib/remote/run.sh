# shellcheck shell=sh disable=SC2154
# Runs a command, in the activated virtualenv where there is one. After state.sh.
# Arguments: the virtualenv, or -; 1 where the command only looks; the directory to be in, or -; what the command is
# called in messages; "program", or "script" where the payload is to be run; the number of bytes of its output that
# are kept; 1 where its output is shown; the number of variables; each as NAME=VALUE; then the command's words, or
# those that the script is given.
# Results: "began"; "exit" or "signal"; "cut" where not all of the output was kept; "stdout".

venv=$1
essay_looks=$2
essay_directory=$3
essay_title=$4
essay_file=
[ "$5" = program ] || essay_file=${payload-}
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
    exec "$essay_python" -I - "$PATH" "$essay_directory" "$essay_title" "$essay_file" "$essay_keep" "$essay_shows" "$@" 7>&- 9>&- <<'PYTHON'
import os, select, signal, subprocess, sys, time

path, directory, title, file, keep, shows, *words = sys.argv[1:]
os.environ["PATH"] = path
keep = int(keep)


def result(name, value):
    value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    sys.stdout.buffer.write(("%s\t%s\n" % (name, value)).encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def fail(code, sentence):
    result("error-code", code)
    result("error-message", sentence)
    sys.exit(1)


def enter():
    try:
        os.chdir(directory)
    except FileNotFoundError:
        fail("no-directory", "there is no directory %s" % directory)
    except NotADirectoryError:
        fail("in-the-way", "%s is no directory" % directory)
    except OSError as error:
        fail("permission-denied", "cannot enter %s: %s" % (directory, error.strerror))


def command():
    if not file:
        return words
    # Not by the kernel: the file is where nothing may be executed, perhaps.
    with open(file, "rb") as script:
        first = script.readline(4096)
    own = first[2:].strip().split(None, 1) if first.startswith(b"#!") else []
    return [os.fsdecode(word) for word in own or [b"sh"]] + [file, *words]


def start(command):
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except FileNotFoundError:
        where = "" if "/" in command[0] else " in PATH (%s)" % path
        fail("no-command", "there is no program %s%s" % (command[0], where))
    except PermissionError:
        fail("permission-denied", "%s may not be run by this account" % command[0])
    except OSError as error:
        fail("exec-failed", "cannot run %s: %s" % (command[0], error.strerror))


def show(chunk):
    while chunk:
        chunk = chunk[os.write(2, chunk) :]


enter()
child = start(command())
result("began", title)
output = child.stdout.fileno()
kept = bytearray()
cut = False
ended = None
while True:
    ready, _, _ = select.select([output], [], [], 0.1)
    if ready:
        chunk = os.read(output, 65536)
        if not chunk:
            break
        room = keep - len(kept)
        kept += chunk[:room]
        cut = cut or len(chunk) > room
        if shows == "1":
            show(chunk)
    # What it left running may hold its output open for ever.
    if ended is None and child.poll() is not None:
        ended = time.monotonic()
    if ended is not None and (not ready or time.monotonic() - ended > 1):
        break
status = child.wait()
if status < 0:
    known = {each.value: each.name for each in signal.Signals}
    result("signal", known.get(-status, "SIG%d" % -status))
else:
    result("exit", str(status))
if cut:
    result("cut", "1")
result("stdout", kept.decode("utf-8", "replace"))
PYTHON
)

run_it "$@" >&3
