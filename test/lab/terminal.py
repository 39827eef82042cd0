# Runs a command at a terminal of its own, which is its controlling terminal, and types answers when it asks. Arguments:
# a JSON list of pairs [text that is waited for, what is typed then], and the command. What the terminal shows goes to
# stdout; the status is that of the command, or 128 and the signal that ended it. ESSAY_LAB_PATIENCE: how many seconds it may take (30).
import json
import os
import pty
import select
import sys
import time

dialogue = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
deadline = time.monotonic() + float(os.environ.get("ESSAY_LAB_PATIENCE", "30"))
while True:
    if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        os.write(2, b"nothing more came: " + shown)
        os.kill(pid, 9)
        break
    try:
        part = os.read(terminal, 65536)
    except OSError:  # all ends of the terminal are closed
        break
    if not part:
        break
    os.write(1, part)
    shown += part
    while dialogue and dialogue[0][0].encode() in shown:
        awaited, answer = dialogue.pop(0)
        shown = shown[shown.index(awaited.encode()) + len(awaited.encode()) :]
        os.write(terminal, answer.encode())
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
