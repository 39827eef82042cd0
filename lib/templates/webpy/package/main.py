"""The site: which class answers which path, and the application that gunicorn serves."""

import argparse

import web

from <% package %> import settings

# With it, web.py shows people what went wrong.
web.config.debug = settings.DEBUG

urls = ("/", "Index")


class Index:
    def GET(self):
        web.header("Content-Type", "text/plain; charset=utf-8")
        return f"<% project %> {settings.VERSION}\n"

    def HEAD(self):
        self.GET()
        return ""


application = web.application(urls, globals(), autoreload=False).wsgifunc()


def main():
    """Serves it in a checkout, by the server that web.py brings."""
    parser = argparse.ArgumentParser(prog="<% project %>")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8800, help="port to listen on")
    given = parser.parse_args()
    web.httpserver.runsimple(application, (given.bind, given.port))


if __name__ == "__main__":
    main()
