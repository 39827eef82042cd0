# shellcheck shell=sh disable=SC2154,SC2034
# The names of upstreams in the file; after nginx-file.sh. Set before it is used: from and to, the two names.

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

# refuse_binary: fails for a file with a NUL in it, which awk would cut off.
refuse_binary() {
    # shellcheck disable=SC2094 # neither of them writes
    tr -d '\000' <"$file" | cmp -s - "$file" || fail bad-file "$wanted is no text: it has a NUL character in it"
}

# Finds $state (which name the file has) and $places.
# shellcheck disable=SC2034 # for the scripts
read_file() {
    [ -r "$file" ] || fail permission-denied "cannot read $file as $(id -un)"
    refuse_binary
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
    files_read |
        while IFS= read -r part; do
            if [ "$(readlink -f "$part")" = "$file" ]; then echo yes; fi
        done | grep -q yes || {
        served=
        give_up not-included "$wanted is no part of what nginx reads from $conf"
    }
}
