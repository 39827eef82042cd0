# shellcheck shell=sh disable=SC2154
# What the virtualenv $venv has of what is wanted. After state.sh.
#
# What is wanted is a list of three words each: the name of a distribution; its version, or - where several will do;
# the requirement (PEP 508).

# glance COUNT WORD...: true when the COUNT distributions with which the words begin are there, each in the one version
# that is wanted; then prints NAME<TAB>VERSION for each. It starts the interpreter and imports nothing:
# importlib.metadata alone would take five times as long as the start.
glance() {
    "$venv/bin/python" -I - "$@" <<'PYTHON' 2>/dev/null
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
PYTHON
}

# look: the same, of the files $essay_scratch/wanted and $essay_scratch/constraints, with all that a requirement may
# say. The version is empty for what is for other systems only. Status 3 when not all is there; what will not do is
# printed as <TAB>NAME<TAB>VERSION, and nothing for what is not there, or whose metadata is there twice.
look() {
    "$venv/bin/python" -I - "$essay_scratch/wanted" "$essay_scratch/constraints" <<'PYTHON'
import re, sys
from importlib import metadata

try:
    from pip._vendor.packaging.requirements import Requirement
    from pip._vendor.packaging.version import Version
except ImportError:
    Requirement = Version = None

normal = lambda name: re.sub("[-_.]+", "-", name or "").lower()
installed = {}
for distribution in metadata.distributions():
    installed.setdefault(normal(distribution.metadata["Name"]), []).append(distribution)


def same(found, wanted):
    if found == wanted:
        return True
    # A distribution may spell its version otherwise: 6.11.21.01 is 6.11.21.1.
    try:
        return str(Version(found)) == str(Version(wanted))
    except Exception:
        return False


def allows(need, version):
    try:
        return need.specifier.contains(version, prereleases=True)
    except Exception:
        return False


# Whether there is what the distribution needs for an extra of it, and not otherwise.
def has_extra(distribution, extra):
    for text in distribution.requires or []:
        need = Requirement(text)
        if not need.marker or need.marker.evaluate({"extra": ""}) or not need.marker.evaluate({"extra": extra}):
            continue
        found = installed.get(normal(need.name), [])
        if len(found) != 1 or not allows(need, found[0].version):
            return False
    return True


good = True
for line in open(sys.argv[1]):
    name, version, text = line.rstrip("\n").split("\t")
    need = None
    if Requirement and "===" not in text:
        need = Requirement(text)
        if need.marker and not need.marker.evaluate({"extra": ""}):
            print(name, "", sep="\t")
            continue
    found = installed.get(normal(name), [])
    if len(found) != 1 or not found[0].version:
        good = False
        continue
    [one] = found
    fits = allows(need, one.version) if need else same(one.version, version)
    extras = re.match(r"[^\[;]*\[([^\]]*)\]", text)
    if fits and extras and Requirement:
        fits = all(has_extra(one, extra.strip()) for extra in extras.group(1).split(","))
    good = good and fits
    if not fits:
        print("", name, one.version, sep="\t")
    else:
        # As it was asked for, however the distribution spells it.
        print(name, version if version != "-" and same(one.version, version) else one.version, sep="\t")
for line in open(sys.argv[2]) if Requirement else []:
    if not re.match("[A-Za-z0-9]", line):
        continue
    limit = Requirement(re.sub(r"\s--hash.*", "", line.strip()))
    if limit.marker and not limit.marker.evaluate({"extra": ""}):
        continue
    for one in installed.get(normal(limit.name), []):
        good = good and allows(limit, one.version)
sys.exit(0 if good else 3)
PYTHON
}

# look_for_any: prints the names of the list $essay_scratch/wanted that are there in any version, as <TAB>NAME<TAB>VERSION;
# status 3 when one is.
look_for_any() {
    "$venv/bin/python" -I - "$essay_scratch/wanted" <<'PYTHON'
import re, sys
from importlib import metadata

normal = lambda name: re.sub("[-_.]+", "-", name or "").lower()
installed = {normal(one.metadata["Name"]): one.version for one in metadata.distributions()}
names = [line.split("\t")[0] for line in open(sys.argv[1])]
found = [name for name in names if normal(name) in installed]
for name in found:
    print("", name, installed[normal(name)], sep="\t")
sys.exit(3 if found else 0)
PYTHON
}

# snapshot: prints the names of all metadata that is there; each has a version in it.
snapshot() {
    for essay_info in "$venv"/lib/python3*/site-packages/*-info; do printf '%s\n' "$essay_info"; done
}
