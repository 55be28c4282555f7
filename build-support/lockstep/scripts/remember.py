"""Writes what the next call of `./py` is answered from."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Iterator, Sequence

from lockstep.envs.stamp import STAMP, Stamp
from lockstep.envs.store import Environment
from lockstep.scripts import memo
from lockstep.scripts.tree import Tree

_SETTLED_NS = 100_000_000
"""How long ago a file must have been changed, so that a later change shows in its times."""

_KEPT_SECONDS = 30 * 24 * 3600
"""How long a memo is kept that nobody has asked for."""

RUNNER = "python"
"""The name of the link to the Python that looks memos up."""


def answer(
    folder: Path,
    question: str,
    begun: int,
    tree: Tree,
    environment: Environment,
    variables: tuple[str, str],
) -> None:
    """Keep an answer. Where it cannot be kept, or not yet, the next call finds it out again.

    Args:
        folder: where memos are kept.
        question: what was asked.
        begun: when that was, in nanoseconds.
        tree: what was looked at.
        environment: the answer, which is whole.
        variables: PYTHONPATH, and that of the callers.
    """
    for path in _code():
        tree.looked_at(path)
    files, folders = tuple(tree.files()), tuple(tree.folders())
    if not _are_settled([seen for _, seen in files], begun):
        return
    values = (
        question,
        files,
        tuple((path, seen, dict(names)) for path, seen, names in folders),
        tree.more,
        str(environment.path),
        str(environment.python),
        *variables,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not memo.is_whole(str(folder), str(environment.path)):
            _write_look(folder, environment.path)
        _write(Path(memo.path_of(str(folder), question)), memo.written(values))
    except OSError:
        pass  # such as a full disk, with which the script may still run


def _code() -> Iterator[str]:
    """The files of Lockstep that have been run."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and (name == "lockstep" or name.startswith("lockstep.")):
            yield path


def _are_settled(looks: Sequence[object], begun: int) -> bool:
    return all(not isinstance(seen, tuple) or seen[3] < begun - _SETTLED_NS for seen in looks)


def _write_look(folder: Path, environment: Path) -> None:
    stamp = Stamp.read(environment)
    if stamp is None:
        return
    manifest, interpreter = stamp.manifest, stamp.interpreter
    values = (
        manifest.files,
        manifest.sizes,
        manifest.times,
        manifest.modes,
        manifest.folders,
        # The store has found it whole; a folder whose time alone has changed is so to it.
        tuple(os.lstat(f"{environment}/{path}").st_mtime_ns for path in manifest.folders),
        memo.look(f"{environment}/{STAMP}"),
        (interpreter.path, (interpreter.mtime_ns, interpreter.size)),
    )
    _write(Path(memo.look_path(str(folder), str(environment))), memo.written(values))


def runner(folder: Path, bootstrap: Path) -> None:
    """Let the launcher find the Python that this runs on, which looks memos up for it."""
    link, target = folder / RUNNER, bootstrap / "pants" / "bin" / "python"
    try:
        if os.path.lexists(link) and os.readlink(link) == str(target):
            return
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", suffix=".aside", dir=folder) as aside:
            os.symlink(target, f"{aside}/{RUNNER}")
            os.replace(f"{aside}/{RUNNER}", link)
    except OSError:
        pass  # calls are slower then


def prune(folder: Path, now: float) -> Sequence[Path]:
    """Delete what nobody has asked for in a month, and what killed calls have left.

    Args:
        folder: where memos are kept.
        now: the time, as `time.time` tells it.

    Returns:
        The memos that are gone.
    """
    gone = []
    for pattern in ("*.memo", "*.look", ".*.aside"):
        for path in folder.glob(pattern):
            try:
                found = path.stat()
                if now - max(found.st_mtime, found.st_atime) <= _KEPT_SECONDS:
                    continue
                path.unlink()
            except OSError:
                continue  # another one was first, or it is a folder of this moment
            gone.append(path)
    return gone


def _write(path: Path, content: bytes) -> None:
    """Write aside and rename. It is not flushed to the disk: what is damaged is no memo."""
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".aside", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
