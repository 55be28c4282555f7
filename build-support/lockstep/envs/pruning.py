"""Deletes environments that nobody has used for long."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable, Sequence

from lockstep.envs.build import remove
from lockstep.envs.flocks import hold

MAX_AGE = 14 * 24 * 3600.0
"""For how many seconds an environment is kept that is not used."""

AT_ONCE = 3
"""How many are deleted in one run, so that nobody waits long for it."""


def prune(
    folder: Path, kept: Iterable[Path], now: float, max_age: float, at_once: int
) -> Sequence[Path]:
    """Delete what has not been used for long, the longest first; never what is in use.

    Args:
        folder: of the store.
        kept: the environments that links lead to.
        now: the time, as `time.time` tells it.
        max_age: how long one is kept after its last use, in seconds.
        at_once: how many are deleted at most.

    Returns:
        What was deleted; leftovers of builds that were killed are not counted.
    """
    used = sorted((lock.stat().st_mtime, lock) for lock in folder.glob("*.lock"))
    old = [lock.with_suffix("") for time, lock in used if now - time > max_age]
    kept = set(kept)
    deleted: list[Path] = []
    for path in old:
        if path not in kept and len(deleted) < at_once and _delete(path):
            deleted.append(path)
    for left in folder.glob(".*.aside*"):
        _delete_leftover(left, folder / f"{left.name.split('.')[1]}.build")
    return deleted


def _delete(path: Path) -> bool:
    """Delete an environment unless somebody uses or builds it."""
    lock_path, build_path = path.with_suffix(".lock"), path.with_suffix(".build")
    lock = hold(lock_path, shared=False, wait=False)
    if lock is None:
        return False
    try:
        aside = path.with_name(f".{path.name}.pruned.aside")
        if path.exists():
            os.rename(path, aside)  # from now on it is whole or gone
        remove(aside)
        build_path.unlink(missing_ok=True)
        lock_path.unlink()
    finally:
        os.close(lock)
    return True


def _delete_leftover(left: Path, build_path: Path) -> None:
    if not build_path.exists():
        remove(left)
        return
    building = hold(build_path, shared=False, wait=False)
    if building is not None:
        remove(left)
        os.close(building)
