# shellcheck shell=sh disable=SC2154
# What we know of a virtualenv: its lock, the mark of half-done work, its generation. $1 is its path.
#
#   PARENT/.essay/NAME.lock     held with flock by whoever changes the virtualenv
#   VENV/.essay/changing        there while a change is under way; stays behind when it was cut short
#   VENV/.essay/generation      a number that grows with every change

# A lock on descriptor 9, or false. Where there is no flock, Python takes it; it belongs to the descriptor, and
# stays when Python has ended.
essay_lock_9() {
    if command -v flock >/dev/null; then
        flock -n 9
    else
        essay_python=$1/bin/python
        [ -x "$essay_python" ] || essay_python=python3
        "$essay_python" -I -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null
    fi
}

# lock_venv VENV: takes the lock, on descriptor 9, until the script ends. Nothing in a dry run.
lock_venv() {
    [ "$essay_plan" = 0 ] || return 0
    essay_lock=${1%/*}/.essay/${1##*/}.lock
    mkdir -p "${essay_lock%/*}" || fail permission-denied "cannot make ${essay_lock%/*}"
    exec 9>>"$essay_lock"
    if ! essay_lock_9 "$1"; then
        fail locked "$1 is being changed by another run: $(cat "$essay_lock")"
    fi
    printf '%s since %s\n' "$(id -un)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$essay_lock"
}

# mark_venv VENV WHO: work by WHO begins.
mark_venv() {
    mkdir -p "$1/.essay"
    printf '%s\n' "$2" >"$1/.essay/changing"
}

# unmark_venv VENV: the work is complete; the virtualenv has a new generation.
unmark_venv() {
    essay_generation=$(generation_of "$1")
    printf '%s\n' "$((essay_generation + 1))" >"$1/.essay/generation.new"
    mv -f "$1/.essay/generation.new" "$1/.essay/generation"
    rm -f "$1/.essay/changing"
}

# generation_of VENV: prints the number, 0 where there is none.
generation_of() {
    if [ -s "$1/.essay/generation" ]; then cat "$1/.essay/generation"; else echo 0; fi
}

# refuse_marked VENV: fails when work on it was cut short.
refuse_marked() {
    [ -e "$1/.essay/changing" ] || return 0
    fail half-done "$1 is half-done: $(cat "$1/.essay/changing") was cut short; run it again"
}
