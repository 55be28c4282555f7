"""What differs between a revision and the work tree, as git tells it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Iterator

SUBMODULE = "160000"
"""The mode that git gives the entry of a submodule."""


class ChangeKind(Enum):
    """What happened to a file since the base."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True)
class FileChange:
    """A file that differs. A renamed file is two: a deleted one and an added one.

    Attributes:
        path: relative to the build root.
        kind: what happened to it.
    """

    path: str
    kind: ChangeKind

    def __str__(self) -> str:
        return f"{self.path} {self.kind.value}"


@dataclass(frozen=True)
class RawChange:
    """An entry of `git diff --raw -z --no-renames`.

    Attributes:
        change: the file.
        is_submodule: whether it is a submodule, before or after.
        before: the object it was; for a submodule the commit. All zeros where there was none.
    """

    change: FileChange
    is_submodule: bool
    before: str


def read_raw_diff(output: bytes) -> Iterator[RawChange]:
    """Read what `git diff --raw -z --no-renames --abbrev=40` prints.

    Paths may hold anything but NUL; bytes that are not UTF-8 are kept as surrogates, as Python
    does for file names.
    """
    fields = iter(output.split(b"\0"))
    for described in fields:
        if not described:
            continue
        modes = described.decode().lstrip(":").split(" ")
        path = next(fields).decode(errors="surrogateescape")
        status = modes[4][0]
        kind = {"A": ChangeKind.ADDED, "D": ChangeKind.DELETED}.get(status, ChangeKind.CHANGED)
        yield RawChange(FileChange(path, kind), SUBMODULE in modes[:2], modes[2])


def with_untracked(changes: Iterable[FileChange], untracked: Iterable[str]) -> list[FileChange]:
    """Join tracked changes with files git does not track yet.

    A file that is deleted for git and still there untracked has changed.
    """
    by_path = {change.path: change for change in changes}
    for path in untracked:
        kind = ChangeKind.CHANGED if path in by_path else ChangeKind.ADDED
        by_path[path] = FileChange(path, kind)
    return sorted(by_path.values(), key=lambda change: change.path)
