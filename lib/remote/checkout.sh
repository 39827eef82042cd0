# shellcheck shell=sh disable=SC2154,SC2034
# Gives the files of one commit as a stream. After git.sh, commit.sh, tree.sh and hook.sh.
# Arguments: the source; "folder" or "url"; the source as messages name it; "branch", "tag" or "commit"; its name;
# the folder for caches or nothing; a command to run before or nothing; the project; the version; this machine as
# messages name it; then the files that are rendered beside the usual ones.
# Results: known (names, where the one that is wanted is not there), commit, fetched (the remote that the branch is
# known from), found; then, unless in a dry run, time (of the commit), and three lists, and whole at the end. After
# each of these results come as many entries as it says:
#   names      paths, as lines: those that tell of the layout of the project
#   first      files, as git-cat-file(1) writes them: pyproject.toml, setup.cfg, and those that these two name
#   contents   all files in the same way, in the order of their paths
# The line before a file's bytes ends with its mode, a tab, and its path in quotes if there is anything odd in it.

source=$1
sort=$2
where=$3
kind=$4
name=$5
cache=$6
hook=$7
project=$8
version=$9
shift 9
place=$1
there=" on $place"
[ "$place" != "this machine" ] || there=
shift

# clear_left: takes away what runs before this one left behind, if they were killed in a way that nobody could
# heed. Who lives holds a lock.
clear_left() {
    for essay_old in "${TMPDIR:-/tmp}"/essay.*; do
        if [ ! -d "$essay_old" ] || [ -L "$essay_old" ] || [ ! -O "$essay_old" ]; then continue; fi
        [ -f "$essay_old/alive" ] || continue
        if (flock -n 7) 7<"$essay_old/alive" 2>/dev/null; then rm -rf "$essay_old"; fi
    done
}

# tokens: all words of stdin that could be the name of a file.
tokens() {
    # shellcheck disable=SC2020 # one line break for each character
    tee "$essay_scratch/text" | tr '"'\''' '\n\n'
    # shellcheck disable=SC2020
    tr '"'\'' \t,:=(){}][' '\n\n\n\n\n\n\n\n\n\n\n\n\n' <"$essay_scratch/text"
}

# choose_first: writes the entries of pyproject.toml, setup.cfg and what these name.
choose_first() {
    for essay_name in pyproject.toml setup.cfg; do
        own cat-file blob ":$essay_name" 2>/dev/null || :
    done | tokens | sed 's|^\(\./\)*||' >"$essay_scratch/tokens"
    grep -e "${essay_tab}pyproject\.toml\$" "$essay_scratch/all" || :
    grep -e "${essay_tab}setup\.cfg\$" "$essay_scratch/all" || :
    awk -F "$essay_tab" '
        NR == FNR { named[$0]; next }
        $2 in named && $2 != "pyproject.toml" && $2 != "setup.cfg"
    ' "$essay_scratch/tokens" "$essay_scratch/all"
}

# choose_names PATH...: writes the paths that tell what is a package, and those like the given ones.
choose_names() {
    cut -f 2- "$essay_scratch/all" >"$essay_scratch/paths"
    for essay_name; do printf '%s\n' "${essay_name##*/}"; done >"$essay_scratch/wanted"
    {
        grep -E -e '^[^/]+$' \
            -e '^(src/)?[^/]+/(__init__|__about__|__version__|_version|version|settings)\.py$' \
            -e '^(src/)?[^/]+/settings/__init__\.py$' "$essay_scratch/paths" || :
        if [ -s "$essay_scratch/wanted" ]; then grep -F -f "$essay_scratch/wanted" "$essay_scratch/paths" || :; fi
    } | sort -u
}

count() { echo "$(($(wc -l <"$1")))"; }

# give NAME FILE: gives the files whose entries are in FILE.
give() {
    result "$1" "$(count "$2")"
    # A large file must not be held as a whole.
    try own -c core.bigFileThreshold=4m cat-file --batch='%(objectname) %(objecttype) %(objectsize) %(rest)' --buffer <"$2" >&3 ||
        refuse git-failed "cannot read the files of $commit"
}

scratch
: >"$essay_scratch/said"
if command -v flock >/dev/null; then
    exec 7>"$essay_scratch/begun"
    flock -n 7
    mv "$essay_scratch/begun" "$essay_scratch/alive"
    clear_left
fi
command -v git >/dev/null || fail no-program "there is no git on $place, or it is not in PATH"
if [ -z "$cache" ]; then
    # shellcheck disable=SC2031 # git alone has another HOME
    case ${XDG_CACHE_HOME-} in
        /*) cache=$XDG_CACHE_HOME/essay ;;
        *) cache=${HOME:-$essay_scratch}/.cache/essay ;;
    esac
fi
expand_home "$cache"
cache=$expanded/git

if [ "$sort" = folder ]; then
    find_in_folder "$source" "$kind" "$name"
else
    find_at_url "$source" "$kind" "$name"
fi
result commit "$commit"
[ -z "$fetched" ] || result fetched "$fetched"
result found 1
[ "$essay_plan" = 0 ] || exit 0

near=
if [ "$sort" = folder ]; then
    near=$(git -C "$repository" rev-parse --show-toplevel 2>/dev/null) || near=$(cd "$repository" && pwd -P)
    base=$(git -C "$repository" config --get remote.origin.url) || base=$near
    case $base in /* | *:*) ;; *) base=$near/$base ;; esac
    keep_credentials "$base"
fi
# The files of a folder or repository here are at the user's disposal; a server does not get to name them.
case $sort:$url in
    folder:* | url:file:*) ;;
    *)
        GIT_PROTOCOL_FROM_USER=0
        export GIT_PROTOCOL_FROM_USER
        ;;
esac
make_private "$commit"
add_objects "$repository"
answer own log -1 --no-walk --format=%ct "$commit" -- || refuse git-failed "cannot read the commit $commit"
time=$answer
fill_index 0 "$commit" "$url" "$near" "" || exit 1
GIT_INDEX_FILE=$essay_scratch/index.0
export GIT_INDEX_FILE
[ -z "$hook" ] || run_hook "$hook"

own -c core.quotePath=false ls-files --stage |
    sed "s/^\([0-7]*\) \([0-9a-f]*\) 0$essay_tab/\2 \1$essay_tab/" >"$essay_scratch/all"
choose_names "$@" >"$essay_scratch/names"
choose_first >"$essay_scratch/first"
result time "$time"
result names "$(count "$essay_scratch/names")"
cat "$essay_scratch/names" >&3
give first "$essay_scratch/first"
give contents "$essay_scratch/all"
result whole 1
