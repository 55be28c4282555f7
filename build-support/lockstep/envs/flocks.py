"""Locks on files that a kill drops (`flock`), whoever holds them."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def hold(path: Path, *, shared: bool, wait: bool) -> int | None:
    """Lock a file, which is made where it is missing.

    A lock lasts until every descriptor of it is closed, thus over an `exec` where it is inheritable.

    Args:
        path: the file; its folder must be there.
        shared: whether others may hold it too, if they share it.
        wait: whether to wait for others that hold it.

    Returns:
        A descriptor, which is not inheritable; None where another one holds it.

    Raises:
        OSError: the file cannot be made.
    """
    operation = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, operation)
            if _is_at(handle, path):
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # it was deleted while it was waited for


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False
