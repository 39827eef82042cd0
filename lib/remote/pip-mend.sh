# shellcheck shell=sh disable=SC2154
# What an interrupted pip has left behind in the virtualenv $venv.

# mend: takes away each distribution of which not every file is there as it was installed, so that pip will
# install it anew: it trusts its metadata, and removes none that has no RECORD. pip itself is es-venv's.
mend() {
    "$venv/bin/python" -I - <<'PYTHON'
@pip-mend.py@
PYTHON
}
