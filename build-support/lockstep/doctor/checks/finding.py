"""What the doctor says: a finding for each thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterable


class Level(Enum):
    """How bad a finding is. Only a fault makes the doctor's exit code 1."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    UNCHECKED = "not checked"


class Repair(Enum):
    """What `--fix` can do about a finding, without touching what a person made."""

    REMOVE_LINK = "remove link"
    REMOVE_PID_FILES = "remove pid files"
    REMOVE_LEFTOVER = "remove leftover"
    REMOVE_LEFTOVER_OF_STORE = "remove leftover of store"
    REMOVE_ENTRY = "remove entry"
    SET_UP = "set up"


@dataclass(frozen=True)
class Fix:
    """A repair and the path that it is for."""

    repair: Repair
    path: str


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: the check, one word.
        level: how bad it is.
        text: one sentence with its full stop.
        mend: what to do about it, one sentence with its full stop; empty where all is well.
        fixes: what `--fix` does.
    """

    about: str
    level: Level
    text: str
    mend: str = ""
    fixes: tuple[Fix, ...] = ()


def ok(about: str, text: str) -> Finding:
    return Finding(about, Level.OK, text)


def warning(about: str, text: str, mend: str, *fixes: Fix) -> Finding:
    return Finding(about, Level.WARNING, text, mend, fixes)


def fault(about: str, text: str, mend: str, *fixes: Fix) -> Finding:
    return Finding(about, Level.FAULT, text, mend, fixes)


def unchecked(about: str, text: str, mend: str) -> Finding:
    return Finding(about, Level.UNCHECKED, text, mend)


def exit_code(findings: Iterable[Finding]) -> int:
    """1 if there is a fault, else 0."""
    return int(any(finding.level is Level.FAULT for finding in findings))
