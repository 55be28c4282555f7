"""What the machine has to have: git, space on its disks, and the right time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Sequence

from lockstep.doctor.checks.finding import Finding, fault, ok, warning

OLDEST_GIT = (2, 30)
"""`git rev-parse --end-of-options`, which `--changed-since` asks with, came with it."""

MIB, GIB = 1 << 20, 1 << 30
LEAST_SPACE, LITTLE_SPACE = GIB, 5 * GIB
"""The setup alone takes two thirds of the first."""
LEAST_FILES, LITTLE_FILES = 20_000, 100_000
"""The setup alone has more than ten thousand files."""

SLACK, FAR_OFF = 300.0, 86_400.0
"""Seconds that a clock may be off, and from which certificates stop to be believed."""

_CLOCK = "Set the clock, such as with `timedatectl set-ntp true`, or that of the host machine."


@dataclass(frozen=True)
class GitFacts:
    """What git says of the checkout.

    Attributes:
        path: the program, None where PATH has none.
        version: what `git --version` prints.
        inside: whether the build root is in a work tree.
        problem: what git says instead of answering that.
        shallow: whether the clone lacks old commits.
        commits: how many there are up to HEAD.
    """

    path: str | None
    version: str = ""
    inside: bool = False
    problem: str = ""
    shallow: bool = False
    commits: int = 0


def git(facts: GitFacts, root: str) -> Iterator[Finding]:
    """Whether git can tell what changed."""
    if facts.path is None:
        yield fault("git", "git is not on PATH, and it tells what changed.", "Install git.")
        return
    found = re.search(r"(\d+)\.(\d+)", facts.version)
    if found is None:
        yield fault(
            "git",
            f"{facts.path} does not tell its version.",
            "See what `git --version` says, and install git anew.",
        )
        return
    if (int(found[1]), int(found[2])) < OLDEST_GIT:
        yield warning(
            "git",
            f"git is of version {found[0]}, and `--changed-since` needs 2.30.",
            "Update git.",
        )
    if "dubious ownership" in facts.problem:
        yield fault(
            "git",
            f"git refuses to read {root}, which another user owns.",
            f"Run `git config --global --add safe.directory '{root}'` if you trust it.",
        )
    elif not facts.inside:
        yield warning(
            "git",
            f"{root} is in no git repository, so `--changed-since` cannot tell what changed.",
            "Clone the repository, or run `git init` and commit.",
        )
    elif facts.shallow:
        yield warning(
            "git",
            f"The clone is shallow, {facts.commits} deep: `--changed-since` fails where the base"
            " lies deeper.",
            "Run `git fetch --unshallow`, or fetch more commits.",
        )
    else:
        yield ok("git", f"git {found[0]} knows {facts.commits} commits of the checkout.")


@dataclass(frozen=True)
class Place:
    """A folder that is written to, or its nearest existing parent.

    Attributes:
        name: what is kept there.
        path: the folder.
        elsewhere: how to have it elsewhere, as a clause; empty where that is not possible.
        device: the number of its file system.
        free_bytes: what a user may still write.
        free_files: how many files may still be made, None where the file system sets no limit.
        writable: whether this user may write there.
        executable: whether programs may be started there.
        holds_programs: whether some are going to be.
    """

    name: str
    path: str
    elsewhere: str
    device: int
    free_bytes: int
    free_files: int | None
    writable: bool = True
    executable: bool = True
    holds_programs: bool = False


def disk(places: Sequence[Place]) -> Iterator[Finding]:
    """Whether what is written has a place; each file system is told of once."""
    seen: set[int] = set()
    for place in places:
        mend = f", or {place.elsewhere}." if place.elsewhere else "."
        if not place.writable:
            yield fault(
                "disk",
                f"{place.path} cannot be written to: {place.name} is kept there.",
                f"Give yourself the right to write there{mend}",
            )
        if place.holds_programs and not place.executable:
            yield fault(
                "disk",
                f"No program can be started from {place.path} (`noexec`), where {place.name} is"
                " kept.",
                f"Mount it without `noexec`{mend}",
            )
        if place.holds_programs and re.search(r"\s", place.path) and "PEX" in place.name:
            yield fault(
                "disk",
                f"{place.path}, where {place.name} is kept, has a blank in it, and PEX cannot run"
                " there.",
                f"Rename the folder{mend}",
            )
        if place.device not in seen:
            seen.add(place.device)
            yield from _room(place, mend)


def _room(place: Place, mend: str) -> Iterator[Finding]:
    """Space and inodes of one file system."""
    free = f"{place.free_bytes / GIB:.1f} GiB"
    say = (
        fault
        if place.free_bytes < LEAST_SPACE
        else warning if place.free_bytes < LITTLE_SPACE else None
    )
    if say is not None:
        yield say(
            "disk",
            f"Only {free} are free for {place.name} in {place.path}.",
            f"Free some space{mend}",
        )
    files = place.free_files
    if files is not None and files < LITTLE_FILES:
        say_files = fault if files < LEAST_FILES else warning
        text = f"Only {files} more files fit beside {place.name} in {place.path} (inodes)."
        yield say_files("disk", text, f"Delete some files{mend}")
    elif say is None:
        yield ok("disk", f"{free} are free for {place.name} in {place.path}.")


@dataclass(frozen=True)
class ClockFacts:
    """Times in seconds since the epoch.

    Attributes:
        now: of this machine.
        newest_file: the file of the checkout that was changed last, and when.
        commit: when HEAD was committed, None where that is not known.
        index: hosts that told their time, each with how far this machine is ahead of it.
    """

    now: float
    newest_file: tuple[str, float] | None
    commit: float | None
    index: tuple[tuple[str, float], ...] = ()


def clock(facts: ClockFacts) -> Iterator[Finding]:
    """Whether the time is believable."""
    off = [(abs(ahead), ahead, host) for host, ahead in facts.index]
    worst = max(off, default=None)
    if worst is not None and worst[0] > SLACK:
        way = "ahead of" if worst[1] > 0 else "behind"
        text = f"The clock is {duration(worst[0])} {way} that of {worst[2]}."
        say = fault if worst[0] > FAR_OFF else warning
        yield say("clock", text, _CLOCK)
    elif worst is None and facts.commit is not None and facts.commit > facts.now + SLACK:
        behind = duration(facts.commit - facts.now)
        yield warning("clock", f"HEAD was committed {behind} from now.", _CLOCK)
    elif worst is None and facts.newest_file and facts.newest_file[1] > facts.now + SLACK:
        path, changed = facts.newest_file
        yield warning(
            "clock", f"{path} was changed {duration(changed - facts.now)} from now.", _CLOCK
        )
    elif worst is None:
        yield ok("clock", "The clock is not behind the files and commits of the checkout.")
    else:
        yield ok("clock", f"The clock agrees with that of {worst[2]}.")


def duration(seconds: float) -> str:
    """Such as `3 days`, `2 hours` or `7 minutes`."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds:.0f} seconds"
