"""Stand-ins for interpreters: scripts in a named cache, whose path in a sandbox is the same on every
machine. What a process is started with is in its cache key, so the place where a machine keeps its
Python must not be.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from lockstep.envs.atomic import write_text

SANDBOX_FOLDER = ".python-build-standalone"
"""Where a sandbox has the named cache: there Pants knows how to deal with relative paths."""

_SCRIPT = """\
#!/bin/sh
# Written by Lockstep for {name}; see docs/remote-cache.md.
case ${{PEX_PYTHON-}} in
{sandbox_folder}/*) export PEX_PYTHON={folder}/"${{PEX_PYTHON#*/}}" ;;
esac
exec {interpreter} "$@"
"""


def path_of(name: str) -> str:
    """The path of a stand-in, relative to the sandbox."""
    return f"{SANDBOX_FOLDER}/{_file(name)}"


def write(folder: Path, name: str, interpreter: str) -> None:
    """Write a stand-in where it is missing or is not for this interpreter.

    PEX takes an interpreter from `PEX_PYTHON` only by an absolute path, so the stand-in that PEX is
    started by turns the path of another one into such.

    Args:
        folder: the named cache, an absolute path.
        name: what the stand-in is called; different for interpreters that behave differently.
        interpreter: the absolute path of the interpreter.

    Raises:
        OSError: the folder cannot be written.
    """
    text = _SCRIPT.format(
        name=name,
        sandbox_folder=SANDBOX_FOLDER,
        folder=shlex.quote(str(folder)),
        interpreter=shlex.quote(interpreter),
    )
    path = folder / _file(name)
    if not path.exists() or path.read_text() != text:
        write_text(path, text, mode=0o755)


def absolute(path: str, folder: Path) -> str:
    """The path of a stand-in outside of sandboxes; other paths are left as they are."""
    above, _, rest = path.partition("/")
    return str(folder / rest) if above == SANDBOX_FOLDER else path


def _file(name: str) -> str:
    return f"lockstep/{name}/python"
