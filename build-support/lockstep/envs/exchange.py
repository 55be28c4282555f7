"""Puts a folder in the place of another one in a single step."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # renameat2(2) of Linux
_RENAME_SWAP = 2  # renamex_np(2) of macOS
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def put_in_place(new: Path, path: Path) -> None:
    """Move a folder to a path on the same disk.

    A folder that stands there comes to where the new one was, at the same moment; where the file
    system cannot do that, it is moved away just before.

    Raises:
        OSError: one of them cannot be moved.
    """
    if not os.path.lexists(path):
        os.rename(new, path)
        return
    try:
        _exchange(os.fsencode(new), os.fsencode(path))
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        old = f"{new}.old"
        os.rename(path, old)
        os.rename(new, path)


def _exchange(one: bytes, other: bytes) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    try:
        if sys.platform == "darwin":
            failed = library.renamex_np(one, other, _RENAME_SWAP)
        else:
            failed = library.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE)
    except AttributeError:
        raise OSError(errno.ENOSYS, "the C library cannot exchange paths") from None
    if failed:
        raise OSError(ctypes.get_errno(), "cannot be exchanged", os.fsdecode(other))
