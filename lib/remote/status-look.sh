# shellcheck shell=sh disable=SC2154
# What there is of virtualenvs on this host, and of their processes, by the files and by /proc. After state.sh.

# python_of PROJECT: a line "VERSION SOUND INSTALLED" for $venv: its Python's version, or -; 1 when the interpreter
# runs and knows its place; the version of the project there, or -. Interpreter and metadata may be broken in any way.
python_of() {
    "$venv/bin/python" -I - "$venv" "$1" <<'PYTHON' 2>/dev/null || printf '%s\n' '- 0 -'
@status-python.py@
PYTHON
}

# measure TIMES [NAME PATH PID KNOWN]...: four words for each virtualenv: its name, its path, the pid of the supervisord
# that answered or -, a file with the pids of the processes which that one knows. Without any it writes to the file TIMES
# how much each process has worked until now. With some it prints
#     system LOAD1 LOAD5 LOAD15 CPUS MEMORY FREE UPTIME      sizes in bytes, times in seconds, - for what is not known
#     use NAME CPU MEMORY COUNT                              CPU since TIMES, in percent of one CPU
#     silent NAME PID                                        a supervisord that did not answer
#     held NAME WHO                                          a run has the lock
#     stray NAME PID BEGUN USER COMMAND                      what supervisord does not know, see es-status(1)
# What /proc does not show us, as that of others where it is mounted with hidepid, is not there.
measure() {
    "$any_python" -I -S - "$$" "$@" <<'PYTHON'
@status-measure.py@
PYTHON
}
