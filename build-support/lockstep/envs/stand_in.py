"""Stand-ins for interpreters: scripts in a named cache, whose path in a sandbox is the same on every
machine. What a process is started with is in its cache key, so the place where a machine keeps its
Python must not be.
"""

from __future__ import annotations

import os
import re
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
_INTERPRETER = re.compile(r"""^exec ([^\s"']+|'.+') "\$@"$""", re.M)
_CASE = '{folder}/*) export PEX_PYTHON={cache}/"${{PEX_PYTHON#*/}}" ;;'


def path_of(name: str, folder: str = FOLDER) -> str:
    """The path of a stand-in, relative to the sandbox."""
    return f"{folder}/{name}/python"


def write(named_caches: Path, path: str, interpreter: str, replaces: bool = True) -> None:
    """Write a stand-in where it is missing or is not for this interpreter.

    PEX takes an interpreter from `PEX_PYTHON` only by an absolute path, so the stand-in that PEX is
    started by turns the path of another one into such.

    Args:
        named_caches: the folder of all named caches, an absolute path.
        path: what `path_of` gives; different for interpreters that behave differently.
        interpreter: the absolute path of the interpreter.
        replaces: whether a stand-in for another interpreter, which exists, is replaced. Where either
            will do it is not: two checkouts at once would take turns, and PEX does not find its way
            where an interpreter becomes another one under its hands.

    Raises:
        OSError: the folder cannot be written.
    """
    script = Path(absolute(path, named_caches))
    written = script.read_text() if script.exists() else ""
    other = _interpreter_of(written)
    if not replaces and os.access(other, os.X_OK):
        interpreter = other
    text = _text(named_caches, path, interpreter)
    if written != text:
        write_text(script, text, mode=0o755)


def _interpreter_of(text: str) -> str:
    """The absolute path of a stand-in's interpreter, empty where the text is no stand-in's."""
    found = _INTERPRETER.search(text)
    return shlex.split(found[1])[0] if found else ""


def _text(named_caches: Path, path: str, interpreter: str) -> str:
    cases = (
        _CASE.format(folder=folder, cache=shlex.quote(str(named_caches / cache)))
        for folder, cache in _CACHES.items()
    )
    return _SCRIPT.format(name=path, cases="\n".join(cases), interpreter=shlex.quote(interpreter))


def absolute(path: str, named_caches: Path) -> str:
    """The path of a stand-in outside of sandboxes; other paths are left as they are."""
    folder, _, rest = path.partition("/")
    return str(named_caches / _CACHES[folder] / rest) if folder in _CACHES else path
