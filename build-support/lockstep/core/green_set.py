"""Finds a largest set of changes that pass together, by trying few of all sets.

It divides what fails, as delta debugging does (Zeller and Hildebrandt, "Simplifying and Isolating
Failure-Inducing Input", IEEE TSE 2002), and keeps what passed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import AbstractSet, Callable, Generic, Sequence, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Trial(Generic[T]):
    """What came of some changes together.

    Attributes:
        green: whether they pass.
        suspects: those that can have to do with it where they do not; empty where nothing is known.
    """

    green: bool
    suspects: AbstractSet[T] = frozenset()


class OutOfBudget(Exception):
    """No further trial may be made."""


@dataclass
class GreenSet(Generic[T]):
    """What was found.

    Attributes:
        taken: changes that pass together, in the order in which they were given.
        held: those of which each fails together with all that are taken.
        untried: those that are neither, since the budget ended.
        trials: how many sets were tried.
    """

    taken: tuple[T, ...] = ()
    held: list[T] = field(default_factory=list)
    untried: tuple[T, ...] = ()
    trials: int = 0


def green_set(changes: Sequence[T], attempt: Callable[[tuple[T, ...]], Trial[T]]) -> GreenSet[T]:
    """A set that passes, and to which no other change can be added.

    No change at all is taken to pass. Each change that is held has failed together with all that are
    taken, unless the budget ended before that was tried.

    Args:
        changes: they.
        attempt: tries some of them. It may raise `OutOfBudget`.
    """
    search = _Search(attempt)
    try:
        search.grow(tuple(changes))
        search.try_held_again()
    except OutOfBudget:
        decided = {*search.found.taken, *search.found.held}
        search.found.untried = tuple(change for change in changes if change not in decided)
    order = {change: at for at, change in enumerate(changes)}
    search.found.taken = tuple(sorted(search.found.taken, key=order.__getitem__))
    search.found.held.sort(key=order.__getitem__)
    return search.found


class _Search(Generic[T]):
    def __init__(self, attempt: Callable[[tuple[T, ...]], Trial[T]]) -> None:
        self._attempt = attempt
        self._known: dict[frozenset[T], Trial[T]] = {}
        self.found: GreenSet[T] = GreenSet()

    def grow(self, rest: tuple[T, ...]) -> None:
        """Take of the rest, which is not decided yet, what passes."""
        if not rest:
            return
        trial = self._with_taken(rest)
        if trial.green:
            self.found.taken += rest
        elif len(rest) == 1:
            self.found.held += rest
        else:
            for part in _divided(rest, trial.suspects):
                self.grow(part)

    def try_held_again(self) -> None:
        """See whether a change that was held passes with what was taken since, as one may need it."""
        for change in (*self.found.held,):
            if self._with_taken((change,)).green:
                self.found.held.remove(change)
                self.found.taken += (change,)
                return self.try_held_again()

    def _with_taken(self, rest: tuple[T, ...]) -> Trial[T]:
        """What comes of some changes with those that are taken, which is tried once.

        After a first part was taken, the second one makes the set that is known to fail.
        """
        changes = self.found.taken + rest
        if frozenset(changes) not in self._known:
            self._known[frozenset(changes)] = self._attempt(changes)
            self.found.trials += 1
        return self._known[frozenset(changes)]


def _divided(rest: tuple[T, ...], suspects: AbstractSet[T]) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Two parts, the second of which more likely holds what fails."""
    guilty = tuple(change for change in rest if change in suspects)
    if 0 < len(guilty) < len(rest):
        return tuple(change for change in rest if change not in suspects), guilty
    middle = len(rest) // 2
    return rest[:middle], rest[middle:]
