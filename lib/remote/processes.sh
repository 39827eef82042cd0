# shellcheck shell=sh disable=SC2154
# Processes of this host, by /proc. A pid is given again, so an ENTRY is PID:BEGUN, a pid with its beginning.

# begun PID: when it began, in the kernel's ticks; false when it has ended.
begun() {
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # shellcheck disable=SC2086 # fields; the second one, a name in brackets, may have spaces
    set -- ${stat##*) }
    case $1 in Z | X) return 1 ;; esac
    printf '%s\n' "${20}"
}

# family PID: it and all that descend from it.
family() {
    printf '%s\n' "$1"
    # shellcheck disable=SC2013 # words
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do family "$child"; done
}

# entries: pids from stdin, each once, as entries, without those that have ended.
entries() {
    sort -un | while read -r pid; do
        if at=$(begun "$pid"); then printf '%s:%s\n' "$pid" "$at"; fi
    done
}

# alive ENTRY...: those that have not ended.
alive() {
    for entry; do
        if at=$(begun "${entry%:*}") && [ "$at" = "${entry#*:}" ]; then printf '%s\n' "$entry"; fi
    done
}

# signal NAME ENTRY...
signal() {
    signal=$1
    shift
    for entry in $(alive "$@"); do kill -"$signal" "${entry%:*}" 2>/dev/null || :; done
}

# gone TENTHS ENTRY...: waits so long until all have ended; false when some have not.
gone() {
    tenths=$1
    shift
    while [ -n "$(alive "$@")" ]; do
        [ "$tenths" -gt 0 ] || return 1
        tenths=$((tenths - 1))
        sleep 0.1
    done
}

# put_down ENTRY...: asks them to end, and kills those that have not after 5 s; fails when some are there even so.
put_down() {
    signal TERM "$@"
    gone 50 "$@" || signal KILL "$@"
    gone 50 "$@" || fail stop-failed "not to be ended: processes $(alive "$@" | cut -d: -f1 | tr '\n' ' ')"
}
