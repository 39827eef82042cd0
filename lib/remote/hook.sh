# shellcheck shell=sh disable=SC2154
# The user's command that runs before packing, in a tree of the files, and takes what it made. After git.sh and
# tree.sh. Set before it: $project, $version, $commit, $time.

# in_our_group: writes the ids of the processes that the command has left running: those of our process group
# that descend neither from us nor from our watcher, in what ps has listed.
in_our_group() {
    awk -v me="$$" -v watcher="$essay_watcher" '
        BEGIN { ours[me]; ours[watcher] }
        NR == FNR { parent[$1] = $2; if ($1 == me) group = $3; next }
        $3 == group { for (pid = $1; pid in parent && !(pid in ours);) pid = parent[pid]; if (!(pid in ours)) print $1 }
    ' "$essay_scratch/processes" "$essay_scratch/processes"
}

# end_others: ends what the command has left running.
end_others() {
    trap '' TERM
    command -v ps >/dev/null || kill -TERM 0
    for essay_try in 1 2 3 4 5 6 7 8 9 10; do
        # Not by what $() starts: the list would have that, too, and there would always be something left.
        ps -A -o pid= -o ppid= -o pgid= >"$essay_scratch/processes" 2>/dev/null || break
        essay_left=$(in_our_group)
        [ -n "$essay_left" ] || break
        essay_signal=TERM
        [ "$essay_try" -lt 8 ] || essay_signal=KILL
        # shellcheck disable=SC2086 # a list of numbers
        kill -"$essay_signal" $essay_left 2>/dev/null || :
        sleep 0.1
    done
    trap 'essay_ended=1; exit 143' TERM
}

# run_apart COMMAND: runs it with what it needs to know and nothing that may be secret.
# shellcheck disable=SC2031 # git alone has another HOME
run_apart() (
    cd "$tree" || exit
    for essay_name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        eval "essay_value=\${$essay_name-}"
        case $essay_value in
            '' | *@*) ;;
            *) set -- "$@" "$essay_name=$essay_value" ;;
        esac
    done
    essay_command=$1
    essay_account=$(id -un)
    shift
    exec env -i PATH="$PATH" HOME="$HOME" USER="$essay_account" LOGNAME="$essay_account" SHELL=/bin/sh LANG=C.UTF-8 \
        TMPDIR="$essay_scratch/temporary" SOURCE_DATE_EPOCH="$time" "$@" \
        ESSAY_PROJECT="$project" ESSAY_VERSION="$version" ESSAY_COMMIT="$commit" \
        sh -c "$essay_command" >&2 3>&- 7>&- 9>&-
)

# run_hook COMMAND: runs it in the files of the index, and makes the index of what is there afterwards.
run_hook() {
    mkdir "$essay_scratch/temporary"
    rm -f "$essay_scratch/credentials"
    cd "$tree" || exit
    try own checkout-index --all --index --force || refuse git-failed "cannot lay out the files for the command"
    essay_status=0
    run_apart "$1" || essay_status=$?
    end_others
    [ "$essay_status" -eq 0 ] ||
        fail hook-failed "the command before packing, $1, ended with status $essay_status on $place"
    essay_found=$(find . -name .git ! -path ./.git | sed 1q)
    [ -z "$essay_found" ] ||
        fail bad-file "the command before packing has left a repository of git in ${essay_found#./}, which cannot be packed"
    essay_found=$(find . ! -type f ! -type d ! -type l | sed 1q)
    [ -z "$essay_found" ] ||
        fail bad-file "the command before packing has left ${essay_found#./}, which is no file and cannot be packed"
    try own -c core.looseCompression=0 -c core.compression=0 add --all --force . ||
        refuse hook-failed "cannot take in what the command before packing has made"
    cd /
}
