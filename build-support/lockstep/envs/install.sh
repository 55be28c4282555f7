#!/bin/sh
# Installs a slice into a fresh virtual environment, then runs a command beside it.
#
#   sh install.sh COMMAND [ARG...]
#
# Runs in a sandbox that holds, below `.lockstep/`:
#   python      one line, the interpreter to build for
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

if [ -r .lockstep/index/settings.sh ]; then
    . .lockstep/index/settings.sh
fi
IFS= read -r python <.lockstep/python
export UV_CACHE_DIR="$PWD/.lockstep/cache" UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1

.lockstep/uv/uv venv --quiet --no-project --python "$python" .lockstep/venv

install() {
    .lockstep/uv/uv pip install --quiet --no-deps --require-hashes \
        --python .lockstep/venv/bin/python --requirement .lockstep/slice.txt "$@" \
        2>.lockstep/install.log
}

has_wheels() { # the names in the slice that are not in $1
    sed -n 's/^\([A-Za-z0-9._-]*\).*==.*/\1/p; s/^\([A-Za-z0-9._-]*\).* @ .*/\1/p' \
        .lockstep/slice.txt | while read -r name; do
        case " $1 " in *" $name "*) ;; *) printf ' --only-binary %s' "$name" ;; esac
    done
}

if ! install --only-binary :all:; then
    sources=""
    while :; do
        wanted=$(sed -n 's/.*Wheels are required for `\([^`]*\)`.*/\1/p' .lockstep/install.log)
        [ -n "$wanted" ] || break
        sources="$sources $(printf '%s ' $wanted)"
        # shellcheck disable=SC2046 # names hold no blanks
        if install $(has_wheels "$sources"); then
            wanted=done
            break
        fi
    done
    if [ "${wanted:-}" != done ]; then
        echo "Lockstep could not install the slice; the installer says:" >&2
        cat .lockstep/install.log >&2
        exit 1
    fi
fi

if [ "$#" -gt 0 ]; then
    exec "$@"
fi
