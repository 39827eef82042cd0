# shellcheck shell=sh disable=SC2154
# The nginx of a host: program, configuration, master and workers. Set before it is used: bin, the program; conf, the
# main configuration by its path, or "-" for the one that the program was built with. After processes.sh.

# What is served, in words, as far as it is known; for messages.
served=

# give_up CODE SENTENCE: fails, and says which side is served where that is known.
give_up() {
    fail "$1" "$2${served:+; $served}"
}

find_program() {
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/nginx/sbin
    # By its whole path: nginx runs what it was called, when it is told to put a new program in its own place.
    found=$(command -v "$bin") || fail nginx-missing "there is no program $bin; name it with --bin"
    bin=$found
}

# built_with NAME: the value of an option of nginx's own build, one word.
built_with() {
    "$bin" -V 2>&1 | tr ' ' '\n' | sed -n "s/^--$1=//p" | head -n 1
}

find_conf() {
    prefix=$(built_with prefix)
    prefix=${prefix:-/usr/local/nginx}
    if [ "$conf" = - ]; then
        conf=$(built_with conf-path)
        conf=${conf:-$prefix/conf/nginx.conf}
    fi
    expand_home "$conf"
    conf=$expanded
    [ -f "$conf" ] || fail conf-missing "there is no file $conf; name it with --conf"
}

# test_configuration: the configuration as nginx reads it, into a file; false where nginx -t finds fault with it.
test_configuration() {
    scratch
    tested=0
    "$bin" -c "$conf" -T >"$essay_scratch/dump" 2>"$essay_scratch/said" || tested=$?
    cat "$essay_scratch/said" >&2
    return "$tested"
}

# was_denied: true when nginx has said that it lacks a right.
was_denied() {
    grep '\[emerg\]' "$essay_scratch/said" | grep -q '(13: Permission denied)'
}

# refuse_configuration CLAUSE: fails for a test that has failed; CLAUSE is added to what is said.
refuse_configuration() {
    if was_denied; then
        give_up permission-denied "$(id -un) may not open all that nginx needs for $conf; see \"become\""
    fi
    give_up nginx-test-failed "nginx -t finds fault with $conf$1"
}

# read_configuration CLAUSE: both of them.
read_configuration() {
    test_configuration || refuse_configuration "$1"
}

# files_read: the files of the configuration, by their paths; after test_configuration.
files_read() {
    sed -n 's/^# configuration file \(.*\):$/\1/p' "$essay_scratch/dump"
}

# directives: those of the configuration, each on a line; after test_configuration.
directives() {
    sed -e 's/#.*//' -e "s/[;{}]/\\$essay_newline/g" "$essay_scratch/dump"
}

# directive NAME: the first value of the first directive of this name, such as `pid`.
directive() {
    directives | sed -n "s/^[[:space:]]*$1[[:space:]]\{1,\}\([^[:space:]]\{1,\}\).*/\1/p" |
        head -n 1 | tr -d "\"'"
}

# title PID: how a process calls itself.
title() {
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || :
}

# master_in FILE: prints the pid in it where that is one of a master process. A file from before a crash may name a
# process that is something else.
master_in() {
    pid=
    [ ! -r "$1" ] || read -r pid <"$1" || :
    case $pid in '' | *[!0-9]*) return 0 ;; esac
    case $(title "$pid") in *': master process '*) printf '%s\n' "$pid" ;; esac
}

# stray_masters: pids of master processes that were started with this configuration.
stray_masters() {
    built=$(built_with conf-path)
    grep -l ': master process ' /proc/[0-9]*/cmdline 2>/dev/null | while read -r process; do
        process=${process%/cmdline}
        called=$(title "${process#/proc/}")
        case $called in
            *': master process '*' -c '*)
                called=${called##* -c }
                called=${called%% *}
                ;;
            *': master process '*' -p '*) continue ;;
            *': master process '*) called=$built ;;
            *) continue ;;
        esac
        if [ "$(readlink -f "$called")" = "$(readlink -f "$conf")" ]; then printf '%s\n' "${process#/proc/}"; fi
    done
}

# find_running: finds $master, the pid of the running nginx that has this configuration, empty where it does not run;
# and $former, the master that it is to take the place of while a new program comes in ("upgrading an executable on the
# fly"), otherwise empty. Both of them serve.
find_running() {
    [ "$(directive master_process)" != off ] ||
        fail nginx-single "$conf says master_process off: such an nginx cannot be reloaded without a gap"
    pid_file=$(directive pid)
    [ -n "$pid_file" ] || pid_file=$(built_with pid-path)
    pid_file=${pid_file:-logs/nginx.pid}
    case $pid_file in /*) ;; *) pid_file=$prefix/$pid_file ;; esac
    master=$(master_in "$pid_file")
    former=$(master_in "$pid_file.oldbin")
    [ -z "$master" ] || return 0
    master=$former former=
    [ -z "$master" ] || return 0
    [ -n "$(stray_masters)" ] || return 0
    # One that begins, or ends, may be about to write that file, or have taken it away.
    sleep 0.3
    master=$(master_in "$pid_file")
    [ -z "$master" ] || return 0
    stray=$(stray_masters | head -n 1)
    [ -z "$stray" ] ||
        fail nginx-stray "$pid_file names no master process, while process $stray is one that was started with $conf: write its pid into that file, or end it"
}

# find_master: finds $master; gives up where nginx does not run.
find_master() {
    find_running
    if [ -z "$master" ]; then
        served="nothing is served"
        give_up nginx-not-running "nginx is not running with $conf: $pid_file names no master process"
    fi
    [ -z "$former" ] ||
        give_up nginx-upgrading "a new program of nginx is coming in, and the masters $former and $master both serve: end the one (kill -QUIT $former), or go back (kill -HUP $former, then kill -QUIT $master)"
}

# may_signal: gives up where this account may not tell the master what to do.
may_signal() {
    kill -0 "$master" 2>/dev/null ||
        give_up permission-denied "$(id -un) may not signal the nginx of $(stat -c %U "/proc/$master"); see \"become\""
}

# children: "PID START KIND" for each child of the master; START in ticks since the boot. KIND is "worker" when it takes
# new connections, "draining" when it only ends those that it has, "starting" when it is not yet what it is to be.
children() {
    grep -l "^PPid:$essay_tab$master\$" /proc/[0-9]*/status 2>/dev/null | while read -r process; do
        process=${process%/status}
        case $(title "${process#/proc/}") in
            *'process is shutting down'*) kind=draining ;;
            *': worker process'*) kind=worker ;;
            *': master process'*) kind=starting ;;
            *) continue ;;
        esac
        if at=$(begun "${process#/proc/}"); then echo "${process#/proc/} $at $kind"; fi
    done
}

# workers: "PID START" of the workers that take new connections.
workers() {
    children | sed -n 's/ worker$//p'
}

# old_workers: the same of those that take none, and end when their last client has gone.
old_workers() {
    children | sed -n 's/ draining$//p'
}
