# shellcheck shell=sh disable=SC2154
# Runs pip in a private folder, and gives back the files that it made. After state.sh.
# Arguments: the interpreter; a .netrc or -; a proxy or -; the seconds of SOURCE_DATE_EPOCH or -; the name of the
# payload, if there is one, or -; the number of small files; for each its name and its text; then what follows
# `pip`. Results: pip's exit status; for each file its name and its size, and then its bytes; at last an end.

expand_home "$1"
# We work in another folder than the one that it may be named from.
case $expanded in
    /*) python=$expanded ;;
    */*) python=$PWD/$expanded ;;
    *) python=$expanded ;;
esac
netrc=$2
proxy=$3
epoch=$4
name=$5
texts=$6
shift 6

command -v "$python" >/dev/null || fail no-program "there is no $python, or it is not in PATH"

scratch
folder=$essay_scratch/pip
mkdir "$folder" "$folder/files"
# python -m and -c look for modules in the working directory first: it is one without any.
cd "$folder" || exit
"$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("pip") is None)' ||
    fail no-pip "$python has no pip: install it, or name another with --python"
[ "$name" = - ] || mv "$payload" "./$name"
while [ "$texts" -gt 0 ]; do
    texts=$((texts - 1))
    printf '%s' "$2" >"./$1"
    shift 2
done
set_pip_apart "$netrc" "$proxy"
# The flags do not reach the pip that pip itself starts for the build environment; these do.
PIP_NO_INPUT=1
PIP_NO_CACHE_DIR=1
export PIP_NO_INPUT PIP_NO_CACHE_DIR
if [ -e authorities.pem ]; then
    PIP_CERT=$folder/authorities.pem
    export PIP_CERT
fi
if [ "$epoch" != - ]; then
    SOURCE_DATE_EPOCH=$epoch
    export SOURCE_DATE_EPOCH
fi

status=0
"$python" -m pip "$@" || status=$?
result exit "$status"
if [ "$status" = 0 ]; then
    for made in files/*; do
        [ -f "$made" ] || continue
        result file "${made#files/}"
        result size "$(wc -c <"$made")"
        cat "$made" >&3
    done
fi
result end ''
