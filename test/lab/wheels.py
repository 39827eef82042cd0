"""Makes wheels of the Python packages that Debian installs, for a package index of the lab.

usage: wheels.py usual|django|webpy DIRECTORY

Debian's copies of pip, setuptools and wheel are wheels already; the others are repacked from their installed files,
and setuptools so that it works with any Python (binary distribution format: https://packaging.python.org/specifications/binary-distribution-format/).
"""

import pathlib
import shutil
import sys

from wheel.wheelfile import WheelFile

INSTALLED = pathlib.Path("/usr/lib/python3/dist-packages")
BUNDLED = pathlib.Path("/usr/share/python-wheels")

WHEEL = """Wheel-Version: 1.0
Generator: essay-lab
Root-Is-Purelib: true
Tag: py3-none-any
"""


def metadata(egg_info, requires):
    """PKG-INFO with what the distribution needs; Debian keeps that apart, in the package's own fields."""
    source = egg_info / "PKG-INFO" if egg_info.is_dir() else egg_info
    headers, blank, description = source.read_text("utf-8").partition("\n\n")
    lines = [headers.rstrip("\n")] + [f"Requires-Dist: {name}" for name in requires]
    return "\n".join(lines) + "\n" + blank[1:] + description


def is_needed(path):
    """Django's translations, and what it has for maps, are half of its files; nothing here reads them."""
    above = path.parent.parts
    return path.is_file() and not ("__pycache__" in above or "locale" in above[:-1] or "gis" in above)


def repack(name, requires, target):
    (egg_info,) = INSTALLED.glob(f"{name}-*.egg-info")
    version = egg_info.name[len(name) + 1 : -len(".egg-info")]
    info = f"{name}-{version}.dist-info"
    entry_points = egg_info / "entry_points.txt"
    # Where distutils installed it there is one file only, which does not tell the package. Others may tell of Debian's
    # own folder before it.
    package = (egg_info / "top_level.txt").read_text().split()[-1] if egg_info.is_dir() else name
    with WheelFile(target / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path in sorted((INSTALLED / package).rglob("*")):
            if is_needed(path):
                wheel.write(path, str(path.relative_to(INSTALLED)))
        wheel.writestr(f"{info}/METADATA", metadata(egg_info, requires))
        wheel.writestr(f"{info}/WHEEL", WHEEL)
        if entry_points.exists():
            wheel.writestr(f"{info}/entry_points.txt", entry_points.read_bytes())
        wheel.writestr(f"{info}/top_level.txt", f"{package}\n")


def bundled(name):
    (wheel,) = BUNDLED.glob(f"{name}-*-py3-none-any.whl")
    return wheel


def repack_setuptools(target):
    """Debian's setuptools asks its command "install" for what only Debian's own Python gives it."""
    head = "class install(orig.install):\n"
    missing = "    install_layout = None\n    prefix_option = None\n"
    with WheelFile(bundled("setuptools")) as old, WheelFile(target / bundled("setuptools").name, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "setuptools/command/install.py":
                assert head.encode() in data
                data = data.replace(head.encode(), f"{head}{missing}".encode(), 1)
            if not entry.filename.endswith(".dist-info/RECORD"):
                new.writestr(entry, data)


def usual(target):
    for name in ("pip", "wheel"):
        shutil.copy(bundled(name), target)
    repack_setuptools(target)
    # supervisor imports pkg_resources, which setuptools brings.
    repack("supervisor", ["setuptools"], target)


def django(target):
    repack("Django", ["asgiref", "pytz", "sqlparse"], target)
    for name in ("asgiref", "pytz", "sqlparse"):
        repack(name, [], target)
    gunicorn(target)


def webpy(target):
    repack("web.py", ["cheroot"], target)
    repack("cheroot", ["jaraco.functools", "more-itertools"], target)
    repack("jaraco.functools", ["more-itertools"], target)
    repack("more_itertools", [], target)
    gunicorn(target)


def gunicorn(target):
    # It imports pkg_resources, too.
    repack("gunicorn", ["setuptools"], target)


def main():
    sets = {"usual": usual, "django": django, "webpy": webpy}
    sets[sys.argv[1]](pathlib.Path(sys.argv[2]))


main()
