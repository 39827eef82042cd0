# shellcheck shell=sh disable=SC2154
# What pip's output, in the file $log, says of a failure. After pip-look.sh.

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
    # It has asked no index then.
    [ "$source" = - ] || fail version-not-found "$missing"
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
@pip-distributions.py@
@pip-lacking.py@
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
    if head -n 1 "$log" | grep -q '/python: No module named pip$'; then
        fail venv-broken "$venv has no pip: run es-venv again"
    fi
    if grep -q 'DO NOT MATCH THE HASHES' "$log"; then
        what=$(sed -n 's/^    [^ ].* from \([^ #]*\).*$/\1/p' "$log" | head -n 1 | sed -e 's|.*/||' -e 's/%2[Bb]/+/g')
        than="the index itself says"
        ! grep -q -e ' --hash=' "$essay_scratch/requirements-$essay_i.txt" || than="the requirements say"
        [ "$alone" = 0 ] || than="the release"
        kept=": nothing was installed"
        ! grep -q '^Installing collected packages' "$log" || kept=
        fail hash-mismatch "${what:-a file} on the index has other bytes than $than$kept"
    fi
    explain_absence "$@"
    if grep -q 'No space left on device' "$log"; then
        fail disk-full "no space left for $venv"
    fi
    if grep -q 'Read-only file system' "$log"; then
        fail permission-denied "cannot write in $venv: Read-only file system"
    fi
    path=$(sed -n "s/^ERROR: Could not install packages due to an OSError: .*Permission denied: '\(.*\)'\$/\1/p" "$log" | head -n 1)
    [ -z "$path" ] || fail permission-denied "cannot write $path: Permission denied"
    python=$(sed -n "s/^ERROR: Package '\(.*\)' requires a different Python: .* not in '\(.*\)'\$/\1=\2/p" "$log" | head -n 1)
    [ -z "$python" ] || refuse_python "${python%%=*}" "${python#*=}"
    conflict=$(sed -n '/^The conflict is caused by:/,/^$/s/^    //p' "$log" | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
    [ -z "$conflict" ] || fail conflict "these do not go together: $conflict"
    compiler=$(sed -n -e "s/^.*error: command '*\([^' ]*\)'* failed: No such file or directory.*\$/\1/p" "$log" | head -n 1)
    [ -z "$compiler" ] || fail pip-failed "a build needs $compiler, which is not on this host: es-wheel builds wheels elsewhere"
    last=$(sed -n -e 's/^ERROR: //p' -e 's/^error: //p' "$log" | tail -n 1)
    fail pip-failed "pip: ${last:-it failed without an error line}"
}

# refuse_unmet FILE: fails when what is installed does not go together, which pip's own success does not tell; FILE is
# the one that a look filled.
refuse_unmet() {
    trouble=$(cat "$1")
    case $trouble in
        '' | "No broken"*) ;;
        *) fail conflict "these do not go together: $trouble" ;;
    esac
}
