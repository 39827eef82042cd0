# Asks ports until all answer as they should, or the time is over; looks whether processes stay. Of check.sh.

import http.client, json, os, re, signal, socket, subprocess, sys, time
from threading import Lock, Thread

# The virtualenv's programs; the PATH that there was before python3, which may be one that chooses, changed it; and,
# as JSON:
#   asks         a list of {port}, {pid} (a process that must go on running) or {} (by command, once for the host)
#   kind         http, tcp or command: how ports are asked
#   seconds      the deadline
#   stay         seconds for which a pid is watched at least
#   address, path, host, status, expect, header ([name, value or null] or null), version
#   words, variables, directory      of the command; directory may be null, for the home directory
bin_directory, search_path, wants = sys.argv[1:]
want = json.loads(wants)
begun = time.monotonic()
deadline = begun + want["seconds"]
most = 1 << 20


def remaining(least, longest=10.0):
    return max(least, min(longest, deadline - time.monotonic()))


def reason(error):
    if isinstance(error, socket.timeout):
        return "timeout", "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "refused", "nothing listens there (connection refused)"
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionResetError)):
        return "closed", "connection closed without an answer"
    if isinstance(error, http.client.HTTPException):
        return "not-http", "what came is not HTTP"
    return "failed", str(error) or type(error).__name__


def ask_tcp(port):
    socket.create_connection((want["address"], port), timeout=remaining(0.5)).close()
    return "open", None


def ask_http(port):
    connection = http.client.HTTPConnection(want["address"], port, timeout=remaining(0.5))
    try:
        headers = {"Connection": "close", "User-Agent": "es-check", "Accept": "*/*"}
        if want["host"]:
            headers["Host"] = want["host"]
        connection.request("GET", want["path"], headers=headers)
        answer = connection.getresponse()
        body = answer.read(most).decode("utf-8", "replace")
    finally:
        connection.close()
    return answer.status, wrong_with(answer, body)


def wrong_with(answer, body):
    """Why an answer is not well, or None."""
    begins = " ".join(body.split())[:120]
    if answer.status != want["status"]:
        to = answer.getheader("Location")
        return "status %s, not %s%s: %s" % (answer.status, want["status"], " (to %s)" % to if to else "", begins)
    if want["header"]:
        name, value = want["header"]
        values = [each.strip() for each in answer.headers.get_all(name, [])]
        if not values:
            return "the answer has no header %s" % name
        if value is not None and value not in values:
            return "the header %s is %r, not %r" % (name, values[0], value)
    if want["expect"] not in body:
        return "%r is not in the page: %s" % (want["expect"], begins)
    version = want["version"]
    whole = r"(?<![0-9A-Za-z.])%s(?![0-9A-Za-z]|\.[0-9])" % re.escape(version)
    if version and not re.search(whole, body):
        return "version %s is not in the page: %s" % (version, begins)
    return None


# Commands have process groups of their own, so that what they start ends with them.
running = set()
lock = Lock()


def end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_all(number, _):
    for child in list(running):
        end_group(child)
    os._exit(128 + number)


def ask_command(name, port):
    environment = {key: value for key, value in os.environ.items() if key != "LC_ALL"}
    environment.update(want["variables"], PATH=search_path)
    if bin_directory:
        environment.update(PATH=bin_directory + ":" + search_path, VIRTUAL_ENV=os.path.dirname(bin_directory))
    if name:
        environment["ESSAY_PROCESS"] = name
    if port is not None:
        environment.update(ESSAY_PORT=str(port), ESSAY_ADDRESS=want["address"])
    with lock:
        try:
            child = subprocess.Popen(
                want["words"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=want["directory"] or os.environ.get("HOME") or "/",
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError) as error:
            return "not-begun", str(error)
        running.add(child)
    try:
        output = child.communicate(timeout=remaining(0.5, 86400))[0]
    except subprocess.TimeoutExpired:
        return "timeout", "the command did not end in time"
    finally:
        end_group(child)
        running.discard(child)
    if child.returncode == 0:
        return 0, None
    lines = output[-4096:].decode("utf-8", "replace").split("\n")
    last = ([line for line in lines if line.strip()] or [""])[-1][:300]
    status, how = child.returncode, "the command ended with status %d" % child.returncode
    if status < 0:
        status = signal.Signals(-status).name
        how = "the command was ended by %s" % status
    return status, how + (": " + last if last else "")


def is_there(pid):
    """Whether a process runs, of whichever account."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return True


results = {}
asking = 0


def ask(each):
    if want["kind"] == "command":
        return ask_command(each.get("name"), each.get("port"))
    return ask_http(each["port"]) if want["kind"] == "http" else ask_tcp(each["port"])


def check(number, each):
    global asking
    while True:
        started = time.monotonic()
        try:
            status, wrong = ask(each)
        except (OSError, http.client.HTTPException, ValueError) as error:
            status, wrong = reason(error)
        now = time.monotonic()
        results[number] = (status, round((now - started) * 1000), wrong)
        # What cannot be begun now cannot a moment later.
        if wrong is None or status == "not-begun" or now + 0.2 >= deadline:
            break
        time.sleep(0.2)
    with lock:
        asking -= 1


def watch(number, pid):
    """Until all has been asked, and for a while at least."""
    while is_there(pid):
        now = time.monotonic()
        if asking == 0 and now >= min(deadline, begun + want["stay"]):
            results[number] = ("running", round((now - begun) * 1000), None)
            return
        time.sleep(0.1)
    results[number] = ("ended", round((time.monotonic() - begun) * 1000), "process %d has ended" % pid)


signal.signal(signal.SIGTERM, end_all)
asks = list(enumerate(want["asks"]))
asking = sum("pid" not in each for _, each in asks)
threads = [
    Thread(target=watch, args=(number, each["pid"])) if "pid" in each else Thread(target=check, args=(number, each))
    for number, each in asks
]
for thread in threads:
    thread.start()
for thread in threads:
    # A main thread that waits for ever hears of no signal.
    while thread.is_alive():
        thread.join(0.2)
for number, _ in asks:
    status, ms, wrong = results[number]
    print(number, status, ms, 1 if wrong is None else 0, " ".join((wrong or "").split()))
