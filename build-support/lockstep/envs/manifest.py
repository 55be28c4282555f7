"""What a folder holds, so that a change of it is found by looking at its files and not into them.

Python's `__pycache__` is left out: Python writes it whenever it likes.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

BYTECODE = "__pycache__"


@dataclass(frozen=True)
class Fault:
    """What is wrong with an environment; `sentence` says it to the user, without a full stop.

    Attributes:
        kind: `missing`, `changed`, `added` (of files); `interpreter`, `moved`, `stamp`.
        path: of the file, relative to the environment; what else the kind is about.
    """

    kind: str
    path: str
    sentence: str


@dataclass(frozen=True)
class Manifest:
    """The files and folders below a folder, and how they looked.

    Attributes:
        files: what is no folder, links too, relative and sorted.
        sizes, times, modes: of each file; the time of its last change in nanoseconds.
        folders: likewise; the folder itself is the empty path.
        folder_times: the time of the last change of each folder.
    """

    files: tuple[str, ...]
    sizes: tuple[int, ...]
    times: tuple[int, ...]
    modes: tuple[int, ...]
    folders: tuple[str, ...]
    folder_times: tuple[int, ...]

    @classmethod
    def of(cls, root: Path, leave_out: Sequence[str] = ()) -> Manifest:
        """What a folder holds.

        Args:
            root: the folder.
            leave_out: files that are not told of.

        Raises:
            OSError: it cannot be read.
        """
        files: list[str] = []
        folders = [""]
        for path, is_folder in walk(str(root)):
            (folders if is_folder else files).append(path)
        files = sorted(set(files).difference(leave_out))
        folders.sort()
        looks = [os.lstat(f"{root}/{path}") for path in files]
        return cls(
            tuple(files),
            tuple(look.st_size for look in looks),
            tuple(look.st_mtime_ns for look in looks),
            tuple(look.st_mode for look in looks),
            tuple(folders),
            tuple(os.lstat(f"{root}/{path}").st_mtime_ns for path in folders),
        )

    def fits(self, root: Path) -> bool:
        """Whether a folder looks as it did; nothing but `stat` calls."""
        lstat, top = os.lstat, f"{root}/"
        try:
            for path, size, time, mode in zip(self.files, self.sizes, self.times, self.modes):
                look = lstat(top + path)
                if look.st_mtime_ns != time or look.st_size != size or look.st_mode != mode:
                    return False
            for path, time in zip(self.folders, self.folder_times):
                if lstat(top + path).st_mtime_ns != time:
                    return False
        except OSError:
            return False
        return True

    def faults(self, root: Path, leave_out: Sequence[str] = ()) -> Iterator[Fault]:
        """How a folder differs from what it was, sorted by path.

        A folder that looks changed and holds what it held is no fault.
        """
        looks = zip(self.sizes, self.times, self.modes)
        before = dict(zip(self.files, looks))
        found = {path for path, is_folder in walk(str(root)) if not is_folder}
        for path in sorted({*before, *found}.difference(leave_out)):
            if path not in found:
                yield Fault("missing", path, f"{path} is missing")
            elif path not in before:
                yield Fault("added", path, f"{path} was added by hand")
            elif look(f"{root}/{path}") != before[path]:
                yield Fault("changed", path, f"{path} was changed")

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Manifest:
        """The columns by name, by way of JSON.

        Raises:
            LookupError, TypeError, ValueError: they are not what a manifest has.
        """
        manifest = cls(**{name: tuple(column) for name, column in values.items()})
        lengths = {len(column) for column in (manifest.sizes, manifest.times, manifest.modes)}
        if lengths != {len(manifest.files)} or len(manifest.folders) != len(manifest.folder_times):
            raise ValueError("the columns differ in length")
        return manifest


def walk(root: str, below: str = "") -> Iterator[tuple[str, bool]]:
    """The paths below a folder, relative, each with whether it is a folder.

    Raises:
        OSError: a folder cannot be read.
    """
    with os.scandir(f"{root}/{below}") as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != BYTECODE:
                    yield below + entry.name, True
                    yield from walk(root, f"{below}{entry.name}/")
            else:
                yield below + entry.name, False


def look(path: str) -> tuple[int, int, int]:
    """Size, time of the last change in nanoseconds, and mode of a file; a link is not followed.

    Raises:
        OSError: it is not there.
    """
    found = os.lstat(path)
    return found.st_size, found.st_mtime_ns, found.st_mode


def sha256(path: str) -> str:
    """The digest of a file, in hexadecimal; of a link the digest of what it says.

    Raises:
        OSError: it cannot be read.
    """
    if stat.S_ISLNK(os.lstat(path).st_mode):
        return hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest()
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
