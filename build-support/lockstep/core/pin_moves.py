"""Which pins of a slice moved between two locks, and how a requirement reaches them."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import AbstractSet, Iterable, Mapping

from packaging.utils import canonicalize_name

from lockstep.core.graph import LockGraph
from lockstep.core.lock import Lock, Pin
from lockstep.core.slices import Slice


@dataclass(frozen=True, order=True)
class Move:
    """A project whose pins differ.

    Attributes:
        project: its normalised name.
        before: the versions at the base; empty where it came.
        after: the versions now; empty where it went.
        is_marker: whether just a marker differs.
    """

    project: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    is_marker: bool = False

    def __str__(self) -> str:
        before, after = "/".join(self.before), "/".join(self.after)
        if not before:
            return f"{self.project} {after} added"
        if not after:
            return f"{self.project} {before} removed"
        if before == after:
            what = "another marker" if self.is_marker else "other hashes"
            return f"{self.project} {after} with {what}"
        return f"{self.project} {before} → {after}"


def moves(before: Slice, after: Slice) -> tuple[Move, ...]:
    """The projects whose entries in a slice differ, by name."""
    old, new = _entries(before.pins), _entries(after.pins)
    return tuple(
        Move(
            name,
            _versions(old.get(name, frozenset())),
            _versions(new.get(name, frozenset())),
            _hashes(old.get(name, frozenset())) == _hashes(new.get(name, frozenset())),
        )
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


Entries = AbstractSet["tuple[str, str | None, frozenset[str]]"]
"""Version or URL, marker and hashes of each pin of a project: all that installing it depends on."""


def _entries(pins: Iterable[Pin]) -> Mapping[str, Entries]:
    entries: dict[str, set[tuple[str, str | None, frozenset[str]]]] = defaultdict(set)
    for pin in pins:
        entries[pin.key].add((str(pin.url or pin.version), pin.marker, frozenset(pin.hashes)))
    return entries


def _versions(entries: Entries) -> tuple[str, ...]:
    return tuple(sorted({version for version, _, _ in entries}))


def _hashes(entries: Entries) -> frozenset[str]:
    return frozenset(value for _, _, hashes in entries for value in hashes)


class Ways:
    """How projects of one lock lead to each other.

    Args:
        lock: the lock.
        graph: its graph, where there is one; without it the `# via` annotations lead.
    """

    def __init__(self, lock: Lock, graph: LockGraph | None) -> None:
        self._next: dict[str, set[str]] = defaultdict(set)
        for pin in lock.pins:
            entry = graph.entry(pin) if graph is not None else None
            if entry is not None:
                self._next[pin.key].update(edge.name for edge in entry.edges)
            for requirer in pin.requirers:
                self._next[requirer].add(pin.key)

    def closest(self, project: str, wanted: Iterable[str]) -> tuple[str, ...]:
        """A shortest way from a project to one of some; just the last where none leads there."""
        goals = frozenset(wanted)
        start = str(canonicalize_name(project))
        came: dict[str, str | None] = {start: None}
        todo = deque([start])
        while todo:
            here = todo.popleft()
            if here in goals:
                return _way(here, came)
            for name in sorted(self._next.get(here, ())):
                if name not in came:
                    came[name] = here
                    todo.append(name)
        return (min(goals),)


def _way(end: str, came: Mapping[str, str | None]) -> tuple[str, ...]:
    way: list[str] = []
    here: str | None = end
    while here is not None:
        way.append(here)
        here = came[here]
    return tuple(reversed(way))


def told(moved: Iterable[Move], project: str, before: Ways, after: Ways) -> str:
    """The move that is closest to a requirement, with the way to it: `idna 1 → 2 ← requests`."""
    by_name = {move.project: move for move in moved}
    now = [name for name, move in by_name.items() if move.after]
    way = after.closest(project, now) if now else before.closest(project, by_name)
    more = f" and {len(by_name) - 1} more" if len(by_name) > 1 else ""
    chain = [f"{by_name[way[-1]]}{more}", *reversed(way[:-1])]
    return " ← ".join(chain)
