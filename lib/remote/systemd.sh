# shellcheck shell=sh
# Which unit of systemd a program belongs to. Where systemd does not run, none.

# unit_of PID: prints the name of the unit whose main process this is.
unit_of() {
    command -v systemctl >/dev/null || return 0
    systemctl show --property=Id,MainPID '*.service' 2>/dev/null |
        awk -F= -v pid="$1" '
            /^Id=/ { id = $2 }
            /^MainPID=/ { main = $2 }
            /^$/ { if (main == pid) print id; id = main = "" }
            END { if (main == pid) print id }' | head -n 1
}

# commands_of PATTERN: "UNIT TAB PROGRAM TAB ARGUMENTS" of what each unit that is installed with such a name is started by.
commands_of() {
    command -v systemctl >/dev/null || return 0
    systemctl list-unit-files --no-legend --no-pager --type=service "$1" 2>/dev/null | cut -d ' ' -f 1 |
        while read -r installed; do
            case $installed in *@.*) continue ;; esac
            systemctl show --property=ExecStart "$installed" 2>/dev/null |
                sed -n "s|^ExecStart={ path=\([^;]*\) ; argv\[\]=[^ ]* *\(.*\) ; ignore_errors=.*|$installed	\1	\2|p"
        done
}
