# shellcheck shell=sh disable=SC2154,SC2034
# The file of nginx's configuration that names an upstream; after nginx.sh. Set before it is used: wanted, the file by
# its path, from the folder of the main configuration, or "-" for that itself; from and to, the two names.

# find_file: the file that names the upstream, $wanted as it is called and $file as it is; after find_conf.
# shellcheck disable=SC2034 # for the scripts
find_file() {
    case $wanted in
        -) wanted=$conf ;;
        /*) ;;
        \~/*)
            expand_home "$wanted"
            wanted=$expanded
            ;;
        *) wanted=${conf%/*}/$wanted ;;
    esac
    [ -f "$wanted" ] || fail conf-missing "there is no file $wanted; name it with --switch-conf"
    # A link stays; what it leads to is edited.
    file=$(readlink -f "$wanted")
    folder=${file%/*}
    note=$folder/.${file##*/}.essay-switch
    old=$folder/.${file##*/}.essay-before
    new=$folder/.${file##*/}.essay-new
}

# checksum: of stdin.
checksum() {
    cksum | tr ' ' '-'
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
# shellcheck disable=SC2034 # for the scripts
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

is_included() {
    sed -n 's/^# configuration file \(.*\):$/\1/p' "$essay_scratch/dump" |
        while IFS= read -r part; do
            if [ "$(readlink -f "$part")" = "$file" ]; then echo yes; fi
        done | grep -q yes || {
        served=
        give_up not-included "$wanted is no part of what nginx reads from $conf"
    }
}

# hundredths: seconds since 1970, with two digits behind the point where date knows them.
hundredths() {
    hundredth=$(date +%s.%2N)
    case $hundredth in *[!0-9.]*) hundredth=${hundredth%%.*} ;; esac
    echo "$hundredth"
}

# clock: "TICKS TIME": now, in the ticks of /proc since the boot and in seconds since 1970. A process that begins now says
# what the clock of /proc says, also in a container; of some tries, the one that was quickest.
clock() {
    for _ in 1 2 3 4; do
        echo "$(hundredths) $(read -r line </proc/self/stat && echo "${line##*) }" | cut -d ' ' -f 20) $(hundredths)"
    done | awk '
        NR == 1 || $3 - $1 < least { least = $3 - $1; ticks = $2; now = ($1 ~ /\./) ? sprintf("%.2f", ($1 + $3) / 2) : $1 }
        END { print ticks, now }'
}

# written: when the file came to be what it is: its text, its name, or the link that leads to it, in seconds since 1970.
# The time of a status change cannot be set as that of a modification is by `cp -p` and `mv`.
written() {
    stat -c %.2Z "$file" "$wanted" 2>/dev/null | sort -n | tail -n 1
}

# crashed_at: the moments, as nginx's log has them, at which workers of this master ended by themselves.
crashed_at() {
    [ -f "/proc/$master/fd/2" ] || return 0
    tail -c 1000000 "/proc/$master/fd/2" |
        sed -n "s/^\([0-9/]* [0-9:]*\) \[alert\] $master#.*: worker process [0-9]* exited .*/\1/p"
}

# is_loaded: prints "yes" when the workers that serve have read the file as it is: they all began after it was written;
# "no" when one did not; "crashed" when one may have been started in the place of one that crashed, as it then runs what
# the master had read before. Prints nothing where no worker serves.
is_loaded() {
    hertz=$(getconf CLK_TCK 2>/dev/null || echo 100)
    crashed=$(crashed_at)
    clock=$(clock)
    written=$(written)
    workers | while read -r _ start; do
        # When it began, in seconds since 1970; a tick and the time that looking takes are nobody's edit.
        began=$(echo "$clock $start $hertz" | awk '{ printf $2 ~ /\./ ? "%.2f" : "%d", $2 - ($1 - $3) / $4 }')
        echo "$began $written" | awk '{ slack = ($1 $2 ~ /\..*\./) ? 0.02 : 1; print ($2 > $1 + slack) ? "no" : "yes" }'
        [ -n "$crashed" ] || continue
        for second in "${began%.*}" "$((${began%.*} - 1))"; do
            case $essay_newline$crashed$essay_newline in
                *"$essay_newline$(date -d "@$second" '+%Y/%m/%d %H:%M:%S')$essay_newline"*) echo crashed ;;
            esac
        done
    done | sort | head -n 1
}
