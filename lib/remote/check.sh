# shellcheck shell=sh disable=SC2154
# Asks ports of this host until all answer as they should, or the time is over; looks whether processes stay.
# Arguments: the virtualenv, or -, which may begin with ~/; then what check.py takes.
# For each thing that is asked a result "check": its NUMBER from 0 on, STATUS, MILLISECONDS, OK (1 or 0) and, where it
# is not, why.

venv=$1
shift
bin=
if [ "$venv" != - ]; then
    expand_home "$venv"
    bin=$expanded/bin
fi
python=$bin/python
[ -n "$bin" ] && [ -x "$python" ] || python=$(command -v python3) || fail python-not-found "no python3 in PATH ($PATH)"

checks=$("$python" -I - "$bin" "$PATH" "$@" <<'PYTHON'
@check.py@
PYTHON
) || fail check-failed "the check itself failed: $python did not run it"

[ -z "$checks" ] || printf '%s\n' "$checks" | while IFS= read -r check; do result check "$check"; done
