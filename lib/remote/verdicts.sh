# shellcheck shell=sh disable=SC2154
# What was said of versions on this host. After state.sh.
#
#   PREFIX/.essay/verdicts.jsonl    a line of JSON for each verdict, mode 0600; of a version the last one counts. It is
#                                   only ever added to, and never begins anew: what is bad stays so

# told_verdicts FOLDER: a result "verdict" for each line.
told_verdicts() {
    [ -s "$1/verdicts.jsonl" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do result verdict "$line"; done <"$1/verdicts.jsonl"
}

# add_verdict FOLDER LINE: in one write, so that lines of two scripts never mix. One that a full disk has cut short is
# not continued.
add_verdict() {
    make_directory "$1"
    essay_before=
    if [ -s "$1/verdicts.jsonl" ] && [ -n "$(tail -c 1 "$1/verdicts.jsonl")" ]; then essay_before=$essay_newline; fi
    umask 077
    add_line "$1/verdicts.jsonl" "$essay_before$2"
    umask 022
}
