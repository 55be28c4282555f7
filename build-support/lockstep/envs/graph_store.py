"""Keeps what pins require and provide on this machine, for every lock that pins them again.

What a pin holds follows from its files, and its hashes fix those. So an entry never gets old, and
one that cannot be read is as good as none.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from lockstep.core import graph_codec
from lockstep.core.errors import TextError
from lockstep.core.graph import Entry, LockGraph, pin_key
from lockstep.core.lock import Pin


@dataclass(frozen=True)
class GraphStore:
    """A folder of entries.

    Attributes:
        folder: where they are; it is made where it is missing.
        reading: what else an entry follows from, such as the environment and whatever reads it.
    """

    folder: Path
    reading: str

    def load(self, pins: Iterable[Pin]) -> LockGraph:
        """The entries of those pins that there are some of."""
        found = (self._load(pin) for pin in pins if pin.hashes)
        return LockGraph(tuple(entry for entry in found if entry is not None))

    def save(self, pins: Iterable[Pin], graph: LockGraph) -> None:
        """Keep the entries of pins. What cannot be written is left out: it is read anew then."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for pin in pins:
                entry = graph.entry(pin)
                if entry is not None and pin.hashes:
                    self._save(pin, entry)
        except OSError:
            pass

    def _path(self, pin: Pin) -> Path:
        fixed = "\n".join([self.reading, pin_key(pin), *sorted(pin.hashes)])
        return self.folder / f"{hashlib.sha256(fixed.encode()).hexdigest()}.json"

    def _load(self, pin: Pin) -> Entry | None:
        path = self._path(pin)
        try:
            graph = graph_codec.parse(path.read_text(encoding="utf-8"), path.name)
        except (OSError, UnicodeDecodeError, TextError):
            return None
        return graph.entry(pin)

    def _save(self, pin: Pin, entry: Entry) -> None:
        # Not flushed to the disk: a file that a crash leaves empty is one that cannot be read.
        handle, aside = tempfile.mkstemp(prefix=".aside-", dir=self.folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(graph_codec.render(LockGraph((entry,))))
        os.replace(aside, self._path(pin))
