# shellcheck shell=sh disable=SC2154,SC2034
# Holds the lock of an nginx for a run of es-nginx-switch. After processes.sh, hold.sh, nginx.sh and nginx-lock.sh.
# Arguments: the program, the main configuration or "-".

bin=$1 conf=$2

find_program
find_conf
lock_nginx
hold "$conf"
