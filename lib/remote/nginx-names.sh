# shellcheck shell=sh disable=SC2154,SC2034
# The file of nginx's configuration that names an upstream; after nginx.sh. Set before it is used: wanted, the file by
# its path, from the folder of the main configuration, or "-" for that itself; from and to, the two names.

# find_file: the file that names the upstream, $wanted as it is called and $file as it is; after find_conf.
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
