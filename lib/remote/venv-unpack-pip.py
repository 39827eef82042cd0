# Unpacks pip's wheel into a virtualenv, and writes its programs. Of venv-make.sh.

import glob, os, shutil, sys, sysconfig, zipfile

site, scripts = sysconfig.get_path("purelib"), sysconfig.get_path("scripts")
# Two of them in one place would be neither.
for old in [os.path.join(site, "pip"), *glob.glob(os.path.join(glob.escape(site), "pip-*.dist-info"))]:
    shutil.rmtree(old, ignore_errors=True)
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(site)
    [record] = [name for name in wheel.namelist() if name.endswith(".dist-info/RECORD")]
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
