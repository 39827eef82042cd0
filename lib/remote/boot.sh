# shellcheck shell=sh disable=SC2154
# Whether the supervisord of a virtualenv comes back after a reboot: by systemd where that runs this host, and for
# this account, otherwise by the account's crontab. After state.sh; needs $venv, $kept, a scratch, and $conf for
# enabling.
#
#   VENV/.essay/boot      what is run at boot
#   essay-NAME-SUM.service, in the directory of systemd's for this account; or a line @reboot in the crontab
#   HOME/.essay/crontab.lock   held with flock while the crontab is changed

boot_program() {
    cat <<'BOOT'
#!/bin/sh
# Starts the supervisord of this virtualenv after a reboot. Written by es-supervisor enable.
cd "${0%/*}/.." || exit
venv=$(pwd)
[ ! -s .essay/changing ] || { echo "$venv is half-done: $(head -n 1 .essay/changing) was cut short" >&2; exit 1; }
VIRTUAL_ENV=$venv
ESSAY_SUPERVISED=$(pwd -P)
PATH=$venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export VIRTUAL_ENV ESSAY_SUPERVISED PATH
supervisord -c "$venv/etc/supervisord.conf" || exit
[ ! -e .essay/active ] || supervisorctl -c "$venv/etc/supervisord.conf" start 'live:*'
BOOT
}

# find_systemd: true where systemd runs services for this account at boot; then $units, their directory, and
# $wanted_by.
find_systemd() {
    command -v systemctl >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then
        units=/etc/systemd/system
        wanted_by=multi-user.target
    else
        XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
        export XDG_RUNTIME_DIR
        units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
        wanted_by=default.target
    fi
    case $(system is-system-running 2>/dev/null) in
        initializing | starting | running | degraded | maintenance) ;;
        *) return 1 ;;
    esac
    unit=essay-$(printf '%s' "${venv##*/}" | tr -c 'A-Za-z0-9' '-')-$(printf '%s' "$venv" | sha256sum | cut -c 1-8).service
    [ "$(id -u)" = 0 ] || [ "$1" = disable ] || lingers
}

system() {
    if [ "$(id -u)" = 0 ]; then systemctl "$@"; else systemctl --user "$@"; fi
}

# lingers: whether the account's services run without a login; asks for it where they do not yet.
lingers() {
    command -v loginctl >/dev/null || return 1
    is_lingering && return 0
    [ "$essay_plan" = 0 ] || return 0
    loginctl --no-ask-password enable-linger >&2 || :
    is_lingering
}

is_lingering() { [ "$(loginctl show-user "$(id -un)" --property=Linger 2>/dev/null)" = Linger=yes ]; }

# A path inside double quotes of a unit (systemd.syntax(7), systemd.service(5)).
unit_text() {
    text=$(printf '%s' "$venv" | sed -e 's/%/%%/g')
    quoted=$(printf '%s' "$text" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\$/$$/g')
    cat <<UNIT
[Unit]
Description=supervisord of $text
After=network.target

[Service]
Type=forking
ExecStart=/bin/sh "$quoted/.essay/boot"
KillMode=mixed

[Install]
WantedBy=$wanted_by
UNIT
}

# cron_line: the line of the crontab, in which % would be a line break.
cron_line() {
    printf "@reboot /bin/sh '%s'\n" "$(printf '%s' "$kept/boot" | sed -e "s/'/'\\\\''/g" -e 's/%/\\%/g')"
}

# read_crontab: into $essay_scratch/crontab; an account without one has an empty one.
read_crontab() {
    if crontab -l >"$essay_scratch/crontab" 2>"$essay_scratch/said"; then return 0; fi
    grep -qi -e 'no crontab' -e 'no such file' "$essay_scratch/said" ||
        fail boot-failed "cannot read the crontab: $(tail -n 1 "$essay_scratch/said")"
    : >"$essay_scratch/crontab"
}

in_crontab() { cron_line | grep -qxF -f - "$essay_scratch/crontab"; }

# write_crontab: from $essay_scratch/crontab.
write_crontab() {
    crontab - <"$essay_scratch/crontab" 2>"$essay_scratch/said" ||
        fail boot-failed "cannot write the crontab: $(tail -n 1 "$essay_scratch/said")"
    read_crontab
}

# Several virtualenvs may be enabled at once, also of several prefixes, and the account's crontab is written as a whole.
lock_crontab() {
    [ "$essay_plan" = 0 ] || return 0
    lock=${HOME:-${venv%/*}}/.essay/crontab.lock
    make_directory "${lock%/*}"
    essay_why=$( (: >>"$lock") 2>&1) || refuse_writing "$lock" "$essay_why" write
    exec 6>>"$lock"
    tries=0
    until try_lock "$venv" 6; do
        [ "$tries" -lt 50 ] || fail locked "another run is changing the crontab"
        tries=$((tries + 1))
        sleep 0.2
    done
}

leave_crontab() {
    command -v crontab >/dev/null || return 0
    lock_crontab
    read_crontab
    if in_crontab && change "taken from the crontab"; then
        cron_line >"$essay_scratch/line"
        grep -vxF -f "$essay_scratch/line" "$essay_scratch/crontab" >"$essay_scratch/rest" || :
        mv -f "$essay_scratch/rest" "$essay_scratch/crontab"
        write_crontab
        ! in_crontab || fail boot-failed "the crontab still has the line of $venv"
    fi
}

enter_crontab() {
    command -v crontab >/dev/null ||
        fail boot-failed "this host has no systemd that starts services of this account at boot, and no crontab"
    lock_crontab
    read_crontab
    if ! in_crontab && change "put into the crontab"; then
        cron_line >>"$essay_scratch/crontab"
        write_crontab
        in_crontab || fail boot-failed "the crontab does not have the line of $venv, though it was put there"
    fi
}

enable_unit() {
    make_directory "$units"
    unit_text >"$essay_scratch/unit"
    if ! cmp -s "$essay_scratch/unit" "$units/$unit" && change "$unit written"; then
        replace_file "$units/$unit" <"$essay_scratch/unit"
        system daemon-reload >&2 || fail boot-failed "systemctl daemon-reload failed"
    fi
    if [ "$(system is-enabled "$unit" 2>/dev/null)" != enabled ] && change "$unit enabled"; then
        system enable "$unit" >&2 || :
        [ "$(system is-enabled "$unit" 2>/dev/null)" = enabled ] || fail boot-failed "systemd does not enable $unit"
    fi
}

disable_unit() {
    [ -e "$units/$unit" ] || return 0
    change "$unit removed" || return 0
    system disable "$unit" >&2 || fail boot-failed "systemd does not disable $unit"
    take_away "$units/$unit"
    system daemon-reload >&2 || :
    [ "$(system is-enabled "$unit" 2>/dev/null)" != enabled ] || fail boot-failed "$unit is still enabled"
}

enable_boot() {
    [ -f "$conf" ] || fail conf-missing "there is no $conf: run es-supervisor up before"
    boot_program >"$essay_scratch/boot"
    if ! cmp -s "$essay_scratch/boot" "$kept/boot" && change "$kept/boot written"; then
        make_directory "$kept"
        replace_file "$kept/boot" <"$essay_scratch/boot"
    fi
    if find_systemd enable; then
        enable_unit
        leave_crontab
    else
        enter_crontab
    fi
}

disable_boot() {
    if find_systemd disable; then disable_unit; fi
    leave_crontab
    if [ -e "$kept/boot" ] && change "$kept/boot removed"; then take_away "$kept/boot"; fi
}
