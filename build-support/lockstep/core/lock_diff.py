"""What differs between two locks, told to people and to programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import AbstractSet, Generic, Iterable, Mapping, Sequence, TypeVar

from packaging.version import InvalidVersion, Version

from lockstep.core.pin_moves import Move, moves
from lockstep.core.slices import SliceError, Slicer

T = TypeVar("T")


class Kind(Enum):
    """What kind of move it is; of versions the first part that differs (PEP 440)."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    DOWN = "down"
    ADDED = "added"
    REMOVED = "removed"
    HASHES = "hash-only"
    MARKER = "marker"
    SOURCE = "source"


@dataclass(frozen=True)
class LockMove:
    """A project whose pins moved.

    Attributes:
        move: from what to what.
        required_by: who requires it, as the lock's `# via` lines tell: inputs and projects.
        targets: the targets that it reaches, by address: those whose environment holds it.
    """

    move: Move
    required_by: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        return kind(self.move)


def kind(move: Move) -> Kind:
    """What kind of move it is."""
    if not move.before:
        return Kind.ADDED
    if not move.after:
        return Kind.REMOVED
    if move.before == move.after:
        return Kind.MARKER if move.is_marker else Kind.HASHES
    try:
        before, after = (max(map(Version, side)) for side in (move.before, move.after))
    except InvalidVersion:
        return Kind.SOURCE  # a URL
    if after < before:
        return Kind.DOWN
    if (after.epoch, after.major) != (before.epoch, before.major):
        return Kind.MAJOR
    return Kind.MINOR if after.minor != before.minor else Kind.PATCH


@dataclass(frozen=True)
class Reached(Generic[T]):
    """A move, and the requirements that reach it.

    Attributes:
        move: from what to what.
        required_by: who requires the project, now or else before.
        roots: whose slices hold it, before or now, in the order given.
    """

    move: Move
    required_by: tuple[str, ...]
    roots: tuple[T, ...]


def reached(before: Slicer, after: Slicer, stated: Mapping[T, Sequence[str]]) -> list[Reached[T]]:
    """What moves between two locks, by project.

    Args:
        before, after: the locks.
        stated: the requirements (PEP 508) of each of some requirement targets, as they are now.
    """
    moved = moves(before.whole(), after.whole())
    held = [
        {root: _names(slicer, texts) for root, texts in stated.items()}
        for slicer in (before, after)
    ]
    requirers = [
        {name: dict.fromkeys(via for pin in pins for via in pin.via) for name, pins in by.items()}
        for by in (before.lock.by_name(), after.lock.by_name())
    ]
    return [
        Reached(
            move,
            tuple(requirers[bool(move.after)].get(move.project, ())),
            tuple(root for root in stated if any(move.project in side[root] for side in held)),
        )
        for move in moved
    ]


def _names(slicer: Slicer, texts: Sequence[str]) -> AbstractSet[str]:
    try:
        return slicer.cut(texts, {}).names
    except SliceError:
        return frozenset()  # of a lock that does not fit its inputs, it is told by `--check`


def as_text(path: str, found: Sequence[LockMove]) -> str:
    """A line for each move, in columns."""
    if not found:
        return f"{path}: nothing moves.\n"
    lines = [f"{path}: {len(found)} {'move' if len(found) == 1 else 'moves'}"]
    rows = [
        (str(m.move), m.kind.value, _reach(m), f"by {', '.join(m.required_by) or 'nothing'}")
        for m in found
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    lines += [
        "  ".join(["", *(cell.ljust(width) for cell, width in zip(row, widths)), row[3]])
        for row in rows
    ]
    return "".join(f"{line}\n" for line in lines)


def as_markdown(path: str, found: Sequence[LockMove]) -> str:
    """A table."""
    if not found:
        return f"`{path}`: nothing moves.\n"
    lines = [
        f"### `{path}`",
        "",
        "| project | from | to | kind | required by | targets |",
        "|---|---|---|---|---|---:|",
    ]
    for moved in found:
        move = moved.move
        cells = (
            f"`{move.project}`",
            _cell(move.before),
            _cell(move.after),
            moved.kind.value,
            _cell(moved.required_by),
            str(len(moved.targets)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in lines)


def as_json(locks: Iterable[tuple[str, Sequence[LockMove]]]) -> str:
    """A document; in ASCII, so that any terminal and any pipe take it."""
    document = [
        {
            "lock": path,
            "moves": [
                {
                    "project": moved.move.project,
                    "before": moved.move.before,
                    "after": moved.move.after,
                    "kind": moved.kind.value,
                    "required_by": moved.required_by,
                    "targets": moved.targets,
                }
                for moved in found
            ],
        }
        for path, found in locks
    ]
    return json.dumps({"schema": 1, "locks": document}, indent=1) + "\n"


def _reach(moved: LockMove) -> str:
    count = len(moved.targets)
    return f"reaches {count} {'target' if count == 1 else 'targets'}"


def _cell(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts).replace("|", "\\|")
