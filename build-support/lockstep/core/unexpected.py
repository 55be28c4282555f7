"""Tells whose fault an unexpected error is, from its traceback."""

from __future__ import annotations

import re

REPORT = "This is a fault of Lockstep: `./pants doctor --report` prints what to report."

_FRAME = re.compile(r'^  File "(?P<path>[^"\n]+)", line \d+', re.MULTILINE)


def is_raised_in(traceback: str, ours: str, theirs: str) -> bool:
    """Whether it was our code that failed, or a library that our code called.

    Of the innermost frames those that are neither ours nor theirs are left out, since a library
    fails by what it is given. An error that the engine hands to a rule of ours ends in a frame of
    the engine, so it is none of ours.

    Args:
        traceback: as Python prints it.
        ours: the folder of our package.
        theirs: the folder of the package that runs us, of which `util` counts as a library.
    """
    for frame in reversed([match["path"] for match in _FRAME.finditer(traceback)]):
        if frame.startswith(f"{ours}/"):
            return True
        if frame.startswith(f"{theirs}/") and not frame.startswith(f"{theirs}/util/"):
            return False
    return False
