# shellcheck shell=sh disable=SC2154
# What a deploy needs of this host. Changes nothing.
# Arguments: the directory of virtualenvs; the interpreter, a name or a path.
#
# Results: time, in seconds since 1970; account; python VERSION VENV PATH (VENV is 1 where it can make virtualenvs; - without
# an interpreter); prefix; prefix-state there, to-be-made, no-directory or closed; free and tmp-free, in kilobytes; tmp;
# pip-conf for each file that leads pip somewhere.

result time "$(date +%s)"
result account "$(id -un 2>/dev/null || id -u)"

prefix=$1
python=$2

# python_told: its version, where it is, and whether it has the module venv.
python_told() {
    program=$(command -v "$python") || return 1
    "$program" -I -c 'import sys
try:
    import venv
    able = 1
except ImportError:
    able = 0
print("%d.%d.%d %d %s" % (sys.version_info[:3] + (able, sys.executable)))' 2>/dev/null
}
result python "$(python_told || echo -)"

# nearest PATH: puts what is there of it, from the root on, into $there.
nearest() {
    there=$1
    while [ ! -e "$there" ] && [ ! -L "$there" ] && [ "$there" != / ]; do
        there=${there%/*}
        there=${there:-/}
    done
}

# free_at PATH: kilobytes that are free where it is.
free_at() {
    # shellcheck disable=SC2046 # columns
    set -- $(df -Pk "$1" 2>/dev/null | tail -n 1)
    printf '%s\n' "${4:-}"
}

expand_home "$prefix"
prefix=${expanded%/}
nearest "$prefix"
result prefix "$prefix"
if [ ! -d "$there" ]; then
    result prefix-state no-directory
elif [ ! -w "$there" ] || [ ! -x "$there" ]; then
    result prefix-state closed
elif [ "$there" = "$prefix" ]; then
    result prefix-state there
else
    result prefix-state to-be-made
fi
result free "$(free_at "$there")"
result tmp "${TMPDIR:-/tmp}"
result tmp-free "$(free_at "${TMPDIR:-/tmp}")"

for file in /etc/pip.conf "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf" "$HOME/.pip/pip.conf"; do
    if grep -Eq '^[[:space:]]*(index-url|extra-index-url|find-links|no-index|target|prefix|user)[[:space:]]*[=:]' "$file" 2>/dev/null; then
        result pip-conf "$file"
    fi
done
