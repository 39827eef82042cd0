# What some installed distribution needs otherwise than it is there. Of pip-explain.sh; after pip-distributions.py.

import subprocess, sys

installed = dict(distributions)
needs = [(one, text) for one in installed.values() for text in one.requires or []]
# Importing this takes longer than all the rest.
if not needs:
    sys.exit()
try:
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
except ImportError:
    subprocess.call([sys.executable, "-I", "-m", "pip", "check", "--disable-pip-version-check"])
    sys.exit()

for one, text in needs:
    try:
        need = Requirement(text)
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue
        found = installed.get(normal(need.name))
        if found and need.specifier.contains(found.version, prereleases=True):
            continue
    except (InvalidRequirement, ValueError):
        continue
    which = f"{one.metadata['Name']} {one.version} needs {need.name}{need.specifier}"
    print(f"{which}, and {need.name} {found.version} is there" if found else f"{which}, which is not there")
    sys.exit()
