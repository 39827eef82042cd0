# shellcheck shell=sh disable=SC2154
# Changes the virtualenv $1, as far as others can see.
lock_venv "$1"
result locked yes
