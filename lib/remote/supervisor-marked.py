# The processes that say by their environment that they belong to a virtualenv's supervisord. Of supervisor.sh.

import os, sys

kind, path = sys.argv[1:]
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        with open("/proc/%s/environ" % pid, "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        continue  # it has ended, or is another account's
    if os.fsencode("ESSAY_SUPERVISED=" + path) in entries:
        if kind == ("child" if b"SUPERVISOR_ENABLED=1" in entries else "daemon"):
            print(pid)
