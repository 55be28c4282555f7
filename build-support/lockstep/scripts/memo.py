"""What `./py` remembers, so that a call like the last one only has to look at files.

A memo answers a question with an environment and tells the files and folders that the answer follows
from. The look of an environment is what the store's stamp says of its files, in a form that is read
at once. Imported by each call, so it imports little.
"""

from __future__ import annotations

import binascii
import fcntl
import marshal
import os
import time

FORMAT = 1
STAMP = "lockstep.json"  # as in envs.stamp, which takes long to import

_LATELY_SECONDS = 60

TYPE_CHECKING = False  # `typing` takes long to import
if TYPE_CHECKING:
    from typing import Any

    Look = tuple[int, int, int, int]


def look(path: str) -> Look | None:
    """What tells that a file or folder was changed, by whatever means; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns


def names(folder: str, more: tuple[str, ...] = ()) -> dict[str, str]:
    """The names in a folder that may matter for what a script imports and requires.

    Args:
        folder: its path; it need not be there.
        more: names of files that matter too.

    Returns:
        `file`, `folder` or `link` (to a folder), by name.
    """
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") or name == "__pycache__":
                    continue
                if entry.is_dir():
                    found[name] = "link" if entry.is_symlink() else "folder"
                elif name.endswith((".py", ".spec")) or name.startswith("BUILD") or name in more:
                    found[name] = "file"
    except OSError:
        pass
    return found


class Memo:
    """An answer.

    Attributes:
        question: what was asked.
        files: what was read or looked for, absolute, each with its look.
        folders: what was searched, likewise, each with its names.
        more: names of files that matter too, in each folder.
        environment: the folder of the environment.
        python: its interpreter.
        path: the value of PYTHONPATH; empty where it is not set.
        caller: the value of the variable for those that the script calls; empty likewise.
    """

    __slots__ = (
        *("question", "files", "folders", "more"),
        *("environment", "python", "path", "caller"),
    )

    def __init__(
        self,
        question: str,
        files: tuple[tuple[str, Look | None], ...],
        folders: tuple[tuple[str, Look | None, dict[str, str]], ...],
        more: tuple[str, ...],
        environment: str,
        python: str,
        path: str,
        caller: str,
    ) -> None:
        self.question = question
        self.files = files
        self.folders = folders
        self.more = more
        self.environment = environment
        self.python = python
        self.path = path
        self.caller = caller

    def holds(self) -> bool:
        """Whether all that the answer follows from is as it was."""
        for path, seen in self.files:
            if look(path) != seen:
                return False
        for path, seen, had in self.folders:
            # A file that came or went there, such as a script's output, need not matter.
            if look(path) != seen and names(path, self.more) != had:
                return False
        return True


def path_of(folder: str, question: str) -> str:
    """Where the memo of a question is; two questions may share a place, and take turns there."""
    return f"{folder}/{binascii.crc32(question.encode(errors='surrogateescape')):08x}.memo"


def load(folder: str, question: str) -> Memo | None:
    """The memo of a question; None where there is none that can be read."""
    values = read(path_of(folder, question))
    try:
        memo = Memo(*values) if values is not None else None
    except TypeError:
        return None
    return memo if memo is not None and memo.question == question else None


def is_whole(folder: str, environment: str, *, lately: bool = False) -> bool:
    """Whether an environment looks as it did when it was last found whole.

    Args:
        folder: where looks are kept.
        environment: its path.
        lately: whether it is enough that its files were looked at a minute ago. Whether any came or
            went shows in the folders, which are always looked at.
    """
    path = look_path(folder, environment)
    values = read(path)
    try:
        back = os.open(".", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False  # there is no way back to where the caller is
    try:
        files, sizes, times, modes, folders, folder_times, stamp, python = values  # type: ignore[misc]
        interpreter, its_look = python
        if look(f"{environment}/{STAMP}") != stamp or (look(interpreter) or ())[:2] != its_look:
            return False
        os.chdir(environment)  # short paths take half the time
        lstat = os.lstat
        for name, changed in zip(folders, folder_times):
            if lstat(name or ".").st_mtime_ns != changed:
                return False
        if lately and abs(time.time() - os.stat(path).st_mtime) < _LATELY_SECONDS:
            return True
        for name, size, changed, mode in zip(files, sizes, times, modes):
            found = lstat(name)
            if found.st_mtime_ns != changed or found.st_size != size or found.st_mode != mode:
                return False
        os.utime(path)
        return True
    except (OSError, TypeError, ValueError, LookupError):
        return False
    finally:
        os.fchdir(back)
        os.close(back)


def look_path(folder: str, environment: str) -> str:
    """Where the look of an environment is kept."""
    return f"{folder}/{os.path.basename(environment)}.look"


def hold(environment: str) -> int | None:
    """Hold an environment against pruning, as the store does it, over an `exec` to come.

    Returns:
        None where somebody is deleting it.
    """
    path = f"{environment}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                os.utime(handle)
                os.set_inheritable(handle, True)
                return handle
        except OSError:
            pass
        os.close(handle)
    except OSError:
        pass
    return None


def read(path: str) -> tuple[Any, ...] | None:
    """What `written` gave, from a file; None where it is not there or damaged."""
    try:
        with open(path, "rb", buffering=0) as file:
            content = file.read()
    except OSError:
        return None
    head, _, body = content.partition(b"\n")
    # `marshal` must not be given what it did not write.
    if head != b"lockstep %d %08x" % (FORMAT, binascii.crc32(body)):
        return None
    return tuple(marshal.loads(body))


def written(values: tuple[Any, ...]) -> bytes:
    """Plain values as the content of a file."""
    body = marshal.dumps(values)
    return b"lockstep %d %08x\n" % (FORMAT, binascii.crc32(body)) + body
