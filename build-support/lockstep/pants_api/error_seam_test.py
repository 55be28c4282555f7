from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pants.engine.internals.nodes import Throw
from pants.engine.internals.scheduler import ExecutionError

from lockstep.core.errors import LockstepError
from lockstep.pants_api.error_seam import raise_on_error

BLUE = LockstepError("The sky is not blue", mend="Wait")
WET = LockstepError("The grass is wet", mend="Wear boots")
BEGINNING = "Exception encountered:\n\nEngine traceback:\n"


def told(*faults: Exception, trace: bool = False) -> str:
    make: Any = Throw
    throws = [
        make(fault, python_traceback="", engine_traceback=[("a.rule", "Look")]) for fault in faults
    ]
    session: Any = SimpleNamespace(_scheduler=SimpleNamespace(include_trace_on_error=trace))
    with pytest.raises(ExecutionError) as raised:
        raise_on_error(session, throws)
    assert raised.value.wrapped_exceptions == faults
    return str(raised.value)


def test_what_a_person_can_mend_is_told_by_its_sentences_alone() -> None:
    assert told(BLUE) == "The sky is not blue. Wait."
    assert told(BLUE, WET, BLUE) == "The sky is not blue. Wait.\n\nThe grass is wet. Wear boots."


@pytest.mark.parametrize("faults", [(KeyError("a"),), (KeyError("a"), BLUE), (BLUE, KeyError("a"))])
def test_what_else_failed_keeps_its_way_through_the_rules(faults: tuple[Exception, ...]) -> None:
    assert BEGINNING in told(*faults).replace("Exceptions", "Exception")


def test_the_way_is_there_where_it_is_asked_for() -> None:
    assert told(BLUE, trace=True).startswith(f"1 {BEGINNING}")
