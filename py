#!/bin/sh
# Runs a Python script in the slice of the lock that its requirements reach (docs/scripts.md).
#
# A warm call looks at files and becomes the script; what is new goes through ./pants, which sets up
# what environments are built with. Settings: as for ./pants.
set -eu

case $0 in /*) self=$0 ;; *) self=./$0 ;; esac
while [ -L "$self" ]; do
    link=$(readlink "$self")
    case $link in /*) self=$link ;; *) self=${self%/*}/$link ;; esac
done
root=$(cd -P "${self%/*}/" && pwd -P)

if [ -n "${LOCKSTEP_CACHE:-${XDG_CACHE_HOME:-${HOME:-}}}" ]; then
    cache=${LOCKSTEP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lockstep}
    case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
    # The Python that the last call ran on; another one would find the same.
    if [ -x "$cache/scripts/python" ]; then
        exec "$cache/scripts/python" -IS "$root/build-support/lockstep/scripts/main.py" \
            warm "$root" "$cache" "$@"
    fi
fi
exec "$root/pants" --bootstrap-script "$@"
