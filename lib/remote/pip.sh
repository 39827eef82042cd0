# shellcheck shell=sh disable=SC2154
# Installs exact versions into a virtualenv, and looks whether they are there afterwards. After state.sh.
# Arguments: the virtualenv; a .netrc or -; the number of runs of pip; for each run the text of a
# requirements file; the number of distributions to look for; for each its name and its version; then the
# flags of pip that name the index.

venv=$1
netrc=$2
runs=$3
shift 3

scratch
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
# one; true when all have the version that is wanted.
look() {
    "$venv/bin/python" - "$essay_scratch/wanted" <<'PYTHON'
import sys
from importlib import metadata

good = True
for line in open(sys.argv[1]):
    name, wanted = line.rstrip("\n").split("\t")
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        good = False
        continue
    print(name, found, sep="\t")
    good = good and found == wanted
sys.exit(0 if good else 3)
PYTHON
}

# run_pip FILE FLAG...: installs what FILE lists; the output goes to stderr and into the log.
run_pip() {
    file=$1
    shift
    {
        "$venv/bin/python" -m pip install "$@" --requirement "$file" 2>&1 || : >"$essay_scratch/failed"
    } | tee -a "$essay_scratch/log" >&2
    [ ! -e "$essay_scratch/failed" ]
}

# explain: fails with what the log of pip says.
explain() {
    log=$essay_scratch/log
    last=$(sed -n 's/^ERROR: //p' "$log" | tail -n 1)
    if grep -q 'DO NOT MATCH THE HASHES' "$log"; then
        what=$(sed -n 's/^    \([^ ].*\) from .*$/\1/p' "$log" | head -n 1)
        fail hash-mismatch "the index has another file for ${what:-a distribution} than the release: nothing was installed"
    fi
    missing=$(sed -n 's/.*Could not find a version that satisfies the requirement \(.*\) (from versions: \(.*\))$/\1'"$essay_tab"'\2/p' "$log" | head -n 1)
    # The other side makes a sentence of it: it knows the index.
    [ -z "$missing" ] || fail version-not-found "$missing"
    if grep -q 'No space left on device' "$log"; then
        fail disk-full "no space left for $venv"
    fi
    fail pip-failed "pip: ${last:-it failed without an error line}"
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

status=0
found=$(look) || status=$?
[ "$status" = 0 ] || [ "$status" = 3 ] || fail venv-broken "the python of $venv does not run: run es-venv again"

marked=no
[ ! -e "$venv/.essay/changing" ] || marked=yes
if [ "$status" = 3 ] || [ "$marked" = yes ]; then
    while IFS="$essay_tab" read -r name version; do
        if [ "$marked" = no ] && printf '%s\n' "$found" | grep -qxF "$name$essay_tab$version"; then continue; fi
        change "$name $version installed" || :
    done <"$essay_scratch/wanted"
    [ "$essay_plan" = 0 ] || exit 0
    PIP_CONFIG_FILE=/dev/null
    export PIP_CONFIG_FILE
    if [ "$netrc" != - ]; then
        (umask 077 && printf '%s' "$netrc" >"$essay_scratch/netrc")
        NETRC=$essay_scratch/netrc
        export NETRC
    fi
    # What was cut short may have left any file missing: pip then writes all of them anew.
    again=
    [ "$marked" = no ] || again=--force-reinstall
    mark_venv "$venv" es-pip
    : >"$essay_scratch/log"
    essay_i=0
    while [ "$essay_i" -lt "$runs" ]; do
        essay_i=$((essay_i + 1))
        exact=
        if [ "$essay_i" -lt "$runs" ] || grep -q ' --hash=' "$essay_scratch/requirements-$essay_i.txt"; then exact=--no-deps; fi
        [ "$essay_i" = 1 ] || again=
        if ! run_pip "$essay_scratch/requirements-$essay_i.txt" ${again:+"$again"} ${exact:+"$exact"} "$@"; then
            # Before this line pip has touched nothing, and the virtualenv is as it was.
            if [ "$marked" = no ] && ! grep -q '^Installing collected packages' "$essay_scratch/log"; then
                rm -f "$venv/.essay/changing"
            fi
            explain
        fi
    done
    status=0
    found=$(look) || status=$?
    if [ "$status" != 0 ]; then
        fail not-installed "pip said that all went well, but $venv has: $(printf '%s' "$found" | tr '\t\n' ' ,')"
    fi
    unmark_venv "$venv"
fi
result installed "$found"
