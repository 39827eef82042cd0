# shellcheck shell=sh disable=SC2154
# Says what it was given: its arguments and the payload's checksum. With "fail", "die" or "refuse" as its
# first argument it ends in that way, with "break" in the middle of a change.
result count "$#"
for argument; do result argument "$argument"; done
[ -z "${payload:-}" ] || result sum "$(sha256sum <"$payload")"
case ${1:-} in
    fail)
        echo "the tool's last words" >&2
        exit 9
        ;;
    umlaut) printf 'gr\303\274n\n' >&2 ;;
    die) kill -KILL "$$" ;;
    refuse) fail no-venv "there is no virtualenv" ;;
    break) if change "half of it"; then exit 9; fi ;;
    sleep) sleep 1000 ;;
esac
