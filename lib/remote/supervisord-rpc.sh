# shellcheck shell=sh disable=SC2154
# Talking to a supervisord: by its XML-RPC, with supervisor's own client, in the interpreter $python. States
# are all that is trusted: what a request answers, and how supervisorctl ends, means little (a process that is
# about to die was started "ok"). $venv is the virtualenv.

# rpc DO [NAME...]: needs $python, $conf, $deadline. Writes the state of every process to $processes, a line
# "NAME STATE PID AUTO" for each (PID or -; AUTO is 1 for those that supervisord starts by itself), and the
# daemon's pid to $processes.daemon; ends with 3 when nobody answers. Does
#     look            nothing else
#     start NAME...   starts those of them that do not run; then as
#     wait NAME...    waits until all are RUNNING, which means past their startsecs; otherwise writes to stdout
#                     why one is not, the end of its log to stderr, and ends with 4
#     stop NAME...    stops them and waits until they are; ends with 5 when the time is over
#     logs NAME...    writes to stdout a line NAME<TAB>FILE for each of their logs
rpc() {
    "$python" -W ignore - "$conf" "$deadline" "$processes" "$@" <<'PYTHON'
import os, socket, sys, time

sys.path = [folder for folder in sys.path if folder]
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
    with open(report, "w") as file:
        for name, info in processes.items():
            row = name, info["statename"], str(info["pid"] or "-"), str(int(info.get("auto", True)))
            file.write(" ".join(row) + "\n")
    with open(report + ".daemon", "w") as file:
        file.write("%d\n" % daemon)
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


def broken(name, info, why):
    log = "".join(end_of(info[channel]) for channel in ("stdout_logfile", "stderr_logfile"))
    sys.stderr.write(log)
    # The line before this one of supervisord's tells why.
    unsaid = "", "supervisor: child process was not spawned"
    lines = [line for line in (" ".join(line.split()) for line in log.splitlines()) if line not in unsaid]
    last = "; its log ends: " + lines[-1][:300] if lines else ""
    print("%s is %s%s%s" % (name, info["statename"], " (%s)" % why if why else "", last))
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
if processes is None:
    sys.exit(3)
for name in names:
    idle = processes[name]["statename"] in stopped
    try:
        if do == "start" and idle:
            call("startProcess", name, False)
        elif do == "stop" and not idle:
            call("stopProcess", name, False)
    except Fault:
        pass  # its state tells
if do in ("start", "wait"):
    wait()
elif do == "stop":
    stop()
elif do == "logs":
    for name in names:
        for channel in ("stdout_logfile", "stderr_logfile"):
            if os.path.isfile(processes[name][channel]):
                print(name, processes[name][channel], sep="\t")
PYTHON
}

# find_supervisord: the virtualenv's, otherwise the system's, in $supervisord, and its interpreter in $python.
find_supervisord() {
    supervisord=$venv/bin/supervisord
    python=$venv/bin/python
    [ ! -x "$supervisord" ] || return 0
    supervisord=$(command -v supervisord || command -v /usr/local/bin/supervisord || command -v /usr/bin/supervisord) ||
        return 1
    python=$(sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$supervisord")
    [ -x "$python" ]
}

# shellcheck disable=SC2034 # for the scripts
# look: the states of all processes in $processes, and the daemon's pid in $answering; false when none answers.
look() {
    : >"$processes"
    answering=
    [ -f "$conf" ] && find_supervisord && rpc look || return 1
    answering=$(cat "$processes.daemon")
}

# told_processes: after look, a line "NAME STATE PID PORT" for each process, with - for what there is not. The ports
# are those that es-supervisor noted.
told_processes() {
    while read -r name state pid _; do
        port=-
        if [ -f "$venv/.essay/ports" ]; then
            while read -r one number; do
                if [ "$one" = "${name#*:}" ]; then port=$number; fi
            done <"$venv/.essay/ports"
        fi
        printf '%s\n' "$name $state $pid $port"
    done <"$processes"
}
