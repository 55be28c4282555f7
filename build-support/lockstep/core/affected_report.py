"""What a change affects, told to programs: as JSON, and as a matrix of jobs."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Mapping, Sequence

from lockstep.core.affected import Affected, Cause, Reach
from lockstep.core.errors import LockstepError
from lockstep.core.shards import balanced, weighed

SCHEMA = 1
"""Goes up when a field changes its meaning or goes; a new field leaves it as it is."""

MOST_JOBS = 256
"""What GitHub allows in a matrix."""


@dataclass(frozen=True)
class Label:
    """A target as reports tell of it.

    Attributes:
        target: its address.
        type: the name of its type in BUILD files, such as `python_test`.
        folder: where it lies; empty for the root.
        name: what people know it by: the file, the project, or else the address.
    """

    target: str
    type: str
    folder: str
    name: str


def as_json(
    found: Iterable[Affected[Label]], everywhere: Iterable[Cause], *, since: str, goal: str
) -> str:
    """A document with one line for each target, in the order given.

    Its fields are told in docs/affected.md. It is ASCII, so that any terminal and any pipe take it.

    Args:
        everywhere: the fail-safe causes.
        since: the revision, as it was named.
        goal: what was selected for.
    """
    head = f'"schema": {SCHEMA}, "since": {json.dumps(since)}, "goal": {json.dumps(goal)},'
    lines = [f"{{{head}"]
    lines += _listed("everywhere", map(_cause, everywhere), end=",")
    lines += _listed("affected", map(_affected, found), end="}")
    return "\n".join(lines)


def _listed(name: str, entries: Iterable[Mapping[str, Any]], *, end: str) -> Iterator[str]:
    entries = list(entries)
    if not entries:
        yield f'"{name}": []{end}'
        return
    yield f'"{name}": ['
    for entry in entries[:-1]:
        yield f"  {json.dumps(entry)},"
    yield f"  {json.dumps(entries[-1])}"
    yield f"]{end}"


def _cause(cause: Cause) -> dict[str, str]:
    return {"kind": cause.kind.value, "reach": _REACHES[cause.reach], "text": cause.text}


_REACHES = {
    Reach.ALL: "all",
    Reach.TEST: "test",
    Reach.CHECK: "check",
    Reach.FORMAT: "lint",
    Reach.PACKAGE: "package",
}


def _affected(affected: Affected[Label]) -> dict[str, Any]:
    return {
        "target": affected.target.target,
        "type": affected.target.type,
        "cause": _cause(affected.cause),
        "path": [label.target for label in affected.path],
    }


def check_shards(shards: int) -> None:
    """Raises LockstepError where it is not a number of jobs that GitHub runs."""
    if not 1 <= shards <= MOST_JOBS:
        raise LockstepError(
            f"A matrix has from 1 to {MOST_JOBS} jobs, not {shards}",
            mend="Give `--shards` such a number",
        )


def as_matrix(targets: Sequence[str], shards: int, recorded: Mapping[str, float]) -> str:
    """A matrix of GitHub's jobs in one line, for `fromJSON`.

    Each job has `shard` (from 1), `count`, `seconds` (null where nothing is recorded), and
    `targets`: the addresses, quoted for a shell and parted by blanks.

    Args:
        targets: addresses.
        shards: how many jobs there are at most; `check_shards` tells what GitHub takes.
        recorded: the seconds that targets took before, of those known.
    """
    weights = weighed(targets, recorded)
    jobs = [
        {
            "shard": shard,
            "count": len(dealt),
            "seconds": round(sum(map(weights.__getitem__, dealt)), 3) if recorded else None,
            "targets": " ".join(map(shlex.quote, dealt)),
        }
        for shard, dealt in enumerate(balanced(weights, shards), 1)
    ]
    return json.dumps({"include": jobs}, separators=(",", ":"))
