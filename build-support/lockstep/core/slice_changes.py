"""What became of the slices of requirements between two locks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Iterator, Mapping, Sequence

from lockstep.core import graph_codec, lock_codec
from lockstep.core.affected import Cause, CauseKind, Reach
from lockstep.core.environments import locked_environments
from lockstep.core.errors import LockstepError
from lockstep.core.graph import LockGraph
from lockstep.core.pin_moves import Ways, moves, told
from lockstep.core.slices import Slice, SliceError, Slicer, requirement_of


@dataclass(frozen=True)
class Side:
    """A lock at one revision.

    Attributes:
        slicer: cuts its slices.
        graph: what stands beside it, where there is one.
    """

    slicer: Slicer
    graph: LockGraph | None

    @cached_property
    def ways(self) -> Ways:
        """How its projects lead to each other."""
        return Ways(self.slicer.lock, self.graph)


def side_of(files: Mapping[str, bytes], path: str, graph_path: str) -> Side:
    """The lock among some files.

    Raises:
        LockstepError: it is not there or cannot be read.
    """
    if path not in files:
        raise LockstepError(f"{path} is not there", mend="Run `./pants lock`")
    lock = lock_codec.parse(files[path].decode(errors="replace"), path)
    graph = None
    if graph_path in files:
        graph = graph_codec.parse(files[graph_path].decode(errors="replace"), graph_path)
    return Side(Slicer(lock, graph), graph)


class SliceChanges:
    """Compares slices of two locks, each question once.

    Args:
        before: the lock of the base.
        after: the lock now.
        here: the environments at hand; others that the lock holds for matter to packages only.
    """

    def __init__(self, before: Side, after: Side, here: Sequence[Mapping[str, str]]) -> None:
        self._before = before
        self._after = after
        self._here = here
        stated = locked_environments(after.slicer.lock)
        self._elsewhere = [environment for environment in stated if environment not in here]
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Cause, ...]] = {}
        marks: dict[tuple[object, ...], int] = {}
        # Two pins that install the same have the same mark, so that slices compare at once.
        self._marks = [
            {
                pin.line: marks.setdefault(
                    (pin.key, pin.version, pin.url, pin.marker, frozenset(pin.hashes)), len(marks)
                )
                for pin in side.slicer.lock.pins
            }
            for side in (before, after)
        ]

    def causes(self, stated: tuple[str, ...], states: tuple[str, ...]) -> tuple[Cause, ...]:
        """Why the slice of a requirement is another; empty where it is not.

        Args:
            stated: the requirements of one project (PEP 508) at the base, at least one.
            states: those now.
        """
        question = (stated, states)
        if question not in self._known:
            self._known[question] = tuple(self._compare(stated, states))[:1]
        return self._known[question]

    def _compare(self, stated: tuple[str, ...], states: tuple[str, ...]) -> Iterator[Cause]:
        project = requirement_of(states[0]).name
        for environment in (*self._here, *self._elsewhere):
            reach = Reach.ALL if environment in self._here else Reach.PACKAGE
            old = _cut(self._before, stated, environment)
            new = _cut(self._after, states, environment)
            if isinstance(old, Slice) and isinstance(new, Slice):
                if self._marked(0, old) == self._marked(1, new):
                    continue
                text = told(moves(old, new), project, self._before.ways, self._after.ways)
                yield Cause(text, CauseKind.PIN, reach)
            elif old != new:
                text = new if isinstance(new, str) else f"{project} can be met again"
                yield Cause(text, CauseKind.PIN, reach)

    def _marked(self, side: int, cut: Slice) -> frozenset[int]:
        return frozenset(self._marks[side][pin.line] for pin in cut.pins)


def _cut(side: Side, texts: Sequence[str], environment: Mapping[str, str]) -> Slice | str:
    """The slice, or why there is none."""
    try:
        return side.slicer.cut(texts, environment)
    except SliceError as error:
        return error.fault
