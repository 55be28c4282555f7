"""The seam for what an error says: an unexpected one of Lockstep's own rules, where to report it; one
that a person can mend, its sentences and nothing of the engine's.
"""

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
    """Raise what Pants would, with a text for those who read it.

    Faults that a person can mend say all there is to know, so the way through the rules is left out
    but where it is asked for (`--print-stacktrace`).

    Raises:
        ExecutionError: always.
    """
    try:
        _original(self, throws)
    except ExecutionError as error:
        if any(map(_is_ours, throws)):
            told = f"{str(error).rstrip()}\n\n{REPORT}"
        elif all(map(_is_mendable, throws)) and not self._scheduler.include_trace_on_error:
            told = "\n\n".join(dict.fromkeys(str(throw.exc) for throw in throws))
        else:
            raise
        make: Any = ExecutionError  # which is not typed
        raise make(told, wrapped_exceptions=error.wrapped_exceptions) from None


def _is_mendable(throw: Any) -> bool:
    return isinstance(throw.exc, LockstepError)


def _is_ours(throw: Any) -> bool:
    """Whether a failure is a mistake of ours."""
    if _is_mendable(throw):
        return False
    return is_raised_in(throw.python_traceback or "", _OURS, _THEIRS)


def install() -> None:
    """Put the seam in place."""
    SchedulerSession._raise_on_error = raise_on_error  # type: ignore[method-assign]
