"""What is said of git, disks and the clock, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockstep.doctor.checks import machine
from lockstep.doctor.checks.conftest import told
from lockstep.doctor.checks.machine import ClockFacts, GIB, GitFacts, Place

# --- git ------------------------------------------------------------------------------------------

GIT = GitFacts("/usr/bin/git", "git version 2.39.5", True, commits=7)


@pytest.mark.parametrize(
    "facts,expected",
    [
        (GIT, ["ok: git 2.39 knows 7 commits of the checkout."]),
        (
            GitFacts(None),
            ["fault: git is not on PATH, and it tells what changed. Install git."],
        ),
        (
            replace(GIT, version="what?"),
            [
                "fault: /usr/bin/git does not tell its version. See what `git --version` says, and"
                " install git anew."
            ],
        ),
        (
            replace(GIT, version="git version 2.9.0"),
            [
                "warning: git is of version 2.9, and `--changed-since` needs 2.30. Update git.",
                "ok: git 2.9 knows 7 commits of the checkout.",
            ],
        ),
        (
            replace(GIT, inside=False),
            [
                "warning: /r is in no git repository, so `--changed-since` cannot tell what"
                " changed. Clone the repository, or run `git init` and commit."
            ],
        ),
        (
            replace(GIT, inside=False, problem="fatal: detected dubious ownership in /r"),
            [
                "fault: git refuses to read /r, which another user owns. Run `git config --global"
                " --add safe.directory '/r'` if you trust it."
            ],
        ),
        (
            replace(GIT, shallow=True, commits=1),
            [
                "warning: The clone is shallow, 1 deep: `--changed-since` fails where the base lies"
                " deeper. Run `git fetch --unshallow`, or fetch more commits."
            ],
        ),
    ],
)
def test_git(facts: GitFacts, expected: list[str]) -> None:
    assert told(machine.git(facts, "/r")) == expected


# --- Disk -----------------------------------------------------------------------------------------

CACHE = Place(
    "Lockstep's setup", "/c", "set LOCKSTEP_CACHE to a folder elsewhere", 1, 90 * GIB, 10**6,
    holds_programs=True,
)  # fmt: skip


@pytest.mark.parametrize(
    "place,expected",
    [
        (CACHE, ["ok: 90.0 GiB are free for Lockstep's setup in /c."]),
        (
            replace(CACHE, free_bytes=3 * GIB),
            [
                "warning: Only 3.0 GiB are free for Lockstep's setup in /c. Free some space, or"
                " set LOCKSTEP_CACHE to a folder elsewhere."
            ],
        ),
        (
            replace(CACHE, free_bytes=GIB // 2, elsewhere=""),
            ["fault: Only 0.5 GiB are free for Lockstep's setup in /c. Free some space."],
        ),
        (
            replace(CACHE, free_files=10),
            [
                "fault: Only 10 more files fit beside Lockstep's setup in /c (inodes). Delete some"
                " files, or set LOCKSTEP_CACHE to a folder elsewhere."
            ],
        ),
        (
            replace(CACHE, free_files=50_000, elsewhere=""),
            [
                "warning: Only 50000 more files fit beside Lockstep's setup in /c (inodes). Delete"
                " some files."
            ],
        ),
        (
            replace(CACHE, free_files=None),
            ["ok: 90.0 GiB are free for Lockstep's setup in /c."],
        ),
        (
            replace(CACHE, writable=False),
            [
                "fault: /c cannot be written to: Lockstep's setup is kept there. Give yourself the"
                " right to write there, or set LOCKSTEP_CACHE to a folder elsewhere.",
                "ok: 90.0 GiB are free for Lockstep's setup in /c.",
            ],
        ),
        (
            replace(CACHE, executable=False),
            [
                "fault: No program can be started from /c (`noexec`), where Lockstep's setup is"
                " kept. Mount it without `noexec`, or set LOCKSTEP_CACHE to a folder elsewhere.",
                "ok: 90.0 GiB are free for Lockstep's setup in /c.",
            ],
        ),
        (
            replace(CACHE, executable=False, holds_programs=False),
            ["ok: 90.0 GiB are free for Lockstep's setup in /c."],
        ),
        (
            replace(CACHE, name="what PEX and uv cache", path="/a b", elsewhere="set X"),
            [
                "fault: /a b, where what PEX and uv cache is kept, has a blank in it, and PEX"
                " cannot run there. Rename the folder, or set X.",
                "ok: 90.0 GiB are free for what PEX and uv cache in /a b.",
            ],
        ),
    ],
)
def test_disk(place: Place, expected: list[str]) -> None:
    assert told(machine.disk([place])) == expected


def test_a_file_system_is_told_of_once() -> None:
    other = replace(CACHE, name="Pants' store", path="/p", device=2, free_bytes=GIB * 8)
    assert told(machine.disk([CACHE, replace(CACHE, path="/c/2"), other])) == [
        "ok: 90.0 GiB are free for Lockstep's setup in /c.",
        "ok: 8.0 GiB are free for Pants' store in /p.",
    ]


# --- Clock ----------------------------------------------------------------------------------------

SET_CLOCK = "Set the clock, such as with `timedatectl set-ntp true`, or that of the host machine."


@pytest.mark.parametrize(
    "facts,expected",
    [
        (
            ClockFacts(1000.0, ("pants", 900.0), 800.0),
            "ok: The clock is not behind the files and commits of the checkout.",
        ),
        (
            ClockFacts(1000.0, ("pants", 1200.0), 1300.0),
            "ok: The clock is not behind the files and commits of the checkout.",
        ),
        (
            ClockFacts(1000.0, ("pants", 1000.0), 1000.0 + 7200),
            f"warning: HEAD was committed 2 hours from now. {SET_CLOCK}",
        ),
        (
            ClockFacts(1000.0, ("pants", 1000.0 + 86400), None),
            f"warning: pants was changed 1 day from now. {SET_CLOCK}",
        ),
        (
            ClockFacts(1000.0, ("pants", 9e9), 9e9, (("index.example", 2.0),)),
            "ok: The clock agrees with that of index.example.",
        ),
        (
            ClockFacts(1000.0, None, None, (("a.example", 1.0), ("index.example", -420.0))),
            f"warning: The clock is 7 minutes behind that of index.example. {SET_CLOCK}",
        ),
        (
            ClockFacts(1000.0, None, None, (("index.example", 90_000.0),)),
            f"fault: The clock is 1 day ahead of that of index.example. {SET_CLOCK}",
        ),
    ],
)
def test_clock(facts: ClockFacts, expected: str) -> None:
    assert told(machine.clock(facts)) == [expected]
