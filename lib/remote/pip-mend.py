# Takes away distributions that are there in part only. Of pip-mend.sh.

import base64, csv, glob, hashlib, os, shutil, sys, sysconfig

prefix = os.path.realpath(sys.prefix)


def sound(path, sha256):
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return False
    # What Python compiled, and RECORD itself, have no digest.
    if not sha256:
        return True
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return sha256 == "sha256=" + digest


def rows_of(info):
    try:
        with open(os.path.join(info, "RECORD"), newline="", encoding="utf-8") as record:
            rows = [row for row in csv.reader(record) if len(row) == 3]
    except (OSError, csv.Error):
        return []
    own = os.path.basename(info) + "/RECORD"
    return rows if any(row[0] == own for row in rows) else []


def take_away_one(site):
    for info in glob.glob(os.path.join(glob.escape(site), "*.dist-info")):
        rows = rows_of(info)
        files = [os.path.join(site, path) for path, _, _ in rows]
        whole = [sound(file, row[1]) for file, row in zip(files, rows) if not file.endswith(".pyc")]
        if os.path.basename(info).startswith("pip-") or (whole and all(whole)):
            continue
        print("incomplete:", os.path.basename(info)[: -len(".dist-info")], file=sys.stderr)
        for file in files:
            if os.path.realpath(os.path.dirname(file)).startswith(prefix + os.sep) and os.path.isfile(file):
                os.remove(file)
        shutil.rmtree(info)
        return True
    return False


for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
    # What pip has put aside in order to remove it.
    for aside in glob.glob(os.path.join(glob.escape(site), "~*")):
        shutil.rmtree(aside, ignore_errors=True)
    # One may have had files of another, so each time all are looked at again.
    while take_away_one(site):
        pass
