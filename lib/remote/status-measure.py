# What processes use, which of them nobody knows, and how the host is, by /proc. Of status-look.sh.

import os, pwd, sys, time

own, times, *words = sys.argv[1:]
hertz = os.sysconf("SC_CLK_TCK")
page = os.sysconf("SC_PAGE_SIZE")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def link(path):
    try:
        return os.fsencode(os.readlink(path))
    except OSError:
        return b""


class Process:
    def __init__(self, pid):
        self.pid = pid
        # The second field, a name in brackets, may have anything in it (proc(5)).
        fields = read("/proc/%d/stat" % pid).rpartition(b") ")[2].split()
        self.gone = len(fields) < 22 or fields[0] in (b"Z", b"X")
        if not self.gone:
            self.parent = int(fields[1])
            self.ticks = int(fields[11]) + int(fields[12])
            self.begun = fields[19].decode()
            self.memory = int(fields[21]) * page

    def words(self):
        return read("/proc/%d/cmdline" % self.pid).rstrip(b"\0").split(b"\0")

    def environment(self):
        return read("/proc/%d/environ" % self.pid).split(b"\0")

    def user(self):
        try:
            uid = os.stat("/proc/%d" % self.pid).st_uid
        except OSError:
            return "-"
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)


def all_processes():
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return {}
    found = [Process(pid) for pid in pids]
    return {one.pid: one for one in found if not one.gone}


processes = all_processes()
if not words:
    with open(times, "w") as file:
        file.write("%r\n" % time.monotonic())
        file.writelines("%d %s %d\n" % (one.pid, one.begun, one.ticks) for one in processes.values())
    sys.exit(0)

lines = read(times).decode().split("\n")
since = float(lines[0])
# Ticks are a hundredth of a second: less time between the two looks would tell little.
time.sleep(max(0.0, 0.5 - (time.monotonic() - since)))
processes = all_processes()
seconds = time.monotonic() - since
before = {tuple(line.split()[:2]): int(line.split()[2]) for line in lines[1:] if line}


def ancestors(one):
    seen = set()
    while one and one.pid not in seen:
        seen.add(one.pid)
        yield one
        one = processes.get(one.parent)


def has_open(one, file):
    try:
        names = os.listdir("/proc/%d/fd" % one.pid)
    except OSError:
        return False
    return any(link("/proc/%d/fd/%s" % (one.pid, name)) == file for name in names)


def owner(lock):
    """Who has the lock of a run, as its file says, if somebody has."""
    try:
        inode = os.stat(lock).st_ino
    except OSError:
        return None
    if any(line.split()[-3].rpartition(b":")[2] == b"%d" % inode for line in read("/proc/locks").splitlines()):
        return (read(lock).decode("utf-8", "replace").split("\n") + ["", ""])[1]
    return None


def examine(name, path, answering, known):
    real = os.path.realpath(path)
    places = {os.fsencode(path), os.fsencode(real)}
    supervised = b"ESSAY_SUPERVISED=" + os.fsencode(real)

    def inside(word):
        return any(word.startswith(place + b"/") for place in places) and b"/../" not in word

    def belongs(one):
        words = one.words()
        return inside(words[0]) or inside(link("/proc/%d/exe" % one.pid)) or supervised in one.environment()

    def is_daemon(one):
        words = one.words()
        started = [place + b"/bin/supervisord" for place in places]
        if len(words) > 1 and inside(words[0]) and words[1] in started:
            return True
        environment = one.environment()
        return supervised in environment and b"SUPERVISOR_ENABLED=1" not in environment and any(
            word.endswith(b"/supervisord") for word in words[:2]
        )

    roots = {int(pid) for pid in read(known).decode().split()}
    if answering != "-":
        roots.add(int(answering))
    # Ourselves; and when none answers, what the silent one has started may well be as it should be.
    ours = [one for one in processes.values() if any(each.pid == int(own) for each in ancestors(one))]
    hands_off = {one.pid for one in ours}
    members = [one for one in processes.values() if one.pid not in hands_off and belongs(one)]
    if answering == "-":
        for one in members:
            if is_daemon(one):
                roots.add(one.pid)
                print("silent", name, one.pid)
    supervised_ones = [
        one for one in processes.values() if any(each.pid in roots for each in ancestors(one))
    ]
    every = {one.pid: one for one in members + supervised_ones}
    used = sum(max(0, one.ticks - before.get((str(one.pid), one.begun), 0)) for one in every.values())
    memory = sum(one.memory for one in every.values())
    print("use", name, round(100 * used / hertz / seconds, 1), memory, len(every))

    locks = os.path.join(os.path.dirname(path), ".essay", name)
    who = owner(locks + ".deploy")
    if who:
        print("held", name, " ".join(who.split()))
    lock = os.fsencode(os.path.realpath(locks + ".lock"))
    for one in members:
        line = list(ancestors(one))
        if any(each.pid in roots for each in line) or any(has_open(each, lock) for each in line):
            continue
        command = b" ".join(one.words()).decode("utf-8", "replace")
        print("stray", name, one.pid, one.begun, one.user(), " ".join(command.split())[:300] or "-")


def system():
    load = read("/proc/loadavg").decode().split()[:3] or ["-", "-", "-"]
    memory = dict(line.split(b":") for line in read("/proc/meminfo").splitlines() if b":" in line)

    def size(field):
        return int(memory[field].split()[0]) * 1024 if field in memory else "-"

    uptime = read("/proc/uptime").decode().split(".")[0] or "-"
    print("system", *load, os.cpu_count() or "-", size(b"MemTotal"), size(b"MemAvailable"), uptime)


system()
words = [word for word in words if word != "none"]
for place in range(0, len(words), 4):
    examine(*words[place : place + 4])
