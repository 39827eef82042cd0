# Lines for the other side, as the script's own `result` writes them. Of what writes to descriptor 3.

import sys


def result(name, value):
    value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    sys.stdout.buffer.write(("%s\t%s\n" % (name, value)).encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
