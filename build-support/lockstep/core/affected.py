"""What a change affects: causes, and the way from each of them to every target in its reach."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Callable, Generic, Iterable, Iterator, Mapping, Sequence, TypeVar

T = TypeVar("T")
"""A target, by whatever it is known by."""


class CauseKind(Enum):
    """Why something is affected. All behind `OPTION` are fail-safe: they take all in their reach."""

    SOURCE = "source"
    IMPORT = "import"
    PIN = "pin"
    REQUIREMENT = "requirement"
    DEFINITION = "definition"
    OPTION = "option"
    TOOL = "tool"
    CONFIGURATION = "configuration"
    PLUGIN = "plugin"
    BASE = "base"


class Reach(Enum):
    """The goals whose results a cause can change."""

    ALL = "all goals"
    TEST = "test"
    CHECK = "check"
    FORMAT = "fmt and lint"
    PACKAGE = "package"

    def counts_for(self, goals: frozenset[Reach]) -> bool:
        """Whether it matters to the goals at hand."""
        return self is Reach.ALL or Reach.ALL in goals or self in goals


_REACHES = {
    "test": Reach.TEST,
    "check": Reach.CHECK,
    "fmt": Reach.FORMAT,
    "lint": Reach.FORMAT,
    "fix": Reach.FORMAT,
    "package": Reach.PACKAGE,
    "publish": Reach.PACKAGE,
}


def reaches(goals: Iterable[str]) -> frozenset[Reach]:
    """What the goals of a call look at; a goal that only tells, such as `list`, at all of it."""
    return frozenset(_REACHES.get(goal, Reach.ALL) for goal in goals) or frozenset({Reach.ALL})


@dataclass(frozen=True)
class Cause:
    """Why a target is affected, before its dependents are.

    Attributes:
        text: for people, such as `libs/a.py changed` or `idna 3.10 → 3.11 ← requests`.
        kind: the class of cause.
        reach: the goals it matters to.
    """

    text: str
    kind: CauseKind
    reach: Reach = Reach.ALL

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Affected(Generic[T]):
    """A target that a change affects.

    Attributes:
        target: the target.
        cause: the cause that is closest to it.
        path: the targets from the one that the cause changed to this one.
    """

    target: T
    cause: Cause
    path: tuple[T, ...]

    @property
    def distance(self) -> int:
        """How many dependencies lie between the change and the target."""
        return len(self.path) - 1


def spread(
    causes: Mapping[T, Cause],
    dependents: Callable[[T], Iterable[T]],
    *,
    depth: int | None = None,
) -> Iterator[Affected[T]]:
    """All that depends on changed targets, the closest first, each once by a shortest path.

    Args:
        causes: the changed targets, in the order in which they are to be followed.
        dependents: who depends directly on a target; there may be cycles.
        depth: how many steps to follow; None for all.
    """
    paths: dict[T, tuple[Cause, T | None, int]] = {
        target: (cause, None, 0) for target, cause in causes.items()
    }
    todo = deque(causes)
    while todo:
        target = todo.popleft()
        cause, _, distance = paths[target]
        yield Affected(target, cause, _path(target, paths))
        if depth is not None and distance >= depth:
            continue
        for dependent in dependents(target):
            if dependent not in paths:
                paths[dependent] = (cause, target, distance + 1)
                todo.append(dependent)


def _path(target: T, paths: Mapping[T, tuple[Cause, T | None, int]]) -> tuple[T, ...]:
    path = [target]
    while True:
        before = paths[path[-1]][1]
        if before is None:
            return tuple(reversed(path))
        path.append(before)


def why(affected: Affected[T], name: Callable[[T], str] = str) -> str:
    """The way from the change to the target, in one line: `CAUSE ← target ← target`."""
    names: Sequence[str] = [name(target) for target in affected.path]
    # A changed file and the target that owns it have one name, and so have a project and its own.
    if affected.cause.text.startswith(f"{names[0]} ") or affected.cause.text.endswith(
        f" ← {names[0]}"
    ):
        names = names[1:]
    return " ← ".join((affected.cause.text, *names))
