# Makes a wheel and an sdist of a one-line module. Arguments: directory, name, version, text of the module, and
# more lines for the metadata.
import gzip
import io
import sys
import tarfile
import zipfile

directory, name, version, text, *more = sys.argv[1:]
more = "".join(f"{line}\n" for line in more)
python = "" if "Requires-Python:" in more else "Requires-Python: >=3.8\n"
metadata = f"""Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: a small thing
Author: Zoë
Classifier: Programming Language :: Python :: 3
Classifier: Topic :: Utilities
Project-URL: Source, http://source.example/
{python}Description-Content-Type: text/plain
{more}
First line
with ümlaut.
"""
setup = f"from setuptools import setup\nsetup(name={name!r}, version={version!r}, py_modules=[{name!r}])\n"
sdist = {f"{name}.py": text, "setup.py": setup, "PKG-INFO": metadata}
wheel = {
    f"{name}.py": text,
    f"{name}-{version}.dist-info/METADATA": metadata,
    f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{name}-{version}.dist-info/RECORD": "",
}

with zipfile.ZipFile(f"{directory}/{name}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
    for path, content in wheel.items():
        archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)

packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w") as archive:
    for path, content in sdist.items():
        entry = tarfile.TarInfo(f"{name}-{version}/{path}")
        entry.size = len(content.encode())
        archive.addfile(entry, io.BytesIO(content.encode()))
with open(f"{directory}/{name}-{version}.tar.gz", "wb") as file:
    file.write(gzip.compress(packed.getvalue(), mtime=0))
