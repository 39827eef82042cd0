# shellcheck shell=sh disable=SC2154
# What the virtualenv $venv has of what is wanted. After state.sh.
#
# What is wanted is a list of three words each: the name of a distribution; its version, or - where several will do;
# the requirement (PEP 508).

# glance COUNT WORD...: true when the COUNT distributions with which the words begin are there, each in the one version
# that is wanted; then prints NAME<TAB>VERSION for each. It starts the interpreter and imports nothing:
# importlib.metadata alone would take five times as long as the start.
glance() {
    "$venv/bin/python" -I - "$@" <<'PYTHON' 2>/dev/null
@pip-glance.py@
PYTHON
}

# look FILE: the same, of the files $essay_scratch/wanted and $essay_scratch/constraints, with all that a requirement may
# say. The version is empty for what is for other systems only. Status 3 when not all is there; what will not do is
# printed as <TAB>NAME<TAB>VERSION, and nothing for what is not there, or whose metadata is there twice. FILE, unless it is
# -, gets what does not go together of all that is installed.
look() {
    "$venv/bin/python" -I - "$essay_scratch/wanted" "$essay_scratch/constraints" "$1" <<'PYTHON'
@pip-distributions.py@
@pip-unmet.py@
@pip-look.py@
PYTHON
}

# look_for_any FILE: prints the names of the list $essay_scratch/wanted that are there in any version, as <TAB>NAME<TAB>VERSION;
# status 3 when one is. FILE as for look.
look_for_any() {
    "$venv/bin/python" -I - "$essay_scratch/wanted" "$1" <<'PYTHON'
@pip-distributions.py@
@pip-unmet.py@
@pip-look-for-any.py@
PYTHON
}

# snapshot: prints the names of all metadata that is there; each has a version in it.
snapshot() {
    for essay_info in "$venv"/lib/python3*/site-packages/*-info; do printf '%s\n' "$essay_info"; done
}

# standing: prints what is another one as soon as another run has changed the virtualenv, or was cut short.
standing() {
    generation_of "$venv"
    [ ! -e "$venv/.essay/changing" ] || cat "$venv/.essay/changing"
    snapshot
}
