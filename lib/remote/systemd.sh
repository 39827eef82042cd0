# shellcheck shell=sh
# Which unit a program belongs to: one of this account's own systemd (systemctl --user), or of the system's. Where systemd
# does not run, none.

# A login without PAM does not say where the account's own one is asked.
XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
export XDG_RUNTIME_DIR

# find_unit WAY...: finds $unit, by a function that prints its name when it is called with WAY and the scope; and $scope,
# --user or --system, which leads to it. Otherwise $unit is empty.
find_unit() {
    unit=
    command -v systemctl >/dev/null || return 0
    for scope in --user --system; do
        unit=$("$@" "$scope")
        [ -z "$unit" ] || return 0
    done
}

# unit_of PID SCOPE: prints the name of the unit whose main process this is.
unit_of() {
    systemctl "$2" show --property=Id,MainPID '*.service' 2>/dev/null |
        awk -F= -v pid="$1" '
            /^Id=/ { id = $2 }
            /^MainPID=/ { main = $2 }
            /^$/ { if (main == pid) print id; id = main = "" }
            END { if (main == pid) print id }' | head -n 1
}

# commands_of PATTERN SCOPE: "UNIT TAB PROGRAM TAB ARGUMENTS" of what each unit that is installed with such a name is
# started by.
commands_of() {
    systemctl "$2" list-unit-files --no-legend --no-pager --type=service "$1" 2>/dev/null | cut -d ' ' -f 1 |
        while read -r installed; do
            case $installed in *@.*) continue ;; esac
            systemctl "$2" show --property=ExecStart "$installed" 2>/dev/null |
                sed -n "s|^ExecStart={ path=\([^;]*\) ; argv\[\]=[^ ]* *\(.*\) ; ignore_errors=.*|$installed	\1	\2|p"
        done
}

# tell_unit VERB: to start, to stop, to reload. What stands in for systemctl may start the program itself.
tell_unit() {
    daemon systemctl "$scope" --no-ask-password "$1" "$unit"
}

# log_of_unit: prints the end of what it said.
log_of_unit() {
    case $scope in
        --user) set -- --user-unit ;;
        *) set -- --unit ;;
    esac
    journalctl "$1" "$unit" --lines 20 --no-pager --output cat 2>/dev/null
}
