"""Stand-ins for interpreters: scripts in a named cache, whose path in a sandbox is the same on every
machine. What a process is started with is in its cache key, so the place where a machine keeps its
Python must not be.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from lockstep.envs.atomic import write_text

CACHE = "lockstep_python"
FOLDER = ".lockstep-python"
"""The named cache that holds stand-ins, and where a sandbox has it."""

PANTS_CACHE = "python_build_standalone"
PANTS_FOLDER = ".python-build-standalone"
"""Likewise for the Python that Pants runs on: every sandbox of PEX has this one by itself."""

_CACHES = {FOLDER: CACHE, PANTS_FOLDER: PANTS_CACHE}
_SCRIPT = """\
#!/bin/sh
# Written by Lockstep for {name}; see docs/remote-cache.md.
case ${{PEX_PYTHON-}} in
{cases}
esac
exec {interpreter} "$@"
"""
_CASE = '{folder}/*) export PEX_PYTHON={cache}/"${{PEX_PYTHON#*/}}" ;;'


def path_of(name: str, folder: str = FOLDER) -> str:
    """The path of a stand-in, relative to the sandbox."""
    return f"{folder}/{name}/python"


def write(named_caches: Path, path: str, interpreter: str) -> None:
    """Write a stand-in where it is missing or is not for this interpreter.

    PEX takes an interpreter from `PEX_PYTHON` only by an absolute path, so the stand-in that PEX is
    started by turns the path of another one into such.

    Args:
        named_caches: the folder of all named caches, an absolute path.
        path: what `path_of` gives; different for interpreters that behave differently.
        interpreter: the absolute path of the interpreter.

    Raises:
        OSError: the folder cannot be written.
    """
    cases = (
        _CASE.format(folder=folder, cache=shlex.quote(str(named_caches / cache)))
        for folder, cache in _CACHES.items()
    )
    text = _SCRIPT.format(name=path, cases="\n".join(cases), interpreter=shlex.quote(interpreter))
    script = Path(absolute(path, named_caches))
    if not script.exists() or script.read_text() != text:
        write_text(script, text, mode=0o755)


def absolute(path: str, named_caches: Path) -> str:
    """The path of a stand-in outside of sandboxes; other paths are left as they are."""
    folder, _, rest = path.partition("/")
    return str(named_caches / _CACHES[folder] / rest) if folder in _CACHES else path
