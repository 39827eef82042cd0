# shellcheck shell=sh disable=SC2154
# Tells what was said of versions on this host, after saying something of one. After state.sh and verdicts.sh.
# Arguments: the directory of virtualenvs; and, where something is said: the sentence for the history, and the three
# parts of a line of JSON: which version it is about, what is said of it, and who says so.
#
# Results: verdict for each line of the file.

prefix=$1
shift

expand_home "$prefix"
folder=${expanded%/}/.essay

# is_said ABOUT SAYS: the last line about this version says the same.
is_said() {
    [ -s "$folder/verdicts.jsonl" ] || return 1
    # Each line begins in the same way; what is about another version has another beginning.
    last=$(grep -F -e "$1" "$folder/verdicts.jsonl" | tail -n 1)
    case $last in "$1$2"*) ;; *) return 1 ;; esac
}

if [ $# -gt 0 ]; then
    note_in "$folder"
    if ! is_said "$2" "$3" && change "$1"; then add_verdict "$folder" "$2$3$4"; fi
fi
told_verdicts "$folder"
