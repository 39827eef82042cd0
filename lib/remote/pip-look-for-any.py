# Which distributions are there, in whatever version. Of pip-look.sh; after pip-distributions.py.

import sys

installed = {name: one.version for name, one in distributions}
names = [line.split("\t")[0] for line in open(sys.argv[1])]
found = [name for name in names if normal(name) in installed]
for name in found:
    print("", name, installed[normal(name)], sep="\t")
sys.exit(3 if found else 0)
