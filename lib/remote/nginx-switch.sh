# shellcheck shell=sh disable=SC2154
# Points an nginx from one name to another, a phase at a time. $1 is the phase:
#   look     says what there is and changes nothing
#   edit     $7 $8: puts the new text in place and lets nginx -t judge it; a text that fails is taken back
#   reload   makes nginx read it, and sees new workers
#   undo     $7 $8 $9: the old text comes back; where $9 is "reloaded", nginx reads it again
#   keep     the switch is complete: the old text goes
# $2 program, $3 main configuration or "-", $4 file to switch in or "-", $5 and $6 the names from and to,
# $7 and $8 the checksums of the file as `look` saw it and as it is to become.
#
# The old text stays beside the file until the switch is complete. It has a hidden name, which a pattern such
# as `include sites-enabled/*` does not match.

phase=$1 bin=$2 conf=$3 wanted=$4 from=$5 to=$6 sum=${7-} after=${8-}
served=

# Seconds in which new workers must have come; a failed bind is tried five times over in 2.5 s.
patience=30

# give_up CODE SENTENCE: fails, and says which side is served where that is known.
give_up() {
    fail "$1" "$2${served:+; $served}"
}

find_program() {
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/nginx/sbin
    command -v "$bin" >/dev/null || fail nginx-missing "there is no program $bin; name it with --bin"
}

# built_with NAME: the value of an option of nginx's own build, one word.
built_with() {
    "$bin" -V 2>&1 | tr ' ' '\n' | sed -n "s/^--$1=//p" | head -n 1
}

find_files() {
    prefix=$(built_with prefix)
    prefix=${prefix:-/usr/local/nginx}
    if [ "$conf" = - ]; then
        conf=$(built_with conf-path)
        conf=${conf:-$prefix/conf/nginx.conf}
    fi
    expand_home "$conf"
    conf=$expanded
    case $wanted in
        -) wanted=$conf ;;
        /*) ;;
        \~/*)
            expand_home "$wanted"
            wanted=$expanded
            ;;
        *) wanted=${conf%/*}/$wanted ;;
    esac
    [ -f "$conf" ] || fail conf-missing "there is no file $conf; name it with --conf"
    [ -f "$wanted" ] || fail conf-missing "there is no file $wanted; name it with --switch-conf"
    # A link stays; what it leads to is edited.
    file=$(readlink -f "$wanted")
    folder=${file%/*}
    old=$folder/.${file##*/}.essay-before
    new=$folder/.${file##*/}.essay-new
}

checksum() {
    cksum <"$1" | tr ' ' '-'
}

# switched count|edit ENDS <FILE: the number of places of both names, or the text with the one in place of the
# other. Comments are where nginx sees them: # begins one at the start of a word, not in it, not in quotes.
switched() {
    essay_does=$1 essay_from=$from essay_to=$to essay_ends=$2 awk '
        function outside(c) { return c !~ /[A-Za-z0-9_-]/ }
        function stands(name, line, i) {
            return substr(line, i, length(name)) == name && outside(substr(line, i + length(name), 1)) &&
                (i == 1 || outside(substr(line, i - 1, 1)))
        }
        # One more character has been read: are we in a comment, in quotes, at the start of a word?
        function follow(c) {
            if (comment) { if (c == "\n") comment = 0; return }
            if (escaped) { escaped = 0; return }
            if (start) {
                if (c ~ /[ \t\r\n;{}]/) return
                start = 0
                if (c == "#") { comment = 1; start = 1 }
                else if (c == "\\") escaped = 1
                else if (c == "\"" || c == "\047") quote = c
                variable = c == "$"
                return
            }
            if (c == "{" && variable) { variable = 0; return }
            variable = c == "$"
            if (c == "\\") escaped = 1
            else if (quote != "") { if (c == quote) { quote = ""; start = 1 } }
            else if (c ~ /[ \t\r\n;{]/) start = 1
        }
        BEGIN {
            from = ENVIRON["essay_from"]; to = ENVIRON["essay_to"]; edit = ENVIRON["essay_does"] == "edit"
            start = 1; quote = ""; ORS = ""
            # Of two names that begin alike, the longer one is meant.
            first = length(to) > length(from) ? to : from
            second = first == to ? from : to
        }
        {
            text = ""
            for (i = 1; i <= length($0); i += length(word)) {
                name = ""
                if (!comment && stands(first, $0, i)) name = first
                else if (!comment && stands(second, $0, i)) name = second
                word = name == "" ? substr($0, i, 1) : name
                for (j = 1; j <= length(word); j++) follow(substr(word, j, 1))
                text = text (name == from ? to : word)
                froms += name == from
                tos += name == to
            }
            follow("\n")
            if (edit) { if (NR > 1) print "\n"; print text }
        }
        END {
            if (!edit) print froms + 0 " " tos + 0 "\n"
            else if (ENVIRON["essay_ends"] + 0 > 0) print "\n"
        }'
}

new_text() {
    ends=$(tail -c 1 "$file" | wc -l)
    switched edit "$ends" <"$file"
}

# Finds $state (which name the file has) and $places.
read_file() {
    [ -r "$file" ] || fail permission-denied "cannot read $file as $(id -un)"
    counts=$(switched count 0 <"$file")
    froms=${counts% *} tos=${counts#* }
    if [ "$froms" -gt 0 ] && [ "$tos" -gt 0 ]; then
        fail both-sides "$wanted names both $from ($froms times) and $to ($tos times), so which one is served cannot be told; name the file that has only one of them with --switch-conf"
    elif [ "$froms" -gt 0 ]; then
        state=from places=$froms served="$from is served"
    elif [ "$tos" -gt 0 ]; then
        state=to places=$tos served="$to is served"
    else
        fail pattern-absent "$wanted names neither $from nor $to outside comments"
    fi
}

may_write() {
    if [ ! -w "$file" ] || [ ! -w "$folder" ]; then
        give_up permission-denied "$(id -un) may not write $file and its folder; see \"become\""
    fi
    owner=$(stat -c %u "$file")
    if [ "$(id -u)" != 0 ] && [ "$(id -u)" != "$owner" ]; then
        give_up permission-denied "$file belongs to another account than $(id -un), which could not keep its owner; see \"become\""
    fi
}

# The configuration as nginx reads it, also a test of it.
read_configuration() {
    scratch
    if ! "$bin" -c "$conf" -T >"$essay_scratch/dump"; then
        give_up nginx-test-failed "nginx -t finds fault with $conf as it stands, before any change"
    fi
}

is_included() {
    sed -n 's/^# configuration file \(.*\):$/\1/p' "$essay_scratch/dump" |
        while IFS= read -r part; do
            if [ "$(readlink -f "$part")" = "$file" ]; then echo yes; fi
        done | grep -q yes || {
        served=
        give_up not-included "$wanted is no part of what nginx reads from $conf"
    }
}

# Finds $master, the pid of the running nginx that has this configuration.
find_master() {
    pid_file=$(sed -e 's/#.*//' -e "s/[;{}]/\\$essay_newline/g" "$essay_scratch/dump" |
        sed -n 's/^[[:space:]]*pid[[:space:]]\{1,\}\([^[:space:]]\{1,\}\)[[:space:]]*$/\1/p' |
        head -n 1 | tr -d "\"'")
    [ -n "$pid_file" ] || pid_file=$(built_with pid-path)
    pid_file=${pid_file:-logs/nginx.pid}
    case $pid_file in /*) ;; *) pid_file=$prefix/$pid_file ;; esac
    master=
    [ ! -r "$pid_file" ] || read -r master <"$pid_file" || :
    case $master in '' | *[!0-9]*) master=none ;; esac
    case $(title "$master") in
        *': master process '*) ;;
        *)
            served="nothing is served"
            give_up nginx-not-running "nginx is not running with $conf: $pid_file names no master process"
            ;;
    esac
    kill -0 "$master" 2>/dev/null ||
        give_up permission-denied "$(id -un) may not reload the nginx of $(stat -c %U "/proc/$master"); see \"become\""
}

# title PID: how a process calls itself.
title() {
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || :
}

# Prints "PID START" of the workers that take new connections; START in ticks since the boot.
workers() {
    for process in /proc/[0-9]*; do
        { IFS= read -r line <"$process/stat"; } 2>/dev/null || continue
        rest=${line##*) }
        parent=${rest#? }
        [ "${parent%% *}" = "$master" ] || continue
        case $(title "${process#/proc/}") in
            *'is shutting down'*) ;;
            *': worker process'*) echo "${process#/proc/} $(echo "$rest" | cut -d ' ' -f 20)" ;;
        esac
    done
}

# Prints "yes" when the workers that serve were started after the file was written.
is_loaded() {
    boot=$(sed -n 's/^btime //p' /proc/stat)
    hertz=$(getconf CLK_TCK 2>/dev/null || echo 100)
    written=$(stat -c %Y "$file")
    workers | while read -r _ start; do
        # Times of start are good to a second.
        if [ "$written" -gt "$((boot + start / hertz + 1))" ]; then echo no; else echo yes; fi
    done | sort | head -n 1
}

look() {
    find_program
    find_files
    read_file
    may_write
    read_configuration
    is_included
    find_master
    loaded=$(is_loaded)
    [ -n "$loaded" ] || give_up nginx-not-running "the nginx of $conf has no worker processes"
    result file "$wanted"
    result state "$state"
    result places "$places"
    result loaded "$loaded"
    result sum "$(checksum "$file")"
    if [ -e "$old" ]; then result leftover yes; fi
    if [ "$state" = to ]; then result after "$(checksum "$file")"; else
        result after "$(new_text | cksum | tr ' ' '-')"
    fi
}

# A copy in every respect: owner, mode, times.
copy() {
    rm -f "$2"
    cp -a "$1" "$2"
    if [ "$(stat -c %u:%g:%a "$1")" != "$(stat -c %u:%g:%a "$2")" ]; then
        rm -f "$2"
        fail permission-denied "$(id -un) cannot keep owner and mode of $1; see \"become\""
    fi
}

edit() {
    find_program
    find_files
    [ "$(checksum "$file")" = "$sum" ] ||
        fail conf-changed "$wanted was changed by someone else just now; nothing was done to it"
    if [ "$sum" != "$after" ]; then
        copy "$file" "$new"
        mv -f "$new" "$old"
        copy "$file" "$new"
        new_text >"$new"
        if [ "$(checksum "$new")" != "$after" ]; then
            rm -f "$new" "$old"
            fail conf-changed "$wanted was changed by someone else just now; nothing was done to it"
        fi
        mv -f "$new" "$file"
    fi
    if ! "$bin" -c "$conf" -t; then
        if [ ! -e "$old" ]; then
            fail nginx-test-failed "nginx -t finds fault with $conf"
        fi
        mv -f "$old" "$file"
        fail nginx-test-failed "nginx -t finds fault with $to in $wanted, which has its old text again"
    fi
}

# The error log of the running nginx, by whatever name: it is the master's stderr.
log_size() {
    if [ -f "/proc/$master/fd/2" ]; then wc -c <"/proc/$master/fd/2"; else echo 0; fi
}

new_log() {
    [ ! -f "/proc/$master/fd/2" ] || tail -c "+$((log_from + 1))" "/proc/$master/fd/2" | grep -v '\[notice\]' || :
}

# True when the log says that nginx has given up; before that it tries again to bind.
gave_up() {
    new_log | grep '\[emerg\]' | grep -qv '\[emerg\][^:]*: bind() to'
}

# Prints how many workers serve that are not in the list $before, or nothing as long as one of those still does.
new_workers() {
    workers | cut -d ' ' -f 1 >"$essay_scratch/now"
    if ! grep -qxF -f "$before" "$essay_scratch/now"; then wc -l <"$essay_scratch/now"; fi
}

# Makes nginx read its files and waits for workers of the new generation. That the signal was taken says
# nothing: nginx keeps the old workers when the new configuration does not work.
reload() {
    find_program
    find_files
    read_configuration
    find_master
    before=$essay_scratch/before
    workers | cut -d ' ' -f 1 >"$before"
    log_from=$(log_size)
    kill -HUP "$master"
    tries=0
    until number=$(new_workers) && [ "${number:-0}" -gt 0 ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt "$((patience * 10))" ] || gave_up; then
            new_log | tail -n 20 >&2
            fail reload-failed "nginx goes on with the old configuration: no new worker processes came; its error log tells why"
        fi
        sleep 0.1
    done
}

undo() {
    find_program
    find_files
    rm -f "$new"
    [ -e "$old" ] || return 0
    now=$(checksum "$file")
    if [ "$sum" != "$after" ] && [ "$(checksum "$old")" != "$sum" ]; then
        return 0 # left by another run; this one had not begun
    elif [ "$now" = "$after" ]; then
        mv -f "$old" "$file"
    elif [ "$now" = "$sum" ]; then
        rm -f "$old"
        return 0
    else
        fail conf-changed "$wanted was changed by someone else meanwhile; the text from before is in $old"
    fi
    result restored yes
    if [ "$9" = reloaded ]; then
        reload
        result reloaded yes
    fi
}

keep() {
    find_program
    find_files
    rm -f "$old"
}

case $phase in
    look) look ;;
    edit) edit ;;
    reload)
        reload
        # shellcheck disable=SC2119
        note_in
        noted "$to is served"
        ;;
    undo)
        undo "$@"
        if [ -n "${number-}" ]; then
            note_in
            noted "$from is served again"
        fi
        ;;
    keep) keep ;;
esac
