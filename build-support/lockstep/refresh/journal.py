"""Keeps what a refresh has found out, so that a killed one goes on where it was."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence

from lockstep.core.errors import LockstepError
from lockstep.core.lock_refresh import Candidate, Failure
from lockstep.envs.atomic import write_text

_FORMAT = 1


@dataclass
class Journal:
    """The record of one refresh.

    Attributes:
        path: the file.
        key: what it is about: another base or other options begin anew.
        diff: what could move; empty until that is known.
        trials: by set of moves, why it failed, or the texts of the locks where it passed.
        failing: the tests and goals that were looked at without any move, and whether they fail.
    """

    path: Path
    key: str
    diff: Mapping[str, Any] = field(default_factory=dict)
    trials: Dict[str, Any] = field(default_factory=dict)
    failing: Dict[str, bool] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, key: str) -> Journal:
        """Go on with the record of this key, or begin one."""
        try:
            document = json.loads(path.read_bytes())
            if (document["format"], document["key"]) == (_FORMAT, key):
                return cls(path, key, document["diff"], document["trials"], document["failing"])
        except (OSError, ValueError, LookupError, TypeError):
            pass  # there is none, or a damaged one, which costs time and nothing else
        return cls(path, key)

    def save(self) -> None:
        """Keep it, in one step."""
        document = {
            "format": _FORMAT,
            "key": self.key,
            "diff": self.diff,
            "trials": self.trials,
            "failing": self.failing,
        }
        write_text(self.path, json.dumps(document, indent=1) + "\n")

    def note(self, moves: Sequence[Candidate], result: Failure | Mapping[str, str]) -> None:
        """Keep why moves failed, or the texts of the locks by path."""
        if isinstance(result, Failure):
            told: Dict[str, Any] = {**asdict(result), "tests": list(result.tests)}
        else:
            told = {"files": dict(result)}
        self.trials[_name(moves)] = told
        self.save()

    def result(self, moves: Sequence[Candidate]) -> Failure | Mapping[str, str] | None:
        """What was noted of moves; None where they were not tried yet."""
        told = self.trials.get(_name(moves))
        if told is None:
            return None
        if "files" in told:
            files: Mapping[str, str] = told["files"]
            return files
        return Failure(told["reason"], tuple(told["tests"]), told["log"])


def _name(moves: Sequence[Candidate]) -> str:
    lines: List[str] = sorted(f"{one.resolve} {one.wish}" for one in moves)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other refresh of this checkout run meanwhile; a kill lets go.

    Raises:
        LockstepError: another one runs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "running", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockstepError(
                "Another `./pants lock-refresh` of this checkout is at work",
                mend="Wait for it, or end it",
            ) from None
        yield
    finally:
        os.close(descriptor)
