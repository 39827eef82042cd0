# shellcheck shell=sh disable=SC2154,SC2034
# Finding the commit that a branch, a tag or an id names, in a folder or at a URL. After git.sh.
# Set before it: $where (the source, as messages name it). Puts into $repository where the commit is, into $commit
# its id, and into $fetched the name of the remote where a branch is only known from there.

fetched=
# How a commit that is made elsewhere comes here.
came=fetched

# ref_id REF: the id that a full name (refs/heads/master) has; fails where there is no such ref.
ref_id() {
    # rev-parse would read ^, ~ and : in the name.
    git -C "$repository" show-ref --verify --hash -- "$1" 2>/dev/null
}

# known FOLDER: tells the names of the refs there, for a hint.
known() {
    git -C "$repository" for-each-ref --count=1000 --format='%(refname)' "$1" | while read -r ref; do
        result known "${ref#"$1"}"
    done
}

# peel ID: the commit that the id names, through annotated tags.
peel() {
    git -C "$repository" rev-parse --verify --quiet "$1^{commit}"
}

find_branch() {
    if commit=$(ref_id "refs/heads/$1"); then return 0; fi
    # A fresh checkout of a build server has no branches of its own.
    if commit=$(ref_id "refs/remotes/origin/$1"); then
        fetched=origin
        return 0
    fi
    if ref_id "refs/tags/$1" >/dev/null; then
        fail no-branch "$where has no branch $1; there is a tag of that name: --tag $1"
    fi
    known refs/heads/
    fail no-branch "$where has no branch $1"
}

find_tag() {
    if ! essay_id=$(ref_id "refs/tags/$1"); then
        if ref_id "refs/heads/$1" >/dev/null; then
            fail no-tag "$where has no tag $1; there is a branch of that name: --branch $1"
        fi
        known refs/tags/
        fail no-tag "$where has no tag $1"
    fi
    commit=$(peel "$essay_id") || fail no-commit "the tag $1 of $where names no commit"
}

# find_commit TEXT: hexadecimal digits, or HEAD and what is before it.
find_commit() {
    case $1 in
        HEAD* | @*) commit=$(peel "$1") || fail no-commit "$where has no commit $1" ;;
        *)
            # A branch may be called "deadbeef"; what was asked for is the commit that begins with it.
            essay_found=$(git -C "$repository" rev-parse --disambiguate="$1" 2>/dev/null |
                git -C "$repository" cat-file --batch-check | sed -n 's/ commit .*//p')
            commit=$essay_found
            case $essay_found in
                '') fail no-commit "$where has no commit $1; is it $came?" ;;
                *"$essay_newline"*) fail no-commit "$where has several commits that begin with $1" ;;
            esac
            ;;
    esac
}

# find_in_folder FOLDER KIND NAME
find_in_folder() {
    expand_home "$1"
    repository=$expanded
    answer git -C "$repository" rev-parse --git-dir || refuse no-repository "cannot use $where"
    "find_$2" "$3"
}

# lacks KIND NAME: fails when the place has no such branch or tag; the fetch has failed then.
lacks() {
    case $1 in branch) essay_folder=refs/heads/ ;; tag) essay_folder=refs/tags/ ;; *) return 0 ;; esac
    cp "$essay_scratch/said" "$essay_scratch/fetched"
    if git -C "$repository" ls-remote --quiet --refs -- "$url" >"$essay_scratch/remote" 2>/dev/null &&
        ! cut -f 2 "$essay_scratch/remote" | grep -qxF -e "$essay_folder$2"; then
        sed -n "s|^.*$essay_tab$essay_folder||p" "$essay_scratch/remote" | sed 1000q | while read -r ref; do
            result known "$ref"
        done
        fail "no-$1" "$where has no $1 $2"
    fi
    mv "$essay_scratch/fetched" "$essay_scratch/said"
}

# find_at_url URL KIND NAME
find_at_url() {
    came=pushed
    keep_credentials "$1"
    if [ "$2" != commit ] && ! git check-ref-format "refs/heads/$3"; then
        fail "no-$2" "$3 cannot be the name of a $2"
    fi
    commit=
    case $2:$3 in commit:????????????????????????????????????????*) commit=$3 ;; esac
    open_cache "$url"
    # Names of refs here say nothing of those there: one of the cache's own would stand in the way of another.
    essay_own=refs/essay/$2-$(printf '%s' "$3" | git hash-object --stdin)
    case $2 in
        branch) fetch "$url" shallow "+refs/heads/$3:$essay_own" ;;
        tag) fetch "$url" shallow "+refs/tags/$3:$essay_own" ;;
        commit)
            if [ -n "$commit" ]; then
                fetch_commit "$url" "$commit"
            else
                fetch "$url" whole '+refs/heads/*:refs/all/heads/*' '+refs/tags/*:refs/all/tags/*'
            fi
            ;;
    esac || {
        lacks "$2" "$3"
        refuse fetch-failed "cannot fetch from $where$there"
    }
    case $2 in
        commit) find_commit "$3" ;;
        *) commit=$(peel "$essay_own") || fail no-commit "the $2 $3 of $where names no commit" ;;
    esac
    close_cache
}
