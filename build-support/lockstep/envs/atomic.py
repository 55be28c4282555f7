"""Writes files so that a reader, or the next run after a kill, sees the old text or the new."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from pathlib import Path
from typing import Deque, Mapping, Tuple


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file aside, flush it to disk, and rename it into place.

    Args:
        path: the file, or a symlink to it; its folder is made where it is missing. A kill leaves
            a file `.<name>.*.aside` beside it, at worst.
        text: the whole new content.
        mode: the permission bits of the file.

    Raises:
        OSError: the disk is full or the folder cannot be written; the old file stands.
    """
    write_texts({path: text}, mode)


def write_texts(texts: Mapping[Path, str], mode: int = 0o644) -> None:
    """Write several files as `write_text` does: no one takes its place before all are on the disk.

    Raises:
        OSError: the disk is full or a folder cannot be written; the old files stand.
    """
    written: Deque[Tuple[str, Path]] = deque()
    try:
        for path, text in texts.items():
            path = Path(os.path.realpath(path))
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(
                prefix=f".{path.name}.", suffix=".aside", dir=path.parent
            )
            written.append((aside, path))
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(aside, mode)
        while written:
            os.replace(*written[0])
            written.popleft()
    except BaseException:
        for aside, _ in written:
            os.unlink(aside)
        raise
