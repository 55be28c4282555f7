# Sourced by `./pants` for its doctor: finds a Python 3.8 or newer, and lets it look.
#
# Nothing that the doctor is there to tell may stop it: no HOME, no cache, no CPython 3.9.

is_enough() {
    [ -f "$1" ] && [ -x "$1" ] && "$1" -ISc 'import sys; sys.exit(sys.version_info < (3, 8))' \
        </dev/null >/dev/null 2>&1
}

# Becomes the doctor if a Python is one that it can run on.
examine() {
    python=$1
    shift
    ! is_enough "$python" ||
        exec "$python" -BIS "$root/build-support/lockstep/doctor/start.py" "$root" "$@"
}

case ${LOCKSTEP_PYTHON:-} in */*) examine "$LOCKSTEP_PYTHON" "$@" ;; esac
for version in 3 3.9 3.13 3.12 3.11 3.10 3.8 3.14; do
    found=$(command -v "python$version") && examine "$found" "$@"
done
user=$(id -un 2>/dev/null) || user=
case $user in '' | *[!A-Za-z0-9._@-]*) home=${HOME:-} ;; *) home=${HOME:-$(eval "echo ~$user")} ;; esac
for found in /opt/homebrew/bin/python3 /usr/local/bin/python3 /usr/bin/python3 \
    "${PYENV_ROOT:-$home/.pyenv}"/versions/3.*/bin/python \
    "${UV_PYTHON_INSTALL_DIR:-${XDG_DATA_HOME:-$home/.local/share}/uv/python}"/cpython-3.*/bin/python3 \
    "${LOCKSTEP_CACHE:-${XDG_CACHE_HOME:-$home/.cache}/lockstep}"/bootstrap/*/pants/bin/python; do
    examine "$found" "$@"
done
die "the doctor needs a Python 3.8 or newer, and none was found." \
    "Pants needs a CPython 3.9, which serves both. Do one of these, then run ./pants doctor again:" \
    "  pyenv install 3.9" \
    "  uv python install 3.9" \
    "  export LOCKSTEP_PYTHON=/path/to/python3.9"
