# shellcheck shell=sh disable=SC2154
# Makes a running nginx read its configuration, and sees whether it did; after nginx.sh.

# Seconds in which new workers must have come; a failed bind is tried five times over in 2.5 s.
patience=30

# size_of LOG: in bytes; 0 for what is no file.
size_of() {
    if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi
}

# The error log of the running nginx, by whatever name: it is the master's stderr.
log_size() {
    size_of "/proc/$master/fd/2"
}

# What nginx itself has said since log_from, without what it says of single connections: those lines are of its users.
new_log() {
    [ -f "/proc/$master/fd/2" ] || return 0
    # The file may have been put away meanwhile, and another one begun.
    [ "$(log_size)" -ge "$log_from" ] || log_from=0
    tail -c "+$((log_from + 1))" "/proc/$master/fd/2" | grep -v -e '\[notice\]' -e '^[^]]*\] [0-9]*#[0-9]*: \*' || :
}

# True when the log says that nginx has given up; before that it tries again to bind. A worker that cannot begin is not
# started again.
gave_up() {
    new_log | grep -e '\[emerg\]' -e 'exited with fatal code' | grep -qv '\[emerg\][^:]*: bind() to'
}

# Prints the pids of the workers that serve and are not in the list $before, or nothing as long as one of those still
# does, or one is only about to.
new_workers() {
    children >"$essay_scratch/children"
    if grep -q starting "$essay_scratch/children"; then return; fi
    sed -n 's/ .* worker$//p' "$essay_scratch/children" >"$essay_scratch/now"
    if ! grep -qxF -f "$before" "$essay_scratch/now"; then tr '\n' ' ' <"$essay_scratch/now"; fi
}

# still_serving: says what takes connections after a reload that failed.
still_serving() {
    workers | cut -d ' ' -f 1 >"$essay_scratch/now"
    if grep -xF -f "$before" "$essay_scratch/now" >"$essay_scratch/kept"; then
        echo "nginx goes on with the old configuration, in worker $(tr '\n' ' ' <"$essay_scratch/kept" | sed 's/ $//')"
    elif [ -s "$essay_scratch/now" ]; then
        echo "workers of the new configuration come and go"
    else
        echo "no worker takes connections any more"
    fi
}

# reload COMMAND...: makes nginx read its files, by COMMAND, and waits for workers of the new generation: $number of them.
# That the command went well says nothing: nginx keeps the old workers when the new configuration does not work. After
# find_master.
reload() {
    scratch
    before=$essay_scratch/before
    workers | cut -d ' ' -f 1 >"$before"
    log_from=$(log_size)
    tries=0
    "$@" || tries=$((patience * 10))
    until new=$(new_workers) && [ -n "$new" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt "$((patience * 10))" ] || gave_up; then
            new_log | tail -n 20 >&2
            fail reload-failed "$(still_serving); its error log tells why"
        fi
        sleep 0.1
    done
    # shellcheck disable=SC2086 # words
    set -- $new
    # shellcheck disable=SC2034 # for the scripts
    number=$#
}

# serve SENTENCE: has nginx serve what its files say now, and tells the history the SENTENCE.
serve() {
    read_configuration ""
    find_master
    reload kill -HUP "$master"
    # shellcheck disable=SC2119
    note_in
    noted "$1"
}
