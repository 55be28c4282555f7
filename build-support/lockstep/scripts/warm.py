"""A call of `./py` that finds all as it was: it looks at files, and becomes the script."""

from __future__ import annotations

import os

from lockstep.scripts import memo
from lockstep.scripts.command_line import Call, UsageError, question, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

CALLER = "LOCKSTEP_PY_SPEC"  # as in core.script_specs, which takes long to import
FOLDER = "scripts"
"""Where memos are kept, in the launcher's cache."""


def main(root: str, cache: str, words: list[str]) -> None:
    """Run what the command line says, if it is known how; else return."""
    try:
        call = read(words)
    except UsageError:
        return
    if call.action != "run":
        return
    folder = f"{cache}/{FOLDER}"
    known = memo.load(folder, question(call, root, os.environ, CALLER))
    if known is None or not known.holds():
        return
    # Held first: what nobody holds may be deleted while it is looked at.
    held = memo.hold(known.environment)
    if held is None:
        return
    if memo.is_whole(folder, known.environment, lately=True):
        become(call, known.python, known.path, known.caller)
    os.close(held)


def become(call: Call, python: str, path: str, caller: str) -> NoReturn:
    """Run a call in this very process.

    Args:
        call: what to run.
        python: the interpreter of its environment.
        path: the folders of first-party modules, as PYTHONPATH has them; empty for none.
        caller: where its requirements are stated, for those that it calls; empty for nowhere.
    """
    environ = dict(os.environ)
    for name, value in (("PYTHONPATH", path), (CALLER, caller), ("PYTHONHOME", "")):
        environ.pop(name, None)
        if value:
            environ[name] = value
    os.execve(python, [python, *call.options, *call.arguments], environ)
