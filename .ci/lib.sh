# Sourced by the scripts next to it: finds Python, installs Debian packages where that is allowed, makes virtual environments.
# Everything said here goes to stderr; stdout belongs to the program that is run.

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "error: $*"
    exit 1
}

# new_enough PROGRAM: it runs (the shims of a version manager may exist and refuse to) and is Python 3.11 or newer.
new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# find_python: prints the first Python that can be used.
find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer was found (python3 says: $(python3 --version 2>&1 || true)); install one and run this again"
}

# as_root COMMAND...: runs it as root without asking for a password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo -n "$@"
    else
        return 1
    fi
}

# install_packages PACKAGE...: installs Debian packages, or says which command would.
install_packages() {
    say "installing: $*"
    if command -v apt-get >/dev/null 2>&1 &&
        { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >&2 ||
            { as_root apt-get update -q >&2 &&
                as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >&2; }; }; then
        return 0
    fi
    say "could not install $*; run this as root: apt-get install $*"
    return 1
}

# need PROGRAM PACKAGE: makes sure that a program is there.
need() {
    command -v "$1" >/dev/null 2>&1 || install_packages "$2" || fail "$1 is missing"
}

# make_venv DIRECTORY: a virtual environment with pip; Debian keeps ensurepip in a package of its own.
make_venv() {
    [ -x "$1/bin/pip" ] && "$1/bin/python" -c '' >/dev/null 2>&1 && return
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_packages "python$version-venv" || fail "$python cannot make virtual environments"
    fi
    "$python" -m venv --clear "$1" >&2
}
