# A virtualenv's Python, and the version of a project in it. Of status-look.sh.

import os, sys
from importlib import metadata

venv, project = sys.argv[1:]
sound = os.path.realpath(sys.prefix) == os.path.realpath(venv)
try:
    version = metadata.version(project) if project != "-" else None
except Exception:
    version = None
print("%d.%d.%d" % sys.version_info[:3], int(sound), "".join((version or "-").split()))
