"""Keeps the coverage of tests on disk, for work trees and runs that need not test them again."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from lockstep.core.coverage_baseline import Entry, Stored, decode, encode, name_of, outdated

_SUFFIX = ".coverage"


@dataclass(frozen=True)
class CoverageStore:
    """A folder of entries, one file for each. Any number of processes may use it at once.

    Attributes:
        folder: where they are; it is made where it is missing.
    """

    folder: Path

    def load(self, targets: Sequence[str], key: str) -> Entry | None:
        """The entry of tests under a key; None where there is none.

        Raises:
            BaselineError: the file is damaged.
        """
        path = self._path(name_of(targets, key))
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return decode(content, str(path), targets, key)

    def touch(self, entry: Entry) -> None:
        """Note that an entry was used now."""
        try:
            os.utime(self._path(name_of(entry.targets, entry.key)))
        except OSError:
            pass  # another one removed it, or may write here and we may not

    def save(self, entry: Entry) -> None:
        """Keep an entry, in the place of one of the same tests and key.

        Raises:
            OSError: it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # Not flushed to the disk: a file that a crash leaves damaged is told from a whole one.
        handle, aside = tempfile.mkstemp(prefix=".aside-", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(encode(entry))
            os.chmod(aside, 0o644)
            os.replace(aside, self._path(name_of(entry.targets, entry.key)))
        except BaseException:
            os.unlink(aside)
            raise

    def prune(self, now: float) -> None:
        """Remove what is outdated at a time, in seconds since 1970."""
        for name in outdated(self._stored(), now):
            try:
                self._path(name).unlink()
            except OSError:
                pass  # another one was first, or we may not

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"

    def _stored(self) -> Iterator[Stored]:
        if not self.folder.is_dir():
            return
        for file in os.scandir(self.folder):
            if file.name.endswith(_SUFFIX):
                try:
                    yield Stored(file.name[: -len(_SUFFIX)], file.stat().st_mtime)
                except FileNotFoundError:
                    pass  # another one removed it
