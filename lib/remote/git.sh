# shellcheck shell=sh disable=SC2154,SC2034
# git, so that its answer depends on the repository and on nothing around it; the cache of repositories.
# Set before it: $place (this machine, as messages name it), $there (" on" and the place, where that is not the
# user's own machine), $cache (the folder of the cache), $essay_scratch.

# Set inside git's hooks; they would override the repository that we name (git(1), ENVIRONMENT VARIABLES).
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_NAMESPACE GIT_PREFIX GIT_OBJECT_DIRECTORY \
    GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_DEFAULT_HASH GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_REPLACE_REF_BASE GIT_ATTR_SOURCE
# refs/replace would put other objects in the place of the commit's.
GIT_NO_REPLACE_OBJECTS=1
GIT_OPTIONAL_LOCKS=0
GIT_TERMINAL_PROMPT=0
export GIT_NO_REPLACE_OBJECTS GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT

# try COMMAND...: runs it, apart from our descriptors: ssh may leave a process behind that serves later
# connections. When it fails, $cause is what it said.
try() {
    essay_status=0
    "$@" 2>"$essay_scratch/said" 3>&- 7>&- 9>&- || essay_status=$?
    [ ! -s "$essay_scratch/said" ] || cat "$essay_scratch/said" >&2
    [ "$essay_status" -ne 0 ] || return 0
    cause=$(sed -n -e 's/^fatal: //p' -e 's/^error: //p' "$essay_scratch/said" | sed 1q)
    [ -n "$cause" ] || cause=$(sed '/^[[:space:]]*$/d' "$essay_scratch/said" | tail -n 1)
    [ -n "$cause" ] || cause="it ended with status $essay_status"
    # A repository of another account is not read before its user has said so (git-config(1), safe.directory).
    essay_way=$(sed -n 's/^[[:space:]]*\(git config --global --add safe\.directory .*\)/\1/p' "$essay_scratch/said" | sed 1q)
    [ -z "$essay_way" ] || cause="it belongs to another account; if you trust that one, run$there: $essay_way"
    return 1
}

# refuse CODE SENTENCE: fails with the sentence and the cause of what failed last.
refuse() {
    # A full disk may have kept us from taking down what was said.
    if grep -q -e 'No space left' -e 'Disk quota exceeded' "$essay_scratch/said" ||
        ! dd if=/dev/zero of="$essay_scratch/room" bs=65536 count=1 2>/dev/null; then
        fail disk-full "$2: no space is left on $place"
    fi
    fail "$1" "$2: $cause"
}

# answer COMMAND...: tries it, with what it writes put into $answer.
answer() {
    try "$@" >"$essay_scratch/answer" || return 1
    # To its first line feed, and no other program for it.
    IFS= read -r answer <"$essay_scratch/answer" || :
}

# objects_of REPOSITORY: puts the folder of its objects into $objects.
objects_of() {
    answer git -C "$1" rev-parse --git-path objects || return 1
    objects=$(cd "$1" && cd "$answer" && pwd -P)
}

# has_commit REPOSITORY ID: true when it has the commit.
has_commit() {
    git -C "$1" cat-file -e "$2^{commit}" 2>/dev/null
}

# keep_credentials URL: puts the URL without user and password into $url. Those go into a private file, since git
# passes URLs on to other programs as arguments.
keep_credentials() {
    url=$1
    case $1 in http://*@* | https://*@*) ;; *) return 0 ;; esac
    essay_rest=${1#*://}
    essay_authority=${essay_rest%%/*}
    case $essay_authority in
        *@*)
            essay_who=${essay_authority%@*}
            # A token may stand alone; git wants a password, if an empty one.
            case $essay_who in *:*) ;; *) essay_who=$essay_who: ;; esac
            url=${1%%://*}://${essay_authority##*@}${essay_rest#"$essay_authority"}
            (umask 077 &&
                printf '%s://%s@%s\n' "${1%%://*}" "$essay_who" "${essay_authority##*@}" >>"$essay_scratch/credentials")
            ;;
    esac
}

# open_cache URL: makes sure that there is a repository for what comes from the URL, in $repository, and takes
# its lock, since others may want it at the same time. Where nothing may be kept, or nothing can lock, it is a
# private one that goes with us.
open_cache() {
    essay_name=${1%/}
    essay_name=${essay_name##*[/:]}
    essay_hash=$(printf '%s' "$1" | git hash-object --stdin | cut -c 1-16)
    essay_name=$(printf '%s' "${essay_name%.git}" | tr -c 'A-Za-z0-9._-' _)-$essay_hash
    repository=$cache/$essay_name.git
    if [ "$essay_plan" = 1 ] || ! command -v flock >/dev/null; then
        # In a dry run, what is there already need not come again.
        [ "$essay_plan" = 1 ] && [ -d "$repository/objects" ] && [ -n "$commit" ] &&
            has_commit "$repository" "$commit" && return 0
        repository=$essay_scratch/$essay_name.git
    else
        try make_private_directory "$cache" || refuse permission-denied "cannot keep repositories in $cache"
        exec 9>>"$repository.lock"
        if ! flock -n 9; then
            echo "waiting for another build that fetches from $1" >&2
            flock 9
        fi
        # What is being written there belongs to one who was killed.
        if [ -d "$repository" ]; then
            find "$repository" \( -name '*.lock' -o -name 'tmp_*' -o -name 'incoming-*' \) -prune -exec rm -rf {} +
        fi
    fi
    # git makes HEAD last of what it needs to know a repository by.
    make_repository
}

# make_repository [FLAG]: makes $repository, or what is not there of it.
make_repository() {
    try git init --quiet --bare --template= "$@" "$repository" ||
        refuse git-failed "cannot make a repository in ${repository%/*}"
    chmod 700 "$repository"
}

make_private_directory() (
    umask 077
    mkdir -p "$1"
)

close_cache() {
    exec 9>&-
}

# fetch URL DEPTH REFSPEC...: fetches into $repository; with DEPTH "shallow" without history.
fetch() {
    essay_url=$1
    essay_depth=--unshallow
    if [ "$2" = shallow ]; then essay_depth=--depth=1; elif [ ! -f "$repository/shallow" ]; then essay_depth=; fi
    shift 2
    fetch_with "$essay_depth" "$@" && return 0
    # Ours, which is new then, has ids of another length than theirs.
    essay_theirs=$(sed -n 's/.*mismatched algorithms: client [a-z0-9]*; server \([a-z0-9]*\)$/\1/p' "$essay_scratch/said")
    if [ -n "$essay_theirs" ]; then
        rm -rf "$repository"
        make_repository --object-format="$essay_theirs"
        fetch_with "$essay_depth" "$@"
        return
    fi
    # A server that is nothing but files has no commits without their history.
    grep -q shallow "$essay_scratch/said" || return 1
    fetch_with "" "$@"
}

# fetch_with DEPTH REFSPEC...
fetch_with() {
    essay_depth=$1
    shift
    # In a dry run commits are enough; a server that cannot leave out the rest sends it all.
    essay_less=
    [ "$essay_plan" = 0 ] || essay_less=--filter=tree:0
    set -- --quiet --no-tags --force --prune ${essay_depth:+"$essay_depth"} ${essay_less:+"$essay_less"} -- "$essay_url" "$@"
    set -- -C "$repository" -c gc.autoDetach=false -c maintenance.autoDetach=false -c gc.pruneExpire=never fetch "$@"
    if [ -f "$essay_scratch/credentials" ]; then
        ESSAY_GIT_CREDENTIALS=$essay_scratch/credentials
        export ESSAY_GIT_CREDENTIALS
        # shellcheck disable=SC2016 # for the shell that git starts
        set -- -c credential.helper= -c 'credential.helper=!git credential-store --file "$ESSAY_GIT_CREDENTIALS"' "$@"
    fi
    try git "$@"
}

# fetch_commit URL ID: makes sure that $repository has the commit, by its whole id. What is there is not asked
# for again.
fetch_commit() {
    has_commit "$repository" "$2" && return 0
    fetch "$1" shallow "$2" && has_commit "$repository" "$2" && return 0
    # Not every server gives a commit that no branch ends with.
    fetch "$1" whole '+refs/heads/*:refs/all/heads/*' '+refs/tags/*:refs/all/tags/*'
}
