# What some installed distribution needs otherwise than it is there, as "pip check" tells it, in the time of which pip
# only starts. Of pip-look.sh; after pip-distributions.py, and before a look, of which it is a part: the file that the
# last argument names takes the answer; - for none.

import subprocess, sys


def first_unmet():
    installed = dict(distributions)
    needs = [(one, text) for one in installed.values() for text in one.requires or []]
    # Importing this takes longer than all the rest.
    if not needs:
        return ""
    try:
        from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
    except ImportError:
        # An old pip, which has no such module, is asked itself.
        asking = [sys.executable, "-I", "-m", "pip", "check", "--disable-pip-version-check"]
        return subprocess.run(asking, stdout=subprocess.PIPE, universal_newlines=True).stdout
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
        return f"{which}, and {need.name} {found.version} is there" if found else f"{which}, which is not there"
    return ""


if sys.argv[-1] != "-":
    with open(sys.argv[-1], "w") as file:
        file.write(first_unmet())
