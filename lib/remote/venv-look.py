# Fails where a virtualenv is not sound; otherwise prints its version of Python, and where that is installed. Of venv.sh.
# One start of the interpreter tells its version, where it thinks it is, whether pip is there, and whether its programs
# start this interpreter: in one that was moved or copied they start that of the old place.

import importlib, os, re, sys

venv, module = sys.argv[1:]
importlib.import_module(module)
assert os.path.realpath(sys.prefix) == os.path.realpath(venv)
own = os.path.join(venv, "bin")
with open(os.path.join(own, "pip"), errors="replace") as script:
    named = re.match("#!(?:/bin/sh\n.{3}exec. )?\"?(/[^\n\"]*)/python", script.read(4096))
assert not named or os.path.realpath(named.group(1)) == os.path.realpath(own)
print("%d.%d.%d" % sys.version_info[:3])
print(os.path.realpath(sys.base_prefix))
