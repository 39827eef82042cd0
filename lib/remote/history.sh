# shellcheck shell=sh disable=SC2154
# The history: a line of JSON for each script that has changed what runs or is served, or has broken off while it did.
# Every script has this; set before it: essay_history, the object that such a line is, as far as the other side knows it
# and without its last brace, or nothing where none is wanted; essay_history_folder, the folder of the log for scripts
# that lock no virtualenv.
#
#   PREFIX/.essay/history.jsonl      the log, mode 0600
#   PREFIX/.essay/history.1.jsonl    the lines before those of the log: it begins anew when it has become long

essay_log=
essay_log_venv=
essay_deeds=
essay_touched=
essay_longest_log=262144
# What is no longer is written at once, by each kind of sh, so that lines of two scripts never mix.
essay_longest_line=4000

# note_in [FOLDER VENV]: from here on changes are worth a line, in the log of this folder, or of essay_history_folder.
# shellcheck disable=SC2119,SC2120 # which of the two is the script's choice
note_in() {
    essay_log=${1:-$essay_history_folder}
    essay_log_venv=${2-}
}

# note_now: the line is to tell this time, not the one at which the other side began.
note_now() {
    case $essay_history in
        '{"at":"'*) essay_history="{\"at\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"${essay_history#'{"at":"'*'"'}" ;;
    esac
}

# noted SENTENCE: something that is worth a line has been done.
noted() {
    essay_deeds=$essay_deeds${essay_deeds:+$essay_newline}$1
    essay_touched=1
}

# essay_json TEXT: prints its lines as strings of JSON, with commas between them.
essay_json() {
    [ -n "$1" ] || return 0
    printf '%s\n' "$1" | tr -d '\000-\011\013-\037\177' |
        sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/"/' -e '$!s/$/,/' | tr -d '\n'
}

# essay_begin_anew: the log becomes the one before when it is too long; by one script only.
essay_begin_anew() (
    [ -e "$1.jsonl" ] && [ "$(wc -c <"$1.jsonl")" -gt "$essay_longest_log" ] || return 0
    exec 6>>"$1.lock"
    take_lock "${1%/.essay/*}/$essay_log_venv" 6 || return 0
    # Another one may have done it meanwhile.
    [ "$(wc -c <"$1.jsonl")" -le "$essay_longest_log" ] || mv -f "$1.jsonl" "$1.1.jsonl"
)

# essay_append FILE LINE: to the log. A line that a full disk has cut short is not continued.
essay_append() (
    umask 077
    mkdir -p "${1%/*}"
    essay_begin_anew "${1%.jsonl}"
    essay_before=
    if [ -s "$1" ] && [ -n "$(tail -c 1 "$1")" ]; then essay_before=$essay_newline; fi
    printf '%s%s\n' "$essay_before" "$2" >>"$1"
)

# essay_note STATUS: the line of this script, if it is worth one, to the log and to the other side. Whatever fails here
# is no failure of the script, which is ending.
essay_note() {
    [ -n "$essay_history" ] && [ -n "$essay_log" ] && [ -n "$essay_touched" ] || return 0
    essay_outcome=failed
    [ "$1$essay_code" != 0 ] || essay_outcome='done'
    [ -z "$essay_ended" ] || essay_outcome=cut-short
    essay_end="\"outcome\":\"$essay_outcome\"${essay_code:+,\"code\":\"$essay_code\"}}"
    [ -z "$essay_log_venv" ] || essay_history="$essay_history,\"venv\":$(essay_json "$essay_log_venv")"
    essay_line="$essay_history,\"changes\":[$(essay_json "$essay_deeds")],$essay_end"
    [ "${#essay_line}" -le "$essay_longest_line" ] ||
        essay_line="$essay_history,\"changes\":[\"$(printf '%s\n' "$essay_deeds" | wc -l | tr -d ' ') changes\"],$essay_end"
    case $essay_log in \~*) essay_log=$HOME${essay_log#\~} ;; esac
    essay_why=$(essay_append "$essay_log/history.jsonl" "$essay_line" 2>&1) ||
        result history-lost "$essay_log/history.jsonl: ${essay_why##*: }"
    result history "$essay_line"
}

# history_lines FOLDER COUNT: prints the last lines of the log.
history_lines() {
    for essay_file in "$1/history.1.jsonl" "$1/history.jsonl"; do
        if [ -s "$essay_file" ]; then cat "$essay_file"; fi
    done | tail -n "$2"
}
