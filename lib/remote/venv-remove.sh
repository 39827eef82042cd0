# shellcheck shell=sh disable=SC2154,SC2034
# Makes sure that there is no virtualenv, nor what starts its supervisord after a reboot. After venv-place.sh and boot.sh.
# Arguments: the prefix; the name.

find_place "$1" "$2"
kept=$venv/.essay
conf=$venv/etc/supervisord.conf
! is_foreign || fail venv-failed "$venv is no virtualenv: it is not removed"
result path "$venv"
refuse_link
[ -d "$venv" ] || exit 0
lock_venv "$venv"
refuse_occupied
if [ -e "$kept/boot" ]; then
    scratch
    disable_boot
fi
if change "virtualenv $name removed"; then
    mark_venv "$venv" es-venv
    # shellcheck disable=SC2119 # nothing stays
    empty
    take_away "$venv"
fi
