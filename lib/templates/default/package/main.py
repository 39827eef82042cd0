"""The web service and its command line."""

import argparse
import logging
import signal
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata

from <% package %> import log, settings

logger = logging.getLogger("<% package %>")


def version():
    """The version that is installed; in a checkout, the one that settings.py has."""
    try:
        return metadata.version("<% project %>")
    except metadata.PackageNotFoundError:
        return settings.VERSION


class Handler(BaseHTTPRequestHandler):
    # Seconds that a silent client may hold a thread: fewer than stopwaitsecs of conf/supervisord.conf.
    timeout = 5

    def do_GET(self):
        if self.path.partition("?")[0] == "/":
            self.answer(200, f"<% project %> {self.server.version}\n")
        else:
            self.answer(404, "not found\n")

    do_HEAD = do_GET

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format, *args):
        logger.debug("%s %s", self.address_string(), format % args)


class Server(ThreadingHTTPServer):
    # Closing waits for the threads, so that requests under way are finished.
    daemon_threads = False
    # Connections that may wait until they are accepted.
    request_queue_size = 128

    def __init__(self, bind, port):
        if ":" in bind:
            self.address_family = socket.AF_INET6
        self.version = version()
        super().__init__((bind, port), Handler)

    def server_bind(self):
        # HTTPServer would ask the name service for the address's name, which can take long.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


def arguments():
    parser = argparse.ArgumentParser(prog="<% project %>")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8800, help="port to listen on")
    parser.add_argument("--profile", default="dev", help="settings to use: dev, test, ...")
    return parser.parse_args()


def main():
    given = arguments()
    log.set_up(settings.log_level(given.profile))
    server = Server(given.bind, given.port)

    def stop(number, frame):
        # shutdown() waits for serve_forever(), which runs in this very thread.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    logger.info("%s on %s port %s, profile %s", server.version, given.bind, given.port, given.profile)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    logger.info("stopped")


if __name__ == "__main__":
    main()
