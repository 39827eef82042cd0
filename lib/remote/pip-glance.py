# Whether distributions are there in the one version that is wanted. Of pip-look.sh; imports next to nothing, as it
# runs each time.

import os, sys


def normal(name):
    name = name.lower().replace("_", "-").replace(".", "-")
    while "--" in name:
        name = name.replace("--", "-")
    return name


# The names and versions that a folder or file of metadata tells.
def told(path):
    for file in (os.path.join(path, "METADATA"), os.path.join(path, "PKG-INFO"), path):
        if os.path.isfile(file):
            name = version = ""
            for line in open(file, encoding="utf-8", errors="replace"):
                if line.isspace():
                    break
                field, _, value = line.partition(":")
                if field == "Name":
                    name = name or value.strip()
                if field == "Version":
                    version = version or value.strip()
            return normal(name), version
    return "", ""


infos = []
for place in sys.path:
    if os.path.isdir(place):
        infos += [os.path.join(place, name) for name in os.listdir(place) if name.endswith("-info")]
named = [(normal(os.path.basename(info)), info) for info in infos]
lines = []
for name, wanted, text in zip(*[iter(sys.argv[2 : 2 + 3 * int(sys.argv[1])])] * 3):
    key = normal(name)
    found = [told(info) for start, info in named if start.startswith(key + "-")]
    # What an extra needs is looked at by look.
    if [version for one, version in found if one == key] != [wanted] or "[" in text:
        sys.exit(3)
    lines.append(name + "\t" + wanted)
print("\n".join(lines))
