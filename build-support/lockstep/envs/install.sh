#!/bin/sh
# Installs a slice into a fresh virtual environment, then runs a command beside it.
#
#   sh install.sh COMMAND [ARG...]
#
# Runs in a sandbox that holds, below `.lockstep/`:
#   python      one line, the interpreter to install for; where it is missing nothing is installed,
#               and the command only gets the index settings
#   slice.txt   the pins with their hashes
#   uv/uv       the installer
#   cache/      uv's cache, shared by all sandboxes of the machine
#   index/      settings.sh, where the user's index settings stand; no input of the environment
# and leaves the environment in `.lockstep/venv`.
#
# Wheels only at first, so that a wheel whose hash is not in the lock is an error: uv would else
# quietly build the source distribution in its place. A pin that has no wheel for this interpreter
# is then built from source, and no other one is.
set -eu
umask 022

uv=.lockstep/uv/uv
log=.lockstep/install.log

install() {
    "$uv" pip install --quiet --no-deps --require-hashes --python .lockstep/venv/bin/python \
        --requirement .lockstep/slice.txt "$@" 2>"$log"
}

# `--only-binary NAME` for each pin that is not among the names given.
wheels_except() {
    sed -n 's/^\([A-Za-z0-9._-]*\).*==.*/\1/p; s/^\([A-Za-z0-9._-]*\).* @ .*/\1/p' \
        .lockstep/slice.txt | while read -r name; do
        case " $* " in *" $name "*) ;; *) printf ' --only-binary %s' "$name" ;; esac
    done
}

# The names of pins that the last attempt found no wheel for.
without_wheels() {
    sed -n 's/.*Wheels are required for `\([^`]*\)`.*/\1/p' "$log"
}

install_slice() {
    install --only-binary :all: && return
    sources=
    before=
    while wanted=$(without_wheels) && [ -n "$wanted" ] && [ "$wanted" != "$before" ]; do
        before=$wanted
        sources="$sources $wanted"
        # Names hold no blanks, and are meant to be words of their own.
        # shellcheck disable=SC2046,SC2086
        install $(wheels_except $sources) && return
    done
    echo "Lockstep could not install the slice; the installer says:" >&2
    cat "$log" >&2
    return 1
}

if [ -r .lockstep/index/settings.sh ]; then
    . .lockstep/index/settings.sh
fi
if [ -e .lockstep/python ]; then
    IFS= read -r python <.lockstep/python
    export UV_CACHE_DIR="$PWD/.lockstep/cache" UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
    "$uv" venv --quiet --no-project --python "$python" .lockstep/venv
    install_slice || exit 1
fi
exec "$@"
