"""Logging to stderr, which supervisord keeps in files."""

import logging
import sys


def set_up(level):
    logging.basicConfig(
        stream=sys.stderr,
        level=level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
