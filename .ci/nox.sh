# Sourced after lib.sh: makes sure that nox is there and sets `nox` to its path.

nox=$root/.nox/bootstrap/bin/nox
if ! [ -x "$nox" ] || ! "$nox" --version >/dev/null 2>&1; then
    make_venv "$root/.nox/bootstrap"
    "$root/.nox/bootstrap/bin/pip" install --quiet nox >&2
fi
