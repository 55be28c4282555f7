from __future__ import annotations

from lockstep.affected.selection import SelectionRequest
from lockstep.core.affected import Reach


def test_no_request_is_asked_twice() -> None:
    """Else the engine would begin to look whether the last answer still holds, and drop it midway."""
    goals = frozenset({Reach.TEST})
    first, second = SelectionRequest("HEAD", goals), SelectionRequest("HEAD", goals)
    assert first != second
    assert (first.since, first.goals, first.depth) == (second.since, second.goals, second.depth)
