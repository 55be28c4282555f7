"""Builds the environment that the `pants` launcher runs Pants from.

Usage: bootstrap.py DIRECTORY

The last part of DIRECTORY names the pinned setup (see `pants`), so that a complete DIRECTORY never
changes. It is built aside under a lock and moved into place: however many start at once, and
whenever one is killed, nothing half-made is used. Runs on CPython 3.9 with nothing installed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Sequence

from environment import SetupError, fill, say


def is_complete(target: Path) -> bool:
    """Whether an environment is there, in working order, and where it was built to be.

    The same as `load` in the launcher asks: it gets here only when the answer is no, or when
    another process has built the environment since.
    """
    programs = ("pants/bin/python", "tools/bin/python", "native_client")
    if not all(os.access(target / program, os.X_OK) for program in programs):
        return False
    try:
        place = re.match(r"export LOCKSTEP_BOOTSTRAP=(.*)", (target / "env.sh").read_text())
        return place is not None and os.path.samefile(shlex.split(place[1])[0], target)
    except FileNotFoundError:
        return False


def lock_file(target: Path) -> Path:
    return target.parent / f".{target.name}.lock"


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock on a target, which the system drops even if this process is killed."""
    with lock_file(target).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another ./pants that is setting up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_abandoned(leftover: Path, target: Path) -> bool:
    """Whether nobody works on a folder of a build, given that this process holds its own lock."""
    builds = target.parent / leftover.name.split(".")[1]
    if builds == target:
        return True
    with lock_file(builds).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def remove_leftovers(target: Path) -> None:
    """Remove what killed builds left. A program they started may still write: try again later."""
    for leftover in target.parent.glob(".*.tmp"):
        if is_abandoned(leftover, target):
            shutil.rmtree(leftover, ignore_errors=True)


def reason(target: Path) -> str:
    """Why an environment has to be set up."""
    if target.exists():
        return f"{target} is damaged"
    others = target.parent.glob("*/env.sh")
    return "the pinned setup has changed" if any(others) else "first run"


def move_into_place(build: Path, target: Path) -> None:
    """Put a finished build where the launcher looks, in the place of a damaged one."""
    if os.path.lexists(target):
        aside = build.with_suffix(".old.tmp")
        target.rename(aside)
        build.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        build.rename(target)


def provide(target: Path) -> None:
    """See to it that an environment is there.

    Errors:
        SetupError: it cannot be built.
        OSError: neither can it, for a reason that the system gives.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target):
        remove_leftovers(target)
        if is_complete(target):
            return
        build = target.parent / f".{target.name}.{os.getpid()}.tmp"
        try:
            build.mkdir()
            fill(build, target, reason(target))
            move_into_place(build, target)
        finally:
            shutil.rmtree(build, ignore_errors=True)
        say("done")


def main(arguments: Sequence[str]) -> int:
    target = Path(os.path.abspath(arguments[0]))
    try:
        provide(target)
    except SetupError as error:
        say(f"error: {error.problem}\n  {error.mend}")
        return 1
    except OSError as error:
        say(
            f"error: could not set up Pants: {error}.\n"
            "  See to it that the folder can be written to and that its disk is not full, or set "
            "LOCKSTEP_CACHE to another folder."
        )
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
