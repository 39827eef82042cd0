# Whether distributions are there as requirements and constraints have it. Of pip-look.sh; after pip-distributions.py.

import re, sys

installed = {}
for name, distribution in distributions:
    installed.setdefault(name, []).append(distribution)


# What a requirement says; nothing with an old pip, which cannot tell. For exact versions it is not asked: importing this
# takes longer than all the rest.
def parsed(text):
    try:
        from pip._vendor.packaging.requirements import Requirement
    except ImportError:
        return None
    return Requirement(text)


def same(found, wanted):
    if found == wanted:
        return True
    # A distribution may spell its version otherwise: 6.11.21.01 is 6.11.21.1.
    try:
        from pip._vendor.packaging.version import Version

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
        need = parsed(text)
        if not need or not need.marker:
            continue
        if need.marker.evaluate({"extra": ""}) or not need.marker.evaluate({"extra": extra}):
            continue
        found = installed.get(normal(need.name), [])
        if len(found) != 1 or not allows(need, found[0].version):
            return False
    return True


good = True
for line in open(sys.argv[1]):
    name, version, text = line.rstrip("\n").split("\t")
    need = None if "===" in text else parsed(text)
    if need and need.marker and not need.marker.evaluate({"extra": ""}):
        print(name, "", sep="\t")
        continue
    found = installed.get(normal(name), [])
    if len(found) != 1 or not found[0].version:
        good = False
        continue
    [one] = found
    fits = allows(need, one.version) if need else same(one.version, version)
    extras = re.match(r"[^\[;]*\[([^\]]*)\]", text)
    if fits and extras:
        fits = all(has_extra(one, extra.strip()) for extra in extras.group(1).split(","))
    good = good and fits
    if not fits:
        print("", name, one.version, sep="\t")
    else:
        # As it was asked for, however the distribution spells it.
        print(name, version if version != "-" and same(one.version, version) else one.version, sep="\t")
for line in open(sys.argv[2]):
    if not re.match("[A-Za-z0-9]", line):
        continue
    limit = parsed(re.sub(r"\s--hash.*", "", line.strip()))
    if not limit or (limit.marker and not limit.marker.evaluate({"extra": ""})):
        continue
    for one in installed.get(normal(limit.name), []):
        good = good and allows(limit, one.version)
sys.exit(0 if good else 3)
