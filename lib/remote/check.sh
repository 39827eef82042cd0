# shellcheck shell=sh disable=SC2154
# Asks ports of this host until all answer as they should, or the time is over.
# Arguments: the virtualenv, or -, which may begin with ~/; then what the program below takes.
# For each port a result "check": PORT STATUS MILLISECONDS OK (1 or 0) and, where it is not, why.

venv=$1
shift
expand_home "$venv"
venv=$expanded
python=$venv/bin/python
[ -x "$python" ] || python=$(command -v python3) || fail python-not-found "no python3 in PATH ($PATH)"

checks=$("$python" -I - "$@" <<'PYTHON'
import http.client, re, socket, sys, time
from threading import Thread

# Arguments: http or tcp; seconds; address; path; Host header; status; what the page must contain; a version
# that it must contain; the ports. An empty one is none.
kind, limit, address, path, host, wanted, text, version, *ports = sys.argv[1:]
deadline = time.monotonic() + float(limit)
most = 1 << 20


def remaining(least):
    return max(least, min(10.0, deadline - time.monotonic()))


def reason(error):
    if isinstance(error, socket.timeout):
        return "timeout", "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "refused", "connection refused"
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionResetError)):
        return "closed", "connection closed without an answer"
    if isinstance(error, http.client.HTTPException):
        return "not-http", "what came is not HTTP"
    return "failed", str(error) or type(error).__name__


def ask_tcp(port):
    socket.create_connection((address, port), timeout=remaining(0.5)).close()
    return "open", None


def ask_http(port):
    connection = http.client.HTTPConnection(address, port, timeout=remaining(0.5))
    try:
        headers = {"Connection": "close", "User-Agent": "es-check", "Accept": "*/*"}
        if host:
            headers["Host"] = host
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read(most).decode("utf-8", "replace")
    finally:
        connection.close()
    begins = " ".join(body.split())[:120]
    if str(answer.status) != wanted:
        to = answer.getheader("Location")
        return answer.status, "status %s, not %s%s: %s" % (
            answer.status, wanted, " (to %s)" % to if to else "", begins)
    if text and text not in body:
        return answer.status, "%r is not in the page: %s" % (text, begins)
    whole = r"(?<![0-9A-Za-z.])%s(?![0-9A-Za-z]|\.[0-9])" % re.escape(version)
    if version and not re.search(whole, body):
        return answer.status, "version %s is not in the page: %s" % (version, begins)
    return answer.status, None


ask = ask_http if kind == "http" else ask_tcp
results = {}


def check(port):
    while True:
        begun = time.monotonic()
        try:
            status, wrong = ask(port)
        except (OSError, http.client.HTTPException, ValueError) as error:
            status, wrong = reason(error)
        now = time.monotonic()
        results[port] = (status, round((now - begun) * 1000), wrong)
        if wrong is None or now + 0.2 >= deadline:
            return
        time.sleep(0.2)


threads = [Thread(target=check, args=(int(port),)) for port in ports]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for port in map(int, ports):
    status, ms, wrong = results[port]
    print(port, status, ms, 1 if wrong is None else 0, " ".join((wrong or "").split()))
PYTHON
) || fail check-failed "the check itself failed: $python did not run it"

[ -z "$checks" ] || printf '%s\n' "$checks" | while IFS= read -r check; do result check "$check"; done
