# What a distribution that was asked for needs and is not there. Of pip-explain.sh; after pip-distributions.py.

import sys

try:
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
except ImportError:
    sys.exit(0)

installed = dict(distributions)
# Names, each with an extra of it or none.
todo = [(normal(line.split("\t")[0]), "") for line in open(sys.argv[1])]
seen = set()
while todo:
    name, extra = todo.pop()
    if (name, extra) in seen:
        continue
    seen.add((name, extra))
    for text in installed[name].requires or []:
        try:
            need = Requirement(text)
        except InvalidRequirement:
            continue
        if need.marker and not need.marker.evaluate({"extra": extra}):
            continue
        if normal(need.name) not in installed:
            print(f"{need.name}, which {name} needs")
            sys.exit()
        todo.extend((normal(need.name), each) for each in ["", *need.extras])
