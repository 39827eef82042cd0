# Unpacks pip's wheel into a virtualenv, and writes its programs. Of venv-make.sh.
# Arguments: the wheel; the folder in which the interpreter has a pip of its own, or -.

import glob, os, shutil, sys, sysconfig, zipfile, zlib
from importlib.util import MAGIC_NUMBER, cache_from_source

site, scripts = sysconfig.get_path("purelib"), sysconfig.get_path("scripts")
# Two of them in one place would be neither.
for old in [os.path.join(site, "pip"), *glob.glob(os.path.join(glob.escape(site), "pip-*.dist-info"))]:
    shutil.rmtree(old, ignore_errors=True)
with zipfile.ZipFile(sys.argv[1]) as wheel:
    members = wheel.infolist()
    wheel.extractall(site)
    [record] = [name for name in wheel.namelist() if name.endswith(".dist-info/RECORD")]


# What a file has in it, and when it was changed. There are hundreds of them: open() would ask the system twice as often.
def content(path):
    file = os.open(path, os.O_RDONLY)
    try:
        found = os.fstat(file)
        return os.read(file, found.st_size), found.st_mtime
    finally:
        os.close(file)


# A number of four bytes, as a compiled file has it.
def four(number):
    return (int(number) & 0xFFFFFFFF).to_bytes(4, "little")


# Puts beside a source, which is unpacked, what Python compiled of the same bytes elsewhere, if that is up to date there:
# 16 bytes, which are its format, how it is told to be up to date (0: by the next two), time and size of the source; then
# the code, of which Python itself mends the name of its source as it loads it.
def take_compiled(member, elsewhere, folders):
    try:
        text, changed = content(elsewhere)
        compiled, _ = content(cache_from_source(elsewhere))
    except OSError:
        return
    if compiled[:16] != MAGIC_NUMBER + four(0) + four(changed) + four(len(text)):
        return
    if len(text) != member.file_size or zlib.crc32(text) != member.CRC:
        return
    source = os.path.join(site, member.filename)
    target = cache_from_source(source)
    folder = os.path.dirname(target)
    if folder not in folders:
        os.makedirs(folder, exist_ok=True)
        folders.add(folder)
    with open(target, "wb") as file:
        file.write(MAGIC_NUMBER + four(0) + four(os.stat(source).st_mtime) + compiled[12:])


# The first start of pip would compile most of it, which takes longer than all that is done here.
if sys.argv[2] != "-":
    folders = set()
    for member in members:
        if member.filename.endswith(".py"):
            take_compiled(member, os.path.join(sys.argv[2], member.filename), folders)
interpreter = os.path.join(scripts, "python")
if " " in interpreter or len(interpreter) > 124:
    # The kernel takes no such first line: sh reads two quotes and starts Python, Python reads a string.
    first = "#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\"\n' '''\n" % interpreter
else:
    first = "#!%s\n" % interpreter
lines = []
for name in ("pip", "pip3", "pip3.%d" % sys.version_info[1]):
    path = os.path.join(scripts, name)
    with open(path, "w") as script:
        script.write(first + "import sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n")
    os.chmod(path, 0o755)
    lines.append(os.path.relpath(path, site) + ",,\n")
installer = os.path.join(os.path.dirname(record), "INSTALLER")
if not os.path.exists(os.path.join(site, installer)):
    with open(os.path.join(site, installer), "w") as file:
        file.write("pip\n")
    lines.append(installer + ",,\n")
with open(os.path.join(site, record), "a") as file:
    file.writelines(lines)
