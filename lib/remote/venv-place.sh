# shellcheck shell=sh disable=SC2154
# The place of a virtualenv: what is there, and who is at work in it. After state.sh.

# find_place PREFIX NAME: sets $prefix, $name and $venv; fails for what is no directory.
find_place() {
    expand_home "$1"
    prefix=${expanded%/}
    name=$2
    venv=$prefix/$name
    [ ! -e "$venv" ] || [ -d "$venv" ] || fail venv-failed "$venv is there and is no directory"
}

# occupants: prints the processes that run from the virtualenv, or in it, as one clause.
occupants() {
    real=$(cd "$venv" && pwd -P)
    {
        # shellcheck disable=SC2012 # the names are numbers; no other tool reads them all at once
        ls -l /proc/[0-9]*/cwd /proc/[0-9]*/exe 2>/dev/null |
            sed -n 's|^.* /proc/\([0-9]*\)/[a-z]* -> \(.*\)$|\1 \2|p'
        for entry in /proc/[0-9]*/cmdline; do
            line=
            # Its words end with NULs, which read leaves out.
            { IFS= read -r line <"$entry"; } 2>/dev/null || :
            process=${entry%/cmdline}
            case $line in
                /*) printf '%s %s\n' "${process#/proc/}" "$line" ;;
                *"$name/bin/"*) printf '%s %s\n' "${process#/proc/}" "$(readlink "$process/cwd")/$line" ;;
            esac
        done
    } | while read -r pid path; do
        case $path in
            "$venv" | "$venv"/* | "$real" | "$real"/*) [ "$pid" = "$$" ] || printf '%s\n' "$pid" ;;
        esac
    done | sort -un | while read -r pid; do
        { read -r what <"/proc/$pid/comm"; } 2>/dev/null || continue
        printf '%s (%s) ' "$pid" "$what"
    done
}

# refuse_occupied: fails while processes run from the virtualenv.
refuse_occupied() {
    who=$(occupants)
    [ -z "$who" ] || fail in-use "processes run from $venv: ${who% }; stop them before, as with es-supervisor shutdown"
}

# empty [DIRECTORY]...: takes away what is in the virtualenv, save its state and these directories.
# shellcheck disable=SC2120 # they are the script's choice
empty() {
    for entry in "$venv"/* "$venv"/.[!.]* "$venv"/..?*; do
        stays=
        for directory in .essay "$@"; do
            [ "${entry##*/}" != "${directory%%/*}" ] || stays=1
        done
        [ -z "$stays" ] || continue
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        take_away "$entry"
    done
}

# is_foreign: true for a directory with other things in it than a virtualenv.
is_foreign() {
    [ -d "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ] && [ ! -d "$venv/.essay" ] && [ -n "$(ls -A "$venv")" ]
}

# refuse_link: fails where a link is in the place. What would be emptied, or made, is elsewhere then.
refuse_link() {
    [ ! -L "$venv" ] || fail in-the-way "$venv is a symbolic link: name $(readlink "$venv") itself, or take it away"
}
