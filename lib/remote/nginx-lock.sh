# shellcheck shell=sh disable=SC2154,SC2034
# Holds an nginx for a run of es-nginx-switch. The lock is one of the folder of the main configuration, and leaves nothing
# behind; a text in it says who has it, where that folder may be written. After hold.sh and nginx.sh.
# Arguments: the program, the main configuration or "-"; who, from where and for what; how many seconds to wait.

bin=$1 conf=$2 owner=$3 wait=$4

give_back() {
    rm -f "$who" 2>/dev/null
}

find_program
find_conf
folder=$(readlink -f "$conf")
folder=${folder%/*}
who=$folder/.essay-lock
[ -r "$folder" ] || fail permission-denied "cannot read the folder $folder as $(id -un)"
exec 7<"$folder"
tries=0
until take_lock "$folder" 7; do
    tries=$((tries + 1))
    [ "$tries" -le "$wait" ] ||
        fail locked "the nginx of $conf is being switched by $(cat "$who" 2>/dev/null || echo "another run")"
    sleep 1
done
(printf '%s\n' "$owner (since $(date -u +%Y-%m-%dT%H:%M:%SZ))" >"$who") 2>/dev/null || :
hold "$conf"
