"""Locks, as far as they can be judged without Pants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Sequence

from lockstep.doctor.checks.finding import Finding, fault, ok, unchecked, warning

ABOUT = "locks"


@dataclass(frozen=True)
class LockFacts:
    """What is known of one lock.

    Attributes:
        resolve: whose it is.
        path: as users know it.
        error: what its reader said, fault and mend; empty if all is well.
        pins: how many pins it has, None where nothing could read it.
        merge_conflict: the first line of a conflict that git left, 0 where there is none.
        graph: the path of its graph.
        graph_error: what is wrong with that, likewise.
        of_lockstep: whether Lockstep wrote it, so that its header binds it to its inputs.
    """

    resolve: str
    path: str
    error: tuple[str, str] | None = None
    pins: int | None = None
    merge_conflict: int = 0
    graph: str = ""
    graph_error: tuple[str, str] | None = None
    of_lockstep: bool = True


def check(locks: Sequence[LockFacts], reader: str) -> Iterator[Finding]:
    """Whether each lock can be read.

    Args:
        locks: those that are there.
        reader: why Lockstep's own reader of locks cannot be used; empty if it can.
    """
    for lock in locks:
        yield from _of(lock)
    if reader and locks:
        yield unchecked(
            ABOUT,
            f"Locks were only looked at for merge conflicts, since their reader needs more than"
            f" Python alone ({reader}).",
            "Set up Pants with `./pants --version`.",
        )
    elif locks and not any(lock.error or lock.merge_conflict for lock in locks):
        pins = sum(lock.pins or 0 for lock in locks)
        text = f"{len(locks)} locks with {pins} pins can be read"
        if len(locks) == 1:
            text = f"1 lock with {pins} pins can be read"
        yield ok(ABOUT, f"{text}; `./pants lock --check` tells whether their inputs agree.")


def _of(lock: LockFacts) -> Iterator[Finding]:
    if lock.merge_conflict:
        yield fault(
            ABOUT,
            f"{lock.path}:{lock.merge_conflict}: git left a merge conflict there.",
            f"Take either side, then run `./pants lock --resolve={lock.resolve}`.",
        )
        return
    if lock.error is not None:
        yield fault(ABOUT, *lock.error)
        return
    if lock.graph_error is not None:
        yield fault(ABOUT, *lock.graph_error)
    if not lock.of_lockstep:
        yield warning(
            ABOUT,
            f"{lock.path} was not written by Lockstep, so nothing binds it to its inputs.",
            f"Run `./pants lock --resolve={lock.resolve}`.",
        )
