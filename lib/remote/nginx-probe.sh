# shellcheck shell=sh disable=SC2154
# Asks the nginx of this host for a page until it is as it should be, or the time is over. A name in the URL goes into the
# request, and the connection to this host itself; an address is connected to. Certificates are not judged: whoever
# answers here is this host.
# Arguments: the URL; what the page must contain, or nothing; the seconds.

python=$(command -v python3) || fail python-not-found "no python3 in PATH ($PATH)"
why=$("$python" -I - "$@" <<'PYTHON'
@nginx-probe.py@
PYTHON
) || fail probe-failed "the program that asks for $1 ended with status $?"
[ -z "$why" ] || fail probe-failed "nginx does not show at $1 what it should: $why"
