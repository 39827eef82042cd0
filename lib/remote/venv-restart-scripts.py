# Has the programs of a virtualenv that was moved or copied start its own interpreter. Of venv-make.sh.

import os, re, shutil, sys

own = sys.argv[1]
start = re.compile(
    rb"#!(?:/bin/sh\n'''exec' \"?(?P<long>/[^\n\"]*)/(?P<a>python[\d.]*)\"? \"\$0\" \"\$@\"\n' '''"
    rb"|(?P<short>/[^\n]*)/(?P<b>python[\d.]*))\n"
)


def read(name):
    with open(os.path.join(own, name), "rb") as script:
        text = script.read()
    found = start.match(text)
    return (found["long"] or found["short"], found["a"] or found["b"], text[found.end() :]) if found else None


pip = read("pip") if os.path.exists(os.path.join(own, "pip")) else None
if pip and os.path.realpath(pip[0]) != os.path.realpath(os.fsencode(own)):
    for name in os.listdir(own):
        path = os.path.join(own, name)
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        program = read(name)
        if not program or program[0] != pip[0]:
            continue
        # sh reads two quotes and starts Python; Python reads a string. Any path may stand there.
        interpreter = os.path.join(os.fsencode(own), program[1])
        with open(path + ".new", "wb") as script:
            script.write(b"#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\"\n' '''\n%s" % (interpreter, program[2]))
        shutil.copymode(path, path + ".new")
        os.replace(path + ".new", path)
