"""The one error users see: what is wrong, where, and what mends it."""

from __future__ import annotations

import re


def redacted(text: str) -> str:
    """Text with the user name and password of every URL in it left out."""
    return re.sub(r"://[^/\s]*@", "://****@", text)


class LockstepError(Exception):
    """Base of every fault that a user caused or can mend.

    `str(error)` is one sentence that says what is wrong, then one that says what to do. It never
    shows the credentials of a URL.

    Args:
        fault: what is wrong, one sentence without its full stop.
        mend: what to do about it, one sentence without its full stop.
        detail: what another tool said about it, in lines of its own.
    """

    def __init__(self, fault: str, *, mend: str, detail: str = "") -> None:
        fault = redacted(fault)
        mend = redacted(mend)
        super().__init__(f"{fault}. {mend}." + (f"\n{redacted(detail)}" if detail else ""))
        self.fault = fault
        self.mend = mend


class TextError(LockstepError):
    """A file that cannot be read as what it should be, with the place of the fault.

    Args:
        path: the file as users know it, relative to the build root.
        line: the line of the fault, counted from 1.
    """

    def __init__(self, path: str, line: int, fault: str, *, mend: str) -> None:
        super().__init__(f"{path}:{line}: {fault}", mend=mend)
        self.path = path
        self.line = line
