"""Writes files so that a reader, or the next run after a kill, sees the old text or the new."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".aside", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, mode)
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
