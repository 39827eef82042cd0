# shellcheck shell=sh disable=SC2154
# Says what it was given, then as many bytes as its first argument says, then ends as the second one says.
result sum "$([ -z "${payload:-}" ] || cksum <"$payload")"
result size "$1"
dd if=/dev/zero bs=1024 count="$(($1 / 1024))" >&3 2>/dev/null
case $2 in
    well) result whole 1 ;;
    fail) fail no-venv "there is no virtualenv" ;;
    die) kill -KILL "$$" ;;
    early) ;;
    sleep) sleep 1000 ;;
esac
