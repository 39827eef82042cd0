# shellcheck shell=sh disable=SC2154
# Installs distributions into a virtualenv, or removes them, and looks whether they are there afterwards. After
# pip-explain.sh.
# Arguments:
#  1 the virtualenv
#  2 install, upgrade or uninstall
#  3 in a dry run, what es-venv would have done before: made, mended, or -
#  4 a .netrc or -
#  5 a proxy or -
#  6 the text of a constraints file, or -
#  7 where files come from: the index (-), the payload, but only when they are needed (ask), or the payload (sent)
#  8 1 when all that is installed must go together afterwards, otherwise 0
#  9 how many distributions are wanted, 10 how many runs of pip that takes, 11 how many of these install nothing but what
#    they are told, 12 how many files are in the payload
# Then come: what is wanted, three words each, see pip-look.sh; for each run the text of a requirements file; for each
# file its name, its size and its SHA-256; the flags of pip.

venv=$1
verb=$2
ahead=$3
netrc=$4
proxy=$5
constraints=$6
source=$7
together=$8
wanted=$9
runs=${10}
alone=${11}
files=${12}
shift 12

# unpack: puts the files that came with us into a folder; fails for one that is not as it should be.
unpack() {
    mkdir "$essay_scratch/files"
    bad=$("$venv/bin/python" -I - "$payload" "$essay_scratch/files" "$essay_scratch/sent" <<'PYTHON'
@pip-unpack.py@
PYTHON
    ) || fail disk-full "the files of the release have no room in $essay_scratch"
    rm "$payload"
    [ -z "$bad" ] || fail hash-mismatch "$bad came with other bytes than the release says: nothing was installed"
}

# run_pip COMMAND FLAG...: the output goes to stderr and into the log.
run_pip() {
    {
        "$venv/bin/python" -I -m pip "$@" 2>&1 || : >"$essay_scratch/failed"
    } | tee -a "$log" >&2
    [ ! -e "$essay_scratch/failed" ]
}

# failed FLAG...: pip has failed; the virtualenv stays marked unless pip has touched nothing.
failed() {
    # Before these lines it has touched nothing.
    if [ "$cut_short" = no ] && ! grep -q -e '^Installing collected packages' -e '^ *Uninstalling ' "$log"; then
        unmark_venv "$venv" es-pip
    fi
    explain "$@"
}

# install FLAG...: has pip install all that is wanted; fails when pip does.
install() {
    if [ "$verb" = upgrade ]; then set -- --upgrade "$@"; fi
    if [ "$constraints" != - ]; then set -- --constraint "$essay_scratch/constraints" "$@"; fi
    if [ "$source" = sent ]; then set -- --no-index --find-links "$essay_scratch/files" "$@"; fi
    essay_i=0
    while [ "$essay_i" -lt "$runs" ]; do
        essay_i=$((essay_i + 1))
        exact=
        if [ "$essay_i" -le "$alone" ]; then exact=--no-deps; fi
        run_pip install ${exact:+"$exact"} "$@" --requirement "$essay_scratch/requirements-$essay_i.txt" || failed "$@"
    done
    refuse_conflict
    if [ -n "$exact" ] && [ "$together" = 1 ]; then refuse_lacking; fi
    tell_yanked
}

# examine [FILE]: $found is what is there, and $status is 0 when that is what is wanted, 3 when it is not; $marked tells
# whether pip was cut short. FILE gets what does not go together.
examine() {
    status=0
    if [ "$verb" = uninstall ]; then
        found=$(look_for_any "${1:--}") || status=$?
    else
        found=$(look "${1:--}") || status=$?
    fi
    marked=no
    if marked_by "$venv" es-pip; then marked=yes; fi
}

# missing: prints the lines of what is wanted that $found does not have.
missing() {
    while IFS="$essay_tab" read -r name version text; do
        case $essay_newline$found in
            *"$essay_newline$name$essay_tab"*) ;;
            *) printf '%s\t%s\t%s\n' "$name" "$version" "$text" ;;
        esac
    done <"$essay_scratch/wanted"
}

# tell_plan: results for what would be changed, as far as it can be told without pip.
tell_plan() {
    if [ "$verb" = uninstall ]; then
        printf '%s\n' "$found" >"$essay_scratch/old"
        while IFS="$essay_tab" read -r name version; do
            [ -z "$name" ] || change "$name $version removed" || :
        done <"$essay_scratch/old"
        return 0
    fi
    missing >"$essay_scratch/missing"
    while IFS="$essay_tab" read -r name version text; do
        if [ "$version" = - ]; then change "$text installed" || :; else change "$name $version installed" || :; fi
    done <"$essay_scratch/missing"
    [ "$verb" = install ] || change "newer ones looked for" || :
}

# tell_changes OLD: results for what is there and was not, or the other way round.
tell_changes() {
    if [ "$verb" = uninstall ]; then
        found=$1
        tell_plan
        return 0
    fi
    printf '%s\n' "$1" >"$essay_scratch/old"
    printf '%s\n' "$found" >"$essay_scratch/new"
    told=
    while IFS="$essay_tab" read -r name version; do
        if [ -z "$version" ] || grep -qxF -e "$name$essay_tab$version" "$essay_scratch/old"; then continue; fi
        change "$name $version installed"
        told=1
    done <"$essay_scratch/new"
    [ -n "$told" ] || [ "$before" = "$(snapshot)" ] || change "what they need installed"
}

if [ "$ahead" = - ]; then
    [ -x "$venv/bin/python" ] || fail no-venv "there is no virtualenv $venv: run es-venv first"
    refuse_marked "$venv" es-pip
fi
if [ "$verb" != uninstall ] && [ "$constraints" = - ] && [ "$ahead" != made ] && ! marked_by "$venv" es-pip; then
    if found=$(glance "$wanted" "$@"); then
        result installed "$found"
        exit 0
    fi
fi

scratch
log=$essay_scratch/log
: >"$log"
: >"$essay_scratch/wanted"
: >"$essay_scratch/sent"
: >"$essay_scratch/constraints"
[ "$constraints" = - ] || printf '%s\n' "$constraints" >"$essay_scratch/constraints"
while [ "$wanted" -gt 0 ]; do
    wanted=$((wanted - 1))
    printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$essay_scratch/wanted"
    shift 3
done
essay_i=0
while [ "$essay_i" -lt "$runs" ]; do
    essay_i=$((essay_i + 1))
    printf '%s\n' "$1" >"$essay_scratch/requirements-$essay_i.txt"
    shift
done
while [ "$files" -gt 0 ]; do
    files=$((files - 1))
    printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$essay_scratch/sent"
    shift 3
done

found=
if [ "$ahead" = made ]; then
    tell_plan
    exit 0
fi
seen=$(standing)
examine
if [ "$status" != 0 ] && [ "$status" != 3 ]; then
    [ "$ahead" != - ] || fail venv-broken "the python of $venv does not run: run es-venv again"
fi
if [ "$status" = 0 ] && [ "$marked" = no ] && [ "$verb" != upgrade ]; then
    result installed "$found"
    exit 0
fi
if [ "$essay_plan" = 1 ]; then
    [ "$marked" = no ] || change "what was cut short mended" || :
    tell_plan
    [ "$status" != 0 ] || result installed "$found"
    exit 0
fi

lock_venv "$venv"
refuse_marked "$venv" es-pip
# Another run may have changed it until we had the lock.
[ "$seen" = "$(standing)" ] || examine
if [ "$source" = ask ]; then
    [ "$marked" = no ] || found=
    missing >"$essay_scratch/missing"
    while IFS="$essay_tab" read -r name _; do result needed "$name"; done <"$essay_scratch/missing"
    result ready ''
    exit 0
fi
# Before the mark: without the files nothing is touched.
if [ "$source" = sent ]; then unpack; fi
before=$(snapshot)
cut_short=$marked
mark_venv "$venv" es-pip
if [ "$cut_short" = yes ] && change "what was cut short mended"; then
    mend || fail venv-broken "the python of $venv does not run: run es-venv again"
    examine
fi
old=$found
set_pip_apart "$netrc" "$proxy"
if [ "$verb" != uninstall ]; then
    install "$@"
elif [ "$status" != 0 ]; then
    run_pip uninstall --yes "$@" --requirement "$essay_scratch/requirements-1.txt" || failed "$@"
fi
if [ "$together" = 1 ]; then examine "$essay_scratch/unmet"; else examine; fi
[ "$status" = 0 ] || [ "$status" = 3 ] || fail venv-broken "the python of $venv does not run: run es-venv again"
[ "$status" = 0 ] ||
    fail not-installed "pip said that all went well, but $venv has: $(printf '%s' "$found" | tr '\t\n' ' ,' | sed 's/^ //')"
[ "$together" = 0 ] || refuse_unmet "$essay_scratch/unmet"
tell_changes "$old"
if [ "$cut_short" = yes ] || [ "$before" != "$(snapshot)" ]; then
    renew_venv "$venv" es-pip
else
    unmark_venv "$venv" es-pip
fi
result installed "$found"
