# Runs one command and tells what came of it. Of run.sh, which says what comes in and goes out; after result.py.
# Ends with 0 when the command does, with 3 when that ends otherwise, and with 4 when it has not begun.

import os, select, signal, subprocess, sys, time

path, directory, title, file, keep, shows, looks, *words = sys.argv[1:]
os.environ["PATH"] = path
keep = int(keep)


def fail(code, sentence):
    result("error-code", code)
    result("error-message", sentence)
    sys.exit(4)


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
if looks != "1":
    result("change", "%s run" % title)
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
sys.exit(0 if status == 0 else 3)
