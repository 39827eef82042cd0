# shellcheck shell=sh disable=SC2154
# Makes a running nginx read its configuration, and sees whether it did; after nginx.sh.

# Seconds in which new workers must have come; a failed bind is tried five times over in 2.5 s.
patience=30

# The error log of the running nginx, by whatever name: it is the master's stderr.
log_size() {
    if [ -f "/proc/$master/fd/2" ]; then wc -c <"/proc/$master/fd/2"; else echo 0; fi
}

new_log() {
    [ ! -f "/proc/$master/fd/2" ] || tail -c "+$((log_from + 1))" "/proc/$master/fd/2" | grep -v '\[notice\]' || :
}

# True when the log says that nginx has given up; before that it tries again to bind.
gave_up() {
    new_log | grep '\[emerg\]' | grep -qv '\[emerg\][^:]*: bind() to'
}

# Prints how many workers serve that are not in the list $before, or nothing as long as one of those still does.
new_workers() {
    workers | cut -d ' ' -f 1 >"$essay_scratch/now"
    if ! grep -qxF -f "$before" "$essay_scratch/now"; then wc -l <"$essay_scratch/now"; fi
}

# Makes nginx read its files and waits for workers of the new generation. That the signal was taken says
# nothing: nginx keeps the old workers when the new configuration does not work. After find_master.
reload() {
    scratch
    before=$essay_scratch/before
    workers | cut -d ' ' -f 1 >"$before"
    log_from=$(log_size)
    kill -HUP "$master"
    tries=0
    until number=$(new_workers) && [ "${number:-0}" -gt 0 ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt "$((patience * 10))" ] || gave_up; then
            new_log | tail -n 20 >&2
            fail reload-failed "nginx goes on with the old configuration: no new worker processes came; its error log tells why"
        fi
        sleep 0.1
    done
}
