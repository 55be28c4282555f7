"""Deals work to jobs that run beside each other, so that all end at about the same time."""

from __future__ import annotations

import heapq
import math
import xml.etree.ElementTree as ElementTree
from statistics import median
from typing import Mapping, Sequence

from lockstep.core.errors import LockstepError, TextError

_MEND = "Name reports that `./pants test --report` wrote, or delete it"


def balanced(weights: Mapping[str, float], shards: int) -> tuple[tuple[str, ...], ...]:
    """Deal targets to shards: the heaviest first, each to the shard that has least so far.

    The heaviest shard weighs at most a third more than the best deal's. The same weights give the
    same shards, in whatever order they come; within a shard that order is kept. Shards that would
    stay empty are left out.

    Args:
        weights: what each target weighs, none of them below 0.
        shards: how many there are at most; at least 1.
    """
    dealt: dict[str, int] = {}
    # Of shards with equal loads the one with fewer targets, so that weightless ones spread too.
    loads = [(0.0, 0, shard) for shard in range(shards)]
    for target in sorted(weights, key=lambda target: (-weights[target], target)):
        load, count, shard = loads[0]
        heapq.heapreplace(loads, (load + weights[target], count + 1, shard))
        dealt[target] = shard
    found = (tuple(t for t in weights if dealt[t] == shard) for shard in range(shards))
    return tuple(targets for targets in found if targets)


def weighed(targets: Sequence[str], recorded: Mapping[str, float]) -> dict[str, float]:
    """The seconds that each target takes: those recorded, else the median of all that are.

    Where none are recorded, all weigh the same.
    """
    typical = median(recorded.values()) if recorded else 1.0
    return {target: recorded.get(target, typical) for target in targets}


def told(targets: Sequence[str], recorded: Mapping[str, float]) -> str:
    """One sentence for people about what was not recorded; empty where nothing was missed."""
    if not targets:
        return ""
    if not recorded:
        return "No durations are recorded (see `--durations`), so all targets weigh the same."
    unknown = sum(target not in recorded for target in targets)
    if not unknown:
        return ""
    typical = median(recorded.values())
    return (
        f"No durations are recorded for {unknown} of {len(targets)} targets;"
        f" each of them weighs {typical:.2f} s, the median."
    )


def reported_seconds(text: str | bytes, path: str) -> float:
    """The seconds that a report in JUnit's form tells, those of all its suites together.

    Args:
        text: what the report holds.
        path: its file, for errors.

    Raises:
        LockstepError: it is no report in JUnit's form, or tells no time.
    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise TextError(path, error.position[0], "this is not XML", mend=_MEND) from error
    except (LookupError, ValueError) as error:  # an encoding that Python cannot decode
        raise TextError(path, 1, "this is not XML", mend=_MEND) from error
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    if root.tag not in ("testsuite", "testsuites") or not suites:
        raise LockstepError(f"{path} is no report in JUnit's form", mend=_MEND)
    return sum(_seconds(suite.get("time", ""), path) for suite in suites)


def _seconds(time: str, path: str) -> float:
    try:
        seconds = float(time)
    except ValueError:
        seconds = -1.0
    if seconds < 0 or not math.isfinite(seconds):
        raise LockstepError(f"{path} tells no time of a test suite but `{time}`", mend=_MEND)
    return seconds
