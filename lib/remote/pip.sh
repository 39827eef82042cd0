# shellcheck shell=sh disable=SC2154
# Installs exact versions into a virtualenv, and looks whether they are there afterwards. After state.sh.
# Arguments: the virtualenv; a .netrc or -; a proxy or -; the number of runs of pip; for each run the text of a
# requirements file; the number of distributions to look for; for each its name and its version; then the
# flags of pip that name the index.

venv=$1
netrc=$2
proxy=$3
runs=$4
shift 4

scratch
log=$essay_scratch/log
essay_i=0
while [ "$essay_i" -lt "$runs" ]; do
    essay_i=$((essay_i + 1))
    printf '%s\n' "$1" >"$essay_scratch/requirements-$essay_i.txt"
    shift
done
: >"$essay_scratch/wanted"
essay_i=$1
shift
while [ "$essay_i" -gt 0 ]; do
    essay_i=$((essay_i - 1))
    printf '%s\t%s\n' "$1" "$2" >>"$essay_scratch/wanted"
    shift 2
done

# look: the installed version of each distribution, on stdout as NAME<TAB>VERSION, nothing for an absent
# one; true when all have the version that is wanted. One whose metadata is there twice has none.
look() {
    "$venv/bin/python" -I - "$essay_scratch/wanted" <<'PYTHON'
import re, sys
from importlib import metadata

normal = lambda name: re.sub("[-_.]+", "-", name or "").lower()
installed = {}
for distribution in metadata.distributions():
    installed.setdefault(normal(distribution.metadata["Name"]), []).append(distribution.version)


def same(found, wanted):
    if found == wanted:
        return True
    # A distribution may spell its version otherwise: 6.11.21.01 is 6.11.21.1.
    try:
        from pip._vendor.packaging.version import Version

        return str(Version(found)) == str(Version(wanted))
    except Exception:
        return False


good = True
for line in open(sys.argv[1]):
    name, wanted = line.rstrip("\n").split("\t")
    versions = installed.get(normal(name), [])
    if len(versions) != 1 or not versions[0]:
        good = False
        continue
    if same(versions[0], wanted):
        print(name, wanted, sep="\t")
    else:
        print(name, versions[0], sep="\t")
        good = False
sys.exit(0 if good else 3)
PYTHON
}

# mend: takes away each distribution of which not every file is there as it was installed, so that pip will
# install it anew: it trusts its metadata, and removes none that has no RECORD. pip itself is es-venv's.
mend() {
    "$venv/bin/python" -I - <<'PYTHON'
import base64, csv, glob, hashlib, os, shutil, sys, sysconfig

prefix = os.path.realpath(sys.prefix)


def sound(path, sha256, size):
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
        whole = [sound(file, *row[1:]) for file, row in zip(files, rows) if not file.endswith(".pyc")]
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
PYTHON
}

# run_pip FILE FLAG...: installs what FILE lists; the output goes to stderr and into the log.
run_pip() {
    file=$1
    shift
    {
        "$venv/bin/python" -I -m pip install "$@" --requirement "$file" 2>&1 || : >"$essay_scratch/failed"
    } | tee -a "$log" >&2
    [ ! -e "$essay_scratch/failed" ]
}

# refuse_python WHAT PYTHON: fails for a distribution that is for another Python.
refuse_python() {
    fail requires-python "$1 is for Python $2 only, and $venv is of $("$venv/bin/python" --version)"
}

# explain_absence FLAG...: fails for a requirement of which pip found no version that will do.
explain_absence() {
    missing=$(sed -n 's/.*Could not find a version that satisfies the requirement \(.*\) (from versions: \(.*\))$/\1'"$essay_tab"'\2/p' "$log" | head -n 1)
    [ -n "$missing" ] || return 0
    version=${missing%%"$essay_tab"*}
    version=${version##*=}
    ignored=$(sed -n 's/^ERROR: Ignored the following versions that require a different python version: //p' "$log" |
        tr ';' '\n' | sed 's/^ *//' | grep -F -e "$version Requires-Python" | head -n 1)
    [ -z "$ignored" ] || refuse_python "${missing%%=*} $version" "${ignored##*Requires-Python }"
    # That is also what pip says when it could not ask; only its log tells. With a log, however, pip does not
    # show what a failed build said, so it has none the first time.
    printf '%s\n' "${missing%%"$essay_tab"*}" >"$essay_scratch/missing.txt"
    "$venv/bin/python" -I -m pip download --log "$essay_scratch/debug" "$@" --retries 0 --no-deps \
        --dest "$essay_scratch" --requirement "$essay_scratch/missing.txt" >/dev/null 2>&1 || :
    trouble=$(sed -n 's/.*Could not fetch URL \(.*\) - skipping$/\1/p' "$essay_scratch/debug" |
        grep -v -e ': 404 Client Error' | head -n 1)
    # Of "HTTPConnectionPool(...): Max retries exceeded ... (Caused by ...Error(...))" only the cause.
    trouble=$(printf '%s' "$trouble" |
        sed -e "s/HTTPS*ConnectionPool(.*(Caused by [A-Za-z]*(.*> *: *\(.*\)'))\$/\1/" \
            -e "s/HTTPS*ConnectionPool(.*(Caused by [A-Za-z]*(['\"]\(.*\)['\"]))\$/\1/")
    case $trouble in
        '') ;;
        *': 401 '* | *': 403 '*) fail auth-failed "the index does not let pip in: $trouble" ;;
        *) fail index-failed "pip gets nothing from the index: $trouble" ;;
    esac
    # The other side makes a sentence of it: it knows the index.
    fail version-not-found "$missing"
}

# refuse_conflict: fails when pip has installed what does not go together: before 20.3 it only says so.
refuse_conflict() {
    conflict=$(sed -n "s/^ERROR: \\(.* has requirement .*, but you'll have .* which is incompatible\\)\\.*\$/\\1/p" "$log" | head -n 1)
    [ -z "$conflict" ] || fail conflict "these do not go together: $conflict"
}

# lacking: writes what the distributions that are wanted need here and is not there, and which of them needs it.
lacking() {
    "$venv/bin/python" -I - "$essay_scratch/wanted" <<'PYTHON'
import re, sys
from importlib import metadata

try:
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
except ImportError:
    sys.exit(0)

normal = lambda name: re.sub("[-_.]+", "-", name or "").lower()
installed = {normal(one.metadata["Name"]): one for one in metadata.distributions()}
# Names, each with an extra of it or none.
todo = [(normal(line.split("\t")[0]), "") for line in open(sys.argv[1])]
seen = set()
while todo:
    name, extra = todo.pop()
    if (name, extra) in seen:
        continue
    seen.add((name, extra))
    for text in installed[name].requires or []:
        try:
            need = Requirement(text)
        except InvalidRequirement:
            continue
        if need.marker and not need.marker.evaluate({"extra": extra}):
            continue
        if normal(need.name) not in installed:
            print(f"{need.name}, which {name} needs")
            sys.exit()
        todo.extend((normal(need.name), each) for each in ["", *need.extras])
PYTHON
}

# refuse_lacking: fails when a release that has the files of its dependencies does not have all that it needs
# here: it may have been made for another Python, or another system.
refuse_lacking() {
    lack=$(lacking) || return 0
    [ -z "$lack" ] ||
        fail incomplete "the release has no file of $lack on this host: es-wheel --deps fetches for its own machine and Python"
}

# tell_yanked: results for what pip has installed although it is yanked (PEP 592): an exact version is.
tell_yanked() {
    sed -n "s/^ *WARNING: The candidate selected for download or install is a yanked version: '\\(.*\\)' candidate (version \\([^ ]*\\) at .*/\\1 \\2/p" "$log" |
        sort -u >"$essay_scratch/yanked"
    while read -r what; do result yanked "$what"; done <"$essay_scratch/yanked"
}

# explain FLAG...: fails with what the log of pip says.
explain() {
    if grep -q 'DO NOT MATCH THE HASHES' "$log"; then
        what=$(sed -n 's/^    [^ ].* from \([^ #]*\).*$/\1/p' "$log" | head -n 1 | sed -e 's|.*/||' -e 's/%2[Bb]/+/g')
        than="the index itself says"
        ! grep -q -e ' --hash=' "$essay_scratch/requirements-$essay_i.txt" || than="the release"
        kept=": nothing was installed"
        ! grep -q '^Installing collected packages' "$log" || kept=
        fail hash-mismatch "${what:-a file} on the index has other bytes than $than$kept"
    fi
    explain_absence "$@"
    if grep -q 'No space left on device' "$log"; then
        fail disk-full "no space left for $venv"
    fi
    python=$(sed -n "s/^ERROR: Package '\(.*\)' requires a different Python: .* not in '\(.*\)'\$/\1=\2/p" "$log" | head -n 1)
    [ -z "$python" ] || refuse_python "${python%%=*}" "${python#*=}"
    conflict=$(sed -n '/^The conflict is caused by:/,/^$/s/^    //p' "$log" | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
    [ -z "$conflict" ] || fail conflict "these do not go together: $conflict"
    compiler=$(sed -n -e "s/^.*error: command '*\([^' ]*\)'* failed: No such file or directory.*\$/\1/p" "$log" | head -n 1)
    [ -z "$compiler" ] || fail pip-failed "a build needs $compiler, which is not on this host: es-wheel builds wheels elsewhere"
    last=$(sed -n -e 's/^ERROR: //p' -e 's/^error: //p' "$log" | tail -n 1)
    fail pip-failed "pip: ${last:-it failed without an error line}"
}

# install FLAG...: has pip install all that is wanted; fails when pip does.
install() {
    : >"$log"
    essay_i=0
    while [ "$essay_i" -lt "$runs" ]; do
        essay_i=$((essay_i + 1))
        exact=
        if [ "$essay_i" -lt "$runs" ] || grep -q -e ' --hash=' "$essay_scratch/requirements-$essay_i.txt"; then exact=--no-deps; fi
        if ! run_pip "$essay_scratch/requirements-$essay_i.txt" ${exact:+"$exact"} "$@"; then
            # Before this line pip has touched nothing, and the virtualenv is as it was.
            if [ "$marked" = no ] && ! grep -q '^Installing collected packages' "$log"; then
                unmark_venv "$venv" es-pip
            fi
            explain "$@"
        fi
    done
    refuse_conflict
    [ -z "$exact" ] || refuse_lacking
    tell_yanked
}

if [ ! -x "$venv/bin/python" ]; then
    if [ "$essay_plan" = 1 ]; then
        while IFS="$essay_tab" read -r name version; do
            change "$name $version installed" || :
        done <"$essay_scratch/wanted"
        exit 0
    fi
    fail no-venv "there is no virtualenv $venv: run es-venv first"
fi
lock_venv "$venv"
refuse_marked "$venv" es-pip

status=0
found=$(look) || status=$?
[ "$status" = 0 ] || [ "$status" = 3 ] || fail venv-broken "the python of $venv does not run: run es-venv again"

marked=no
if marked_by "$venv" es-pip; then
    marked=yes
    if change "what was cut short mended"; then
        mend || fail venv-broken "the python of $venv does not run: run es-venv again"
        status=0
        found=$(look) || status=$?
    fi
fi
if [ "$status" != 0 ]; then
    while IFS="$essay_tab" read -r name version; do
        if printf '%s\n' "$found" | grep -qxF -e "$name$essay_tab$version"; then continue; fi
        change "$name $version installed" || :
    done <"$essay_scratch/wanted"
fi
# A dependency, too, may have been cut short: then pip looks at them.
if [ "$essay_plan" = 0 ] && { [ "$status" != 0 ] || [ "$marked" = yes ]; }; then
    mark_venv "$venv" es-pip
    set_pip_apart "$netrc" "$proxy"
    install "$@"
    status=0
    found=$(look) || status=$?
    if [ "$status" != 0 ]; then
        fail not-installed "pip said that all went well, but $venv has: $(printf '%s' "$found" | tr '\t\n' ' ,')"
    fi
    renew_venv "$venv" es-pip
fi
[ "$status" != 0 ] || result installed "$found"
