"""Remembers which settings of editors are ours: a person's have the same form in the same files."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Mapping

from lockstep.core.editor_plan import Values
from lockstep.envs.atomic import write_text

_FORMAT = 1
_NAME = "lockstep/editor-settings.json"


@dataclass(frozen=True)
class EditorState:
    """What was written last.

    Attributes:
        signature: of the files and settings when there was nothing left to do; empty when there was.
        values: for each file, what of it is ours.
        is_damaged: whether the record could not be read, so that nothing counts as ours.
    """

    signature: str = ""
    values: Mapping[str, Values] = field(default_factory=dict)
    is_damaged: bool = False

    @classmethod
    def load(cls, root: Path) -> EditorState:
        """The state of a build root; an empty one where there is none."""
        try:
            document = json.loads(_path(root).read_bytes())
            if document["format"] == _FORMAT:
                values = {path: dict(keys) for path, keys in document["values"].items()}
                if all(isinstance(v, list) for keys in values.values() for v in keys.values()):
                    return cls(str(document["signature"]), values)
        except FileNotFoundError:
            return cls()
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            pass
        return cls(is_damaged=True)

    def save(self, root: Path) -> None:
        """Keep it.

        Raises:
            OSError: it cannot be written.
        """
        document = {"format": _FORMAT, "signature": self.signature, "values": self.values}
        write_text(_path(root), json.dumps(document, indent=1) + "\n")

    @staticmethod
    @contextmanager
    def locked(root: Path) -> Iterator[None]:
        """Let no other process change it meanwhile; a kill unlocks it.

        Raises:
            OSError: the lock cannot be made.
        """
        path = _path(root).with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _path(root: Path) -> Path:
    """In git's folder of this work tree, where neither a commit nor a cleaning of caches reaches it.

    Where the build root is not that of a work tree, among what Pants keeps there.
    """
    git = root / ".git"
    if git.is_dir():
        return git / _NAME
    try:
        named = git.read_text()  # of a further work tree, or of a submodule
    except (OSError, ValueError):
        return root / ".pants.d" / _NAME
    return root / named.partition("gitdir:")[2].strip() / _NAME
