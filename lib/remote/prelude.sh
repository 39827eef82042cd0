# shellcheck shell=sh disable=SC2154
# What every script on a host begins with. Set before it: essay_ready (the line to say on stdout that we
# run), essay_payload (the number of bytes that follow, or -), essay_plan (1 in a dry run), essay_alone (1 when nobody
# is at the other end: there is neither payload nor lifeline), essay_holds (1 when it may hold what others wait
# for), the arguments; for state.sh and nginx-lock.sh also essay_owner (what others are told of a lock) and essay_wait
# (seconds); for state.sh alone essay_session (the session that has locks for its steps, or -).
#
# Descriptors: 2 takes the output of tools; 3 takes results and nothing else; 8 is the lifeline, our first
# stdin, which stays open in the watcher only; 9 and 7 are the locks of a virtualenv.

set -eu
umask 022
LC_ALL=C
export LC_ALL
unset CDPATH ENV BASH_ENV PYTHONPATH PYTHONHOME

essay_tab='	'
essay_newline='
'
essay_scratch=${TMPDIR:-/tmp}/essay.${essay_ready#* }
essay_scratched=
payload=
[ "$essay_payload" = - ] || payload=$essay_scratch/payload
essay_taken=
essay_clock=
essay_watcher=
essay_ended=
essay_code=

# Where HOME is not set, as in some services, it is what the system knows of this account; otherwise empty.
if [ -z "${HOME-}" ]; then
    HOME=
    essay_account=$(id -un 2>/dev/null) || essay_account=
    case $essay_account in
        '' | *[!A-Za-z0-9._-]*) ;;
        *) eval "HOME=~$essay_account" ;;
    esac
    case $HOME in
        /*) export HOME ;;
        *) HOME= ;;
    esac
fi

exec 8<&0 </dev/null
exec 3>&1 1>&2
printf '%s\n' "$essay_ready" >&3

# result NAME VALUE: a line for the other side; tab, newline and backslash in VALUE are escaped.
result() {
    essay_value=$2
    case $essay_value in
        *\\* | *"$essay_tab"* | *"$essay_newline"*)
            essay_value=$(printf '%s\n' "$2" |
                sed -e 's/\\/\\\\/g' -e "s/$essay_tab/\\\\t/g" -e '$!s/$/\\n/' | tr -d '\n')
            ;;
    esac
    printf '%s\t%s\n' "$1" "$essay_value" >&3
}

# fail CODE SENTENCE: ends the script; the record gets this error.
# shellcheck disable=SC2034 # essay_code is for the history
fail() {
    essay_code=$1
    result error-code "$1"
    result error-message "$2"
    exit 1
}

# expand_home PATH: puts PATH into $expanded; a ~ that it begins with is the home directory there.
# shellcheck disable=SC2034 # for the scripts
expand_home() {
    expanded=$1
    case $1 in
        \~ | \~/*)
            [ -n "$HOME" ] ||
                fail no-home "$1 needs a home directory, and this account has none: name a path that begins with /"
            expanded=$HOME${1#\~}
            ;;
    esac
}

# change WHAT: says that WHAT is changed. False in a dry run, where it must not be done:
#     if change "directory $d made"; then mkdir "$d"; fi
change() {
    result change "$1"
    [ "$essay_plan" = 0 ] || return 1
    noted "$1"
}

# Fails for what could not be written there; $essay_why has what the tools said.
essay_refuse_scratch() {
    case $essay_why in
        *"No space left"* | *"Disk quota"*) fail disk-full "no space left for ${essay_scratch%/*}" ;;
        *) fail permission-denied "cannot write in ${essay_scratch%/*}: ${essay_why##*: }" ;;
    esac
}

# essay_miss_room: where a script breaks off and has not told why, perhaps there is no room for what it keeps for a
# moment, which the tools that wrote it told stderr only.
essay_miss_room() {
    [ -n "$essay_scratched" ] && [ -z "$essay_code$essay_ended" ] || return 0
    if ! (dd if=/dev/zero of="$essay_scratch/room" bs=4096 count=1) 2>/dev/null; then
        essay_code=disk-full
        result no-room "${essay_scratch%/*}"
    fi
}

# scratch: makes a private directory, $essay_scratch, that goes with the script. Nobody can guess its name,
# and the watcher, which is another process, knows it beforehand.
scratch() {
    if [ -z "$essay_scratched" ]; then
        essay_why=$( (umask 077 && mkdir "$essay_scratch") 2>&1) || essay_refuse_scratch
        essay_scratched=1
    fi
}

# take_lock VENV DESCRIPTOR: locks it; status 1 when another process has the lock. busybox may have no flock;
# a lock that Python takes stays with the descriptor, too.
take_lock() {
    if command -v flock >/dev/null; then
        flock -n "$2"
        return
    fi
    essay_python=$1/bin/python
    [ -x "$essay_python" ] || essay_python=python3
    "$essay_python" -c 'import fcntl, sys
try:
    fcntl.flock(int(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(1)
except Exception:
    sys.exit(2)' "$2"
}

# daemon COMMAND...: starts what goes into the background by itself and outlives us; it must hold none of our
# descriptors. Not with "&": the shell that would wait for COMMAND would hold them instead.
daemon() (
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    exec "$@" </dev/null
)

# Reads the payload exactly, from the descriptor of the lifeline, into the file $payload, and says how that went. What
# is not whole is taken away.
essay_take_payload() {
    essay_taken=full
    umask 077
    if mkdir "$essay_scratch" && : >"$payload"; then
        if dd bs=1 count=0 iflag=fullblock </dev/null >/dev/null 2>&1; then
            dd bs=65536 count="$((essay_payload / 65536))" iflag=fullblock &&
                if [ "$((essay_payload % 65536))" -gt 0 ]; then
                    dd bs="$((essay_payload % 65536))" count=1 iflag=fullblock
                fi
        else
            dd bs=1 count="$essay_payload"
        fi <&8 >>"$payload" && essay_taken=short
        [ "$(wc -c <"$payload")" -ne "$essay_payload" ] || essay_taken=whole
    fi
    [ "$essay_taken" = whole ] || rm -rf "$essay_scratch"
    printf 'essay_taken=%s\n' "$essay_taken"
}

# Ends the script where the payload is not there; its watcher has gone then.
essay_have_payload() {
    [ "$essay_taken" != whole ] || return 0
    essay_watcher=
    [ "$essay_taken" = full ] || fail connection-lost "the payload ended before all of it had come"
    # Where there cannot even be a folder, that is told.
    essay_scratched=
    scratch
    fail disk-full "no space left in ${TMPDIR:-/tmp} for the $essay_payload bytes that were sent"
}

# Everything in our process group is asked to end, and is killed when the script says that it goes (USR1), or after 5 s.
# Whether the script still runs cannot be asked: kill -0 finds it until its parent takes notice.
essay_end_all() {
    kill -TERM 0
    essay_i=0
    while [ -z "$essay_gone" ] && [ "$essay_i" -lt 50 ]; do
        sleep 0.1
        essay_i=$((essay_i + 1))
        # What the script was just about to start has not heard the first one, and the script waits for it.
        [ "$essay_i" -ne 3 ] || kill -TERM 0
    done
    # The script, which says that it goes, is to go by itself, with its own status.
    [ -z "$essay_gone" ] || sleep 0.1
    rm -rf "$essay_scratch"
    kill -KILL 0
}

# The watcher takes the payload, and reads the lifeline to its end: then the other side is gone, or wants us gone. Each
# line is a heartbeat. The private folder that a payload comes into is made by the watcher: whichever of the two is
# killed, the other one takes it away. The script waits until the watcher's stdout is closed, and takes what has come
# by it as settings.
essay_watch() {
    set +eu
    trap '' PIPE
    exec 3>&- 2>/dev/null
    if [ "$essay_payload" != - ]; then
        essay_take_payload
        [ "$essay_taken" = whole ] || exit
    fi
    if [ "$essay_holds" = 1 ]; then
        essay_time &
        essay_clock=$!
        echo "essay_clock=$essay_clock"
    fi
    essay_gone=
    trap '' TERM HUP INT
    trap 'essay_gone=1' USR1
    exec >/dev/null
    while read -r _ <&8; do
        [ -z "$essay_clock" ] || kill -USR2 "$essay_clock"
    done
    essay_end_all
}

# The clock: a connection may be cut without anybody being told, so that the lifeline does not end. Where no heartbeat
# comes for 8 s, the script is told, and all is ended. Only for scripts that may hold what others wait for: two processes
# more make a short script take half as long again. The sleep of the last one is waited for to free its place in
# the shell's table of jobs.
essay_time() {
    essay_gone=
    set +eu
    trap '' HUP INT
    trap : USR2
    trap 'essay_gone=1' USR1
    trap 'kill -KILL "$!"; exit' TERM
    exec 3>&- 8<&- >/dev/null 2>&1
    while :; do
        sleep 8 &
        if wait "$!"; then break; fi
        kill -KILL "$!"
        wait "$!"
    done
    trap '' TERM
    kill -ALRM $$
    essay_end_all
}

# essay_leave [STATUS]: the script's end, whatever its reason.
essay_leave() {
    essay_status=${1-$?}
    trap - EXIT
    trap '' HUP INT PIPE ALRM TERM
    [ "$essay_status" = 0 ] || essay_miss_room
    essay_note "$essay_status" 2>/dev/null || :
    [ -z "$essay_scratched" ] || rm -rf "$essay_scratch"
    # Ended by a signal, we may leave something behind that does not heed it: watcher and clock take care of that.
    # shellcheck disable=SC2086 # there may be no clock
    if [ -n "$essay_ended" ]; then
        [ -z "$essay_watcher" ] || kill -USR1 $essay_watcher $essay_clock 2>/dev/null || :
    elif [ -n "$essay_watcher" ]; then
        kill -KILL "$essay_watcher" 2>/dev/null || :
        [ -z "$essay_clock" ] || kill -TERM "$essay_clock" 2>/dev/null || :
    fi
    exit "$essay_status"
}

trap essay_leave EXIT
trap 'essay_ended=1; exit 129' HUP
trap 'essay_ended=1; exit 130' INT
# When the other side has gone, the shell itself may have something to say ("Terminated").
trap 'essay_ended=1; exit 141' PIPE
trap 'essay_ended=1; exit 143' TERM
trap 'essay_ended=1; fail connection-lost "the script had begun, and was ended: no sign of life came for 8 s"' ALRM

if [ "$essay_alone" = 0 ]; then
    [ "$essay_payload" = - ] || essay_scratched=1
    eval "$(
        essay_watch &
        echo "essay_watcher=$!"
    )"
fi
exec 8<&-
[ "$essay_payload" = - ] || essay_have_payload
