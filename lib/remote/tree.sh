# shellcheck shell=sh disable=SC2154
# The files of a commit, as the index of a private repository: without those that .gitattributes keeps out of
# archives, with those of its submodules. After git.sh. Set before it: $where, $url (of the source; empty for a
# folder), $essay_scratch.

private=$essay_scratch/private.git
# Empty, unless a command is to run there.
tree=$essay_scratch/tree

# own ARGUMENT...: git in the private repository, whose attributes and configuration are neither the user's nor the
# source's.
# shellcheck disable=SC2030 # HOME is another one here only
own() (
    unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS
    GIT_DIR=$private
    GIT_WORK_TREE=$tree
    HOME=$essay_scratch
    XDG_CONFIG_HOME=$essay_scratch
    GIT_CONFIG_NOSYSTEM=1
    GIT_CONFIG_GLOBAL=/dev/null
    GIT_ATTR_NOSYSTEM=1
    export GIT_DIR GIT_WORK_TREE HOME XDG_CONFIG_HOME GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL GIT_ATTR_NOSYSTEM
    exec git "$@"
)

# make_private COMMIT: makes the private repository, for ids as long as this one.
make_private() {
    essay_format=sha1
    [ "${#1}" -eq 40 ] || essay_format=sha256
    mkdir "$tree"
    try own init --quiet --template= --object-format="$essay_format" ||
        refuse git-failed "cannot make a repository in $essay_scratch"
    # Files are taken as they are in the commit; export-ignore alone counts, and not here.
    mkdir -p "$private/info" "$private/objects/info"
    echo '* -text -eol -filter -ident -working-tree-encoding -export-subst' >"$private/info/attributes"
}

# add_objects REPOSITORY: the private repository has its objects from now on, too.
add_objects() {
    objects_of "$1" || refuse git-failed "cannot read $1"
    printf '%s\n' "$objects" >>"$private/objects/info/alternates"
}

# Names may have line breaks in them: here a line is a name, and a line break is \001.
names_to_lines() { tr '\n\000' '\001\n'; }
lines_to_names() { tr '\n\001' '\000\n'; }

# drop_ignored COMMIT: takes out of the index what has the attribute export-ignore, folders, too.
drop_ignored() {
    own ls-files | grep -q -e '^"\{0,1\}\.gitattributes"\{0,1\}$' -e '/\.gitattributes"\{0,1\}$' || return 0
    {
        own ls-files -z
        own ls-tree -r -d -z --name-only "$1" | names_to_lines | sed 's|$|/|' | lines_to_names
    } >"$essay_scratch/names"
    try own check-attr -z --cached --stdin export-ignore <"$essay_scratch/names" >"$essay_scratch/attributes" ||
        refuse git-failed "cannot read the attributes of $1"
    names_to_lines <"$essay_scratch/attributes" | sed -n 'N;N;s|/\{0,1\}\nexport-ignore\nset$||p' |
        lines_to_names >"$essay_scratch/ignored"
    [ -s "$essay_scratch/ignored" ] || return 0
    try own --literal-pathspecs rm -r -f --cached --quiet --ignore-unmatch --pathspec-from-file=- --pathspec-file-nul \
        <"$essay_scratch/ignored" || refuse git-failed "cannot leave out what is kept out of archives"
}

# resolve_url BASE URL: puts into $resolved what the URL of a submodule means: ./ and ../ begin at the
# repository's own (gitmodules(5)).
resolve_url() {
    resolved=$2
    case $2 in ./* | ../*) ;; *) return 0 ;; esac
    essay_base=${1%/}
    essay_between=/
    while :; do
        case $resolved in
            ./*) resolved=${resolved#./} ;;
            ../*)
                resolved=${resolved#../}
                case $essay_base in
                    */*) essay_base=${essay_base%/*} ;;
                    *:*)
                        essay_base=${essay_base%:*}
                        essay_between=:
                        ;;
                esac
                ;;
            *) break ;;
        esac
    done
    resolved=$essay_base$essay_between$resolved
}

# no_submodule PATH SENTENCE: fails.
no_submodule() {
    fail submodule "$1 is a submodule, $2; or keep it out with \"$1 export-ignore\" in .gitattributes"
}

# name_of_submodule COMMIT PATH: puts into $submodule the name under which .gitmodules has the path.
name_of_submodule() {
    submodule=
    answer own config --blob "$1:.gitmodules" -z --get-regexp '^submodule\..*\.path$' || return 1
    names_to_lines <"$essay_scratch/answer" >"$essay_scratch/paths"
    essay_break=$(printf '\001')
    while IFS= read -r line; do
        [ "${line#*"$essay_break"}" = "$2" ] || continue
        submodule=${line%%"$essay_break"*}
        submodule=${submodule#submodule.}
        submodule=${submodule%.path}
    done <"$essay_scratch/paths"
    [ -n "$submodule" ]
}

# find_submodule COMMIT BASE FOLDER PATH ID SHOWN: makes sure that the commit ID of the submodule is among our
# objects; its URL is put into $url, and into $folder its own checkout, where there is one.
find_submodule() {
    name_of_submodule "$1" "$4" || no_submodule "$6" "and .gitmodules does not say of which repository"
    answer own config --blob "$1:.gitmodules" --get "submodule.$submodule.url" ||
        no_submodule "$6" "and .gitmodules has no URL for it"
    resolve_url "$2" "$answer"
    keep_credentials "$resolved"
    folder=
    if [ -n "$3" ]; then
        # Somebody has checked it out there, or once did.
        for essay_near in "$3/$4" "$(git -C "$3" rev-parse --git-path "modules/$submodule" 2>/dev/null)"; do
            case $essay_near in /*) ;; *) essay_near=$3/$essay_near ;; esac
            [ -e "$essay_near/.git" ] || [ -e "$essay_near/HEAD" ] || continue
            has_commit "$essay_near" "$5" || continue
            folder=$essay_near
            add_objects "$folder"
            return 0
        done
    fi
    open_cache "$url"
    fetch_commit "$url" "$5" || refuse submodule "cannot fetch the submodule $6 from $url$there"
    has_commit "$repository" "$5" || no_submodule "$6" "and $url does not have its commit $5"
    close_cache
    add_objects "$repository"
}

# fill_index NUMBER COMMIT BASE FOLDER SHOWN: makes index.NUMBER of the files of a commit. BASE is what URLs of
# submodules are relative to, FOLDER its checkout where there is one, SHOWN what its paths begin with in messages.
# In a shell of its own, as a submodule may have submodules.
fill_index() (
    number=$1
    of=$2
    base=$3
    near=$4
    shown=$5
    GIT_INDEX_FILE=$essay_scratch/index.$number
    export GIT_INDEX_FILE
    rm -f "$GIT_INDEX_FILE"
    try own read-tree "$of" || refuse git-failed "cannot read the commit $of of $where"
    drop_ignored "$of"
    own -c core.quotePath=false ls-files --stage | sed -n "s/^160000 \([0-9a-f]*\) 0$essay_tab/\1 /p" >"$essay_scratch/links.$number"
    while IFS= read -r line; do
        path=${line#* }
        id=${line%% *}
        case $path in \"*) fail bad-name "the submodule $path has a name that is none for a folder" ;; esac
        [ "$number" -lt 20 ] || fail submodule "$shown$path is a submodule within twenty others"
        find_submodule "$of" "$base" "$near" "$path" "$id" "$shown$path"
        fill_index "$((number + 1))" "$id" "$url" "$folder" "$shown$path/" || exit 1
        inner=$(GIT_INDEX_FILE=$essay_scratch/index.$((number + 1)) own write-tree) || exit 1
        own update-index --force-remove -- "$path"
        try own read-tree --prefix="$path/" "$inner" || refuse git-failed "cannot take in the submodule $shown$path"
    done <"$essay_scratch/links.$number"
)
