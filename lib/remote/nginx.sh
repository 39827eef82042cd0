# shellcheck shell=sh disable=SC2154
# The nginx of a host: program, configuration, master and workers. Set before it is used: bin, the program; conf, the
# main configuration by its path, or "-" for the one that the program was built with.

# What is served, in words, as far as it is known; for messages.
served=

# give_up CODE SENTENCE: fails, and says which side is served where that is known.
give_up() {
    fail "$1" "$2${served:+; $served}"
}

find_program() {
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/nginx/sbin
    command -v "$bin" >/dev/null || fail nginx-missing "there is no program $bin; name it with --bin"
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

# The configuration as nginx reads it, also a test of it.
read_configuration() {
    scratch
    if ! "$bin" -c "$conf" -T >"$essay_scratch/dump"; then
        give_up nginx-test-failed "nginx -t finds fault with $conf as it stands, before any change"
    fi
}

# Finds $master, the pid of the running nginx that has this configuration.
find_master() {
    pid_file=$(sed -e 's/#.*//' -e "s/[;{}]/\\$essay_newline/g" "$essay_scratch/dump" |
        sed -n 's/^[[:space:]]*pid[[:space:]]\{1,\}\([^[:space:]]\{1,\}\)[[:space:]]*$/\1/p' |
        head -n 1 | tr -d "\"'")
    [ -n "$pid_file" ] || pid_file=$(built_with pid-path)
    pid_file=${pid_file:-logs/nginx.pid}
    case $pid_file in /*) ;; *) pid_file=$prefix/$pid_file ;; esac
    master=
    [ ! -r "$pid_file" ] || read -r master <"$pid_file" || :
    case $master in '' | *[!0-9]*) master=none ;; esac
    case $(title "$master") in
        *': master process '*) ;;
        *)
            served="nothing is served"
            give_up nginx-not-running "nginx is not running with $conf: $pid_file names no master process"
            ;;
    esac
}

# may_signal: gives up where this account may not tell the master what to do.
may_signal() {
    kill -0 "$master" 2>/dev/null ||
        give_up permission-denied "$(id -un) may not reload the nginx of $(stat -c %U "/proc/$master"); see \"become\""
}

# title PID: how a process calls itself.
title() {
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || :
}

# children: prints "PID START TITLE" of the children of the master; START in ticks since the boot.
children() {
    for process in /proc/[0-9]*; do
        { IFS= read -r line <"$process/stat"; } 2>/dev/null || continue
        rest=${line##*) }
        parent=${rest#? }
        [ "${parent%% *}" = "$master" ] || continue
        echo "${process#/proc/} $(echo "$rest" | cut -d ' ' -f 20) $(title "${process#/proc/}")"
    done
}

# Prints "PID START" of the workers that take new connections.
workers() {
    children | sed -e '/is shutting down/d' -n -e 's/^\([0-9]* [0-9]*\) .*: worker process.*/\1/p'
}

# Prints the same of those that take none, and end when their last client has gone.
old_workers() {
    children | sed -n -e '/is shutting down/s/^\([0-9]* [0-9]*\) .*: worker process.*/\1/p'
}
