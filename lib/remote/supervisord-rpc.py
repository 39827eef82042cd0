# Talks to a supervisord by its XML-RPC. Of supervisord-rpc.sh, which says what comes in and goes out.

import importlib, os, re, socket, sys, time, types

sys.path = [folder for folder in sys.path if folder]


class Later(types.ModuleType):
    """A module that is imported when something of it is wanted."""

    def __getattr__(self, name):
        if sys.modules[self.__name__] is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


# supervisor before 4.3 imports it at once, which takes longer than all the rest, and wants it for plug-ins only.
sys.modules["pkg_resources"] = Later("pkg_resources")
from http.client import HTTPException
from xmlrpc.client import Error, Fault
from supervisor.options import ClientOptions

conf, deadline, report, do, *names = sys.argv[1:]
options = ClientOptions()
options.realize(["-c", conf, "status"], doc="")
socket.setdefaulttimeout(max(1, min(30, float(deadline) - time.time())))
stopped = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")


def call(name, *arguments):
    return getattr(options.getServerProxy().supervisor, name)(*arguments)


def full_name(info):
    group, name = info["group"], info["name"]
    return name if group == name else "%s:%s" % (group, name)


def look():
    """All processes by name, or None when nobody answers."""
    try:
        daemon = call("getPID")
        processes = {full_name(info): info for info in call("getAllProcessInfo")}
        for info in call("getAllConfigInfo"):
            if full_name(info) in processes:
                config = processes[full_name(info)]
                config["auto"] = info["autostart"]
                config["startsecs"] = info.get("startsecs", 0)
    except (OSError, HTTPException, Error):
        return None
    try:
        with open(report, "w") as file:
            for name, info in processes.items():
                row = name, info["statename"], str(info["pid"] or "-"), str(int(info.get("auto", True)))
                file.write(" ".join(row) + "\n")
        with open(report + ".daemon", "w") as file:
            file.write("%d\n" % daemon)
    except OSError as error:
        print("cannot write %s: %s" % (report, error.strerror), file=sys.stderr)
        sys.exit(6)
    return processes


def in_time():
    return time.time() < float(deadline)


def end_of(path):
    """The end of a log."""
    if not os.path.isfile(path):
        return ""
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 3000))
        return file.read().decode("utf-8", "replace")


def how_ended(name):
    """How the program ended the last time, in the words of supervisord's own log, such as "exit status 1"."""
    try:
        log = call("readLog", -8192, 0)
    except (OSError, HTTPException, Error):
        return ""
    told = re.findall(r"exited: %s \(([^;)]*)" % re.escape(name.rpartition(":")[2]), log)
    return told[-1] if told else ""


def in_background(name):
    """A process that the program has left, or None."""
    venv = os.path.realpath(os.path.dirname(os.path.dirname(conf)))
    group, _, process = name.rpartition(":")
    signs = {"ESSAY_SUPERVISED": venv, "SUPERVISOR_PROCESS_NAME": process, "SUPERVISOR_GROUP_NAME": group or process}
    entries = {os.fsencode("%s=%s" % sign) for sign in signs.items()}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as file:
                if entries <= set(file.read().split(b"\0")):
                    return pid
        except OSError:
            pass  # it has ended, or is another account's
    return None


def foreground(name, info):
    """What to do about a program that ended as if all were well, as one does that goes into the background."""
    if info["statename"] not in ("BACKOFF", "EXITED", "FATAL") or how_ended(name) != "exit status 0":
        return ""
    pid = in_background(name)
    if pid:
        return "; it has gone into the background (process %s), where supervisord loses it: have it stay in the foreground" % pid
    return "; it ends with status 0: if it goes into the background, have it stay in the foreground"


def broken(name, info, why):
    log = "".join(end_of(info[channel]) for channel in ("stdout_logfile", "stderr_logfile"))
    sys.stderr.write(log)
    # The line before this one of supervisord's tells why.
    unsaid = "", "supervisor: child process was not spawned"
    lines = [line for line in (" ".join(line.split()) for line in log.splitlines()) if line not in unsaid]
    last = "; its log ends: " + lines[-1][:300] if lines else ""
    why = " (%s)" % why if why else ""
    print("%s is %s%s%s%s" % (name, info["statename"], why, foreground(name, info), last))
    sys.exit(4)


def wait():
    silent = exited = 0
    steady = None
    while True:
        processes = look()
        if processes is None:
            # A request can get lost; a daemon that has ended never answers.
            silent += 1
            if silent > 20:
                sys.exit(3)
            time.sleep(0.1)
            continue
        ready = True
        for name in names:
            info = processes[name]
            state = info["statename"]
            if state == "RUNNING":
                continue
            ready = False
            # In a daemon's first moment nothing is started yet; EXITED may be a moment before it is started again.
            exited += state == "EXITED"
            if state in ("FATAL", "UNKNOWN") or (state == "STOPPED" and info["start"]) or exited > 20:
                broken(name, info, info["description"])
            if not in_time():
                broken(name, info, "not RUNNING in time; --timeout gives it longer")
        # Without startsecs RUNNING says little: such a process must still be there a second later.
        pids = [processes[name]["pid"] for name in names if not processes[name].get("startsecs", 0)]
        if ready and (not pids or pids == steady):
            return
        steady = pids
        time.sleep(1 if ready else 0.1)


def stop():
    while True:
        processes = look()
        if processes is None or all(processes[name]["statename"] in stopped for name in names):
            return
        if not in_time():
            sys.exit(5)
        time.sleep(0.1)


processes = look()
patience = time.time() + 1
while do == "arrive" and processes is None and time.time() < patience:
    time.sleep(0.1)
    processes = look()
if processes is None:
    sys.exit(3)
if do == "arrive":
    names = [name for name, info in processes.items() if info.get("auto", True)]
for name in names:
    idle = processes[name]["statename"] in stopped
    try:
        if do == "start" and idle:
            call("startProcess", name, False)
        elif do == "stop" and not idle:
            call("stopProcess", name, False)
    except Fault:
        pass  # its state tells
if do in ("start", "arrive"):
    wait()
elif do == "stop":
    stop()
elif do == "logs":
    for name in names:
        for channel in ("stdout_logfile", "stderr_logfile"):
            if os.path.isfile(processes[name][channel]):
                print(name, processes[name][channel], sep="\t")
