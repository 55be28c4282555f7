"""The seam through which an unexpected error of Lockstep's own rules says where to report it."""

from __future__ import annotations

import os
from typing import Any, NoReturn

from pants.engine.internals import scheduler
from pants.engine.internals.scheduler import ExecutionError, SchedulerSession

import lockstep
from lockstep.core.errors import LockstepError
from lockstep.core.unexpected import REPORT, is_raised_in

_original = SchedulerSession._raise_on_error
_OURS = os.path.dirname(os.path.abspath(lockstep.__file__))
_THEIRS = os.path.abspath(os.path.join(os.path.dirname(scheduler.__file__), "..", ".."))


def raise_on_error(self: SchedulerSession, throws: list[Any]) -> NoReturn:
    """Raise what Pants would, its text ending with the line of the report.

    Raises:
        ExecutionError: always.
    """
    try:
        _original(self, throws)
    except ExecutionError as error:
        if not any(map(_is_ours, throws)):
            raise
        told = f"{str(error).rstrip()}\n\n{REPORT}"
        make: Any = ExecutionError  # which is not typed
        raise make(told, wrapped_exceptions=error.wrapped_exceptions) from None


def _is_ours(throw: Any) -> bool:
    """Whether a failure is a mistake of ours; one that a person can mend says how."""
    if isinstance(throw.exc, LockstepError):
        return False
    return is_raised_in(throw.python_traceback or "", _OURS, _THEIRS)


def install() -> None:
    """Put the seam in place."""
    SchedulerSession._raise_on_error = raise_on_error  # type: ignore[method-assign]
