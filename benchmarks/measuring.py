"""How a measured part of this benchmark looks, and what it takes on disk."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable


@dataclass(frozen=True)
class Measurement:
    """What building some environments took.

    Attributes:
        start: seconds until the first one could be asked for (what a running daemon has done).
        seconds: for building them.
        start_bytes: on disk, added by the start.
        bytes: on disk, added by building them.
    """

    start: float
    seconds: float
    start_bytes: int
    bytes: int


@dataclass(frozen=True)
class Folders:
    """Where one contender works.

    Attributes:
        caches: what stays when environments are thrown away.
        built: what holds the environments.
        sandboxes: where processes run; on the same file system, so that hard links are possible.
    """

    caches: Path
    built: Path
    sandboxes: Path

    @classmethod
    def below(cls, folder: Path) -> Folders:
        """Those of one contender."""
        return cls(folder / "caches", folder / "built", folder / "sandboxes")

    def empty(self, *, caches: bool) -> None:
        """Throw the environments away, and the caches too if wanted."""
        for folder in (self.built, self.sandboxes, *((self.caches,) if caches else ())):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.built, self.sandboxes, self.caches):
            folder.mkdir(parents=True, exist_ok=True)

    def on_disk(self) -> int:
        """Bytes that caches and environments take together, hard links counted once."""
        return on_disk((self.caches, self.built))


def on_disk(folders: Iterable[Path]) -> int:
    """Bytes that folders take together, hard links counted once."""
    command = ["du", "-sck", *(str(folder) for folder in folders)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return int(output.splitlines()[-1].split()[0]) * 1024
