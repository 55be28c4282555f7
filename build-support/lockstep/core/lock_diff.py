"""What differs between two locks, told to people and to programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Iterable, Mapping, Sequence

from packaging.version import InvalidVersion, Version

from lockstep.core.lock import Lock
from lockstep.core.pin_moves import Move


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


def lock_moves(
    before: Lock, after: Lock, moved: Iterable[Move], targets: Mapping[str, tuple[str, ...]]
) -> tuple[LockMove, ...]:
    """Moves between two locks, with who requires each project: now, or else before.

    Args:
        before, after: the locks.
        moved: the moves.
        targets: by project the targets that hold it.
    """
    old, new = requirers(before), requirers(after)
    return tuple(
        LockMove(
            move,
            (new if move.after else old).get(move.project, ()),
            targets.get(move.project, ()),
        )
        for move in moved
    )


def requirers(lock: Lock) -> Mapping[str, tuple[str, ...]]:
    """By project who requires its pins, as the `# via` lines tell: inputs and projects."""
    return {
        name: tuple(dict.fromkeys(via for pin in pins for via in pin.via))
        for name, pins in lock.by_name().items()
    }


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


def as_markdown(
    path: str, found: Sequence[LockMove], changelogs: Mapping[str, str] = MappingProxyType({})
) -> str:
    """A table.

    Args:
        path: the lock.
        found: its moves.
        changelogs: URLs by project.
    """
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
            _project(move.project, changelogs),
            _cell(move.before),
            _cell(move.after),
            moved.kind.value,
            _cell(moved.required_by),
            str(len(moved.targets)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in lines)


def as_json(locks: Iterable[tuple[str, str, Sequence[LockMove]]]) -> str:
    """A document of resolves, locks and moves; in ASCII, so that any terminal and any pipe take it."""
    document = [
        {
            "resolve": resolve,
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
        for resolve, path, found in locks
    ]
    return json.dumps({"schema": 1, "locks": document}, indent=1) + "\n"


def _project(name: str, changelogs: Mapping[str, str]) -> str:
    return f"[`{name}`]({changelogs[name]})" if name in changelogs else f"`{name}`"


def _reach(moved: LockMove) -> str:
    count = len(moved.targets)
    return f"reaches {count} {'target' if count == 1 else 'targets'}"


def _cell(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts).replace("|", "\\|")
