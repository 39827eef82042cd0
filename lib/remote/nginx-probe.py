# Asks for a URL until the answer is as it should be, or the time is over; prints why it is not.
# Arguments: the URL; what the page must contain; the seconds.

import http.client, socket, ssl, sys, time
from ipaddress import ip_address
from urllib.parse import urlsplit

url, expect, seconds = sys.argv[1:]
deadline = time.monotonic() + float(seconds)
most = 1 << 20
parts = urlsplit(url)
port = parts.port or (443 if parts.scheme == "https" else 80)


def addresses():
    try:
        return [str(ip_address(parts.hostname))]
    except ValueError:
        return ["127.0.0.1", "::1"]


def connect():
    for address in addresses():
        try:
            return socket.create_connection((address, port), timeout=max(0.5, deadline - time.monotonic()))
        except OSError as error:
            trouble = error
    raise trouble


def ask():
    """Why the answer is not well, or None."""
    connection = http.client.HTTPConnection(parts.hostname, port)
    connection.sock = connect()
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
        path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        headers = {"Host": parts.netloc.rpartition("@")[2], "Connection": "close", "User-Agent": "es-nginx-switch"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read(most).decode("utf-8", "replace")
    finally:
        connection.close()
    begins = " ".join(body.split())[:120]
    if answer.status != 200:
        return "status %s, not 200: %s" % (answer.status, begins)
    if expect not in body:
        return "the page does not contain %s: %s" % (expect, begins)


while True:
    try:
        why = ask()
    except (OSError, http.client.HTTPException) as error:
        why = str(error) or type(error).__name__
    if why is None:
        break
    if time.monotonic() > deadline:
        print(why)
        break
    time.sleep(0.2)
