# shellcheck shell=sh disable=SC2154
# Changes the virtualenv $1, as far as others can see. With "stubborn" as $2 it heeds no request to end.
lock_venv "$1"
[ "${2-}" != stubborn ] || trap '' TERM
result locked yes
[ "${2-}" != stubborn ] || while :; do sleep 1; done
