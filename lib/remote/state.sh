# shellcheck shell=sh disable=SC2154
# What we know of a virtualenv: its lock, the marks of half-done work, its generation. $1 is its path.
#
#   PARENT/.essay/NAME.deploy   held with flock by the run that deploys to the virtualenv: an es-session, for
#                               all of its steps, or a step without one. In it: the session's name, or -; who,
#                               from where, since when and for what; the session's rank. Empty when it is free
#   PARENT/.essay/NAME.lock     held with flock by the script that changes the virtualenv just now
#   VENV/.essay/changing        the steps whose change is under way, or was cut short, one on each line
#   VENV/.essay/generation      a number that grows with every change

# refuse_writing FILE WHY VERB: fails for what cannot be written; WHY is what the tool said. dash calls a full disk
# "I/O error".
refuse_writing() {
    essay_why=${2##*: }
    case $essay_why in
        "No space"* | "Disk quota"* | "I/O error"*) fail disk-full "no space left for $1" ;;
        *) fail permission-denied "cannot $3 $1: $essay_why" ;;
    esac
}

# make_directory DIRECTORY: makes it, with its parents, where it is not there; fails with the reason.
make_directory() {
    essay_why=$(mkdir -p "$1" 2>&1) || refuse_writing "$1" "$essay_why" "make the directory"
}

# write_line FILE TEXT: fails with the reason.
write_line() {
    essay_why=$( (printf '%s\n' "$2" >"$1") 2>&1) || refuse_writing "$1" "$essay_why" write
}

# add_line FILE TEXT: fails with the reason.
add_line() {
    essay_why=$( (printf '%s\n' "$2" >>"$1") 2>&1) || refuse_writing "$1" "$essay_why" write
}

# stage_file FILE: writes what is on stdin beside FILE, for place_file; fails with the reason.
stage_file() {
    essay_why=$( (cat >"$1.new") 2>&1) || {
        rm -f "$1.new" 2>/dev/null || :
        refuse_writing "$1" "$essay_why" write
    }
}

# place_file FILE: what was staged takes FILE's place; fails with the reason.
place_file() {
    essay_why=$(mv -f "$1.new" "$1" 2>&1) || refuse_writing "$1" "$essay_why" write
}

# replace_file FILE: by what is on stdin, at once or not at all; fails with the reason.
replace_file() {
    stage_file "$1"
    place_file "$1"
}

# replace_line FILE TEXT: the same, by a line.
replace_line() {
    replace_file "$1" <<LINE
$2
LINE
}

# take_away PATH: it, with all that is in it, if it is there; fails with the reason.
take_away() {
    essay_why=$(rm -rf "$1" 2>&1) || refuse_writing "$1" "$essay_why" "take away"
}

# try_lock VENV DESCRIPTOR: as take_lock; fails where the host can lock nothing.
try_lock() {
    essay_status=0
    take_lock "$1" "$2" || essay_status=$?
    [ "$essay_status" -lt 2 ] ||
        fail no-flock "cannot lock $1: this host has neither flock nor a python3 that can"
    return "$essay_status"
}

# open_locks VENV: the two files, on descriptors 7 and 9.
open_locks() {
    essay_locks=${1%/*}/.essay/${1##*/}
    make_directory "${essay_locks%/*}"
    for essay_lock in "$essay_locks.deploy" "$essay_locks.lock"; do
        essay_why=$( (: >>"$essay_lock") 2>&1) || refuse_writing "$essay_lock" "$essay_why" write
    done
    exec 7>>"$essay_locks.deploy" 9>>"$essay_locks.lock"
}

# wait_for_lock VENV SECONDS [RANK]: the lock of the run, on descriptor 7, until the script ends. With RANK only
# sessions of a greater one are waited for. Others look at it for a moment only, so the first tries come soon after
# each other.
wait_for_lock() {
    essay_tries=0
    until try_lock "$1" 7; do
        if [ "$essay_tries" -lt 3 ]; then
            sleep 0.2
        elif [ "$essay_tries" -ge "$(($2 + 3))" ]; then
            fail locked "$1 is locked by $(sed -n 2p "$essay_locks.deploy")"
        elif [ -n "${3-}" ] && essay_rank=$(sed -n 3p "$essay_locks.deploy") && [ -n "$essay_rank" ] &&
            expr "x$essay_rank" \< "x$3" >/dev/null; then
            fail locked "$1 is locked by $(sed -n 2p "$essay_locks.deploy"), which began before this run and may wait for it"
        else
            sleep 1
        fi
        essay_tries=$((essay_tries + 1))
    done
}

# own_lock SESSION OWNER [RANK]: notes whose the lock is that we have.
own_lock() {
    write_line "$essay_locks.deploy" "$1$essay_newline$2 (since $(date -u +%Y-%m-%dT%H:%M:%SZ))$essay_newline${3-}"
}

# lock_venv VENV: takes the lock of the run, or sees that our session has it, and that of the script; until the
# script ends. Nothing in a dry run.
lock_venv() {
    [ "$essay_plan" = 0 ] || return 0
    open_locks "$1"
    if [ "$essay_session" = - ]; then
        wait_for_lock "$1" "$essay_wait"
        own_lock - "$essay_owner"
    else
        if ! try_lock "$1" 7 && [ "$(sed -n 1p "$essay_locks.deploy")" = "$essay_session" ]; then
            exec 7>&-
        else
            # The session has to take it first; then this script is run again.
            result lock "$1"
            exit 1
        fi
    fi
    try_lock "$1" 9 || fail locked "$1 is being changed by another run: $(cat "$essay_locks.lock")"
    note_in "${1%/*}/.essay" "${1##*/}"
    write_line "$essay_locks.lock" "$essay_owner since $(date -u +%Y-%m-%dT%H:%M:%SZ)"
}

# marked_by VENV WHO: true when work by WHO is half-done.
marked_by() {
    [ -e "$1/.essay/changing" ] && grep -qxF -e "$2" "$1/.essay/changing"
}

# mark_venv VENV WHO: work by WHO begins.
mark_venv() {
    make_directory "$1/.essay"
    essay_touched=${essay_touched:-marked}
    marked_by "$1" "$2" || add_line "$1/.essay/changing" "$2"
}

# unmark_venv VENV WHO: the work by WHO is complete, or has touched nothing.
unmark_venv() {
    [ "$essay_touched" != marked ] || essay_touched=
    [ -e "$1/.essay/changing" ] || return 0
    if essay_others=$(grep -vxF -e "$2" "$1/.essay/changing"); then
        replace_line "$1/.essay/changing" "$essay_others"
    else
        rm -f "$1/.essay/changing"
    fi
}

# renew_venv VENV WHO: the work by WHO is complete; the virtualenv has a new generation.
renew_venv() {
    essay_touched=1
    essay_generation=$(generation_of "$1")
    replace_line "$1/.essay/generation" "$((essay_generation + 1))"
    unmark_venv "$1" "$2"
}

# generation_of VENV: prints the number, 0 where there is none.
generation_of() {
    if [ -s "$1/.essay/generation" ]; then cat "$1/.essay/generation"; else echo 0; fi
}

# refuse_marked VENV [WHO]: fails when work on it was cut short, unless it was by WHO alone.
refuse_marked() {
    [ -e "$1/.essay/changing" ] || return 0
    essay_cut=$(grep -vxF -e "${2-}" "$1/.essay/changing" | head -n 1)
    [ -z "$essay_cut" ] || fail half-done "$1 is half-done: $essay_cut was cut short; run it again"
}

# set_pip_apart NETRC PROXY: from here on pip heeds no configuration and no environment of this host. `--isolated`
# is not enough: it does not reach the pip that pip starts for building. NETRC is a text, PROXY a URL, both
# perhaps with a password; - for none, and then the proxies of this host's environment count. What pip keeps for a
# moment is the script's: pip itself leaves it where it is ended in the middle.
set_pip_apart() {
    for essay_name in $(env | sed -n 's/^\(PIP_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$essay_name"; done
    PIP_CONFIG_FILE=/dev/null
    scratch
    TMPDIR=$essay_scratch/tmp
    mkdir "$TMPDIR"
    export PIP_CONFIG_FILE TMPDIR
    if [ "$1" != - ]; then
        (umask 077 && printf '%s' "$1" >"$essay_scratch/netrc")
        NETRC=$essay_scratch/netrc
        export NETRC
    fi
    if [ "$2" != - ]; then
        http_proxy=$2
        https_proxy=$2
        no_proxy=
        export http_proxy https_proxy no_proxy
    fi
}
