"""The repository as a script's answer follows from it: whatever is looked at is remembered."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable, Iterator, Mapping

from lockstep.core import script_metadata
from lockstep.core.errors import LockstepError
from lockstep.core.inputs import Input, Inputs, decoded, joined, parse_input, refuse_indexes
from lockstep.core.script_metadata import has_block
from lockstep.core.source_roots import Kind
from lockstep.scripts import memo


class Tree:
    """Files and folders, by paths relative to the build root, or absolute ones outside of it.

    Args:
        root: the build root, a real path.
        more: names of files that matter in each folder, beside those that always do.
    """

    def __init__(self, root: Path, more: tuple[str, ...] = ()) -> None:
        self.root = root
        self.more = more
        self._files: dict[str, tuple[object, bytes | None]] = {}
        self._folders: dict[str, tuple[object, Mapping[str, str]]] = {}
        self._listings: dict[str, Mapping[str, Kind]] = {}
        self._read: dict[str, Input] = {}

    def absolute(self, path: str) -> str:
        """A path outside of the tree."""
        return os.path.join(self.root, path)

    def relative(self, path: str) -> str:
        """The path of a real, absolute one in the tree."""
        if path == str(self.root):
            return ""
        top = f"{self.root}/"
        return path[len(top) :] if path.startswith(top) else path

    def listing(self, folder: str) -> Mapping[str, Kind]:
        """What is in a folder, as far as it may matter; nothing where there is none."""
        if folder not in self._listings:
            path = self.absolute(folder).rstrip("/") or "/"
            seen = memo.look(path)
            names = memo.names(path, self.more)
            self._folders[path] = (seen, names)
            self._listings[folder] = {name: Kind[kind.upper()] for name, kind in names.items()}
        return self._listings[folder]

    def data(self, path: str) -> bytes | None:
        """The content of a file; None where there is none."""
        path = self.absolute(path)
        if path not in self._files:
            seen = memo.look(path)  # before it is read: what changes meanwhile is seen as changed
            try:
                content: bytes | None = Path(path).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                content = None
            self._files[path] = (seen, content)
        return self._files[path][1]

    def text(self, path: str) -> str:
        """The text of a file that has to be there.

        Raises:
            LockstepError: it is not, or is not UTF-8.
        """
        data = self.data(path)
        if data is None:
            raise LockstepError(f"There is no file {path}", mend="Correct its path")
        return decoded(data, path)

    def source(self, path: str) -> str:
        """The text of a Python file, as far as it can be read."""
        return (self.data(path) or b"").decode(errors="replace").replace("\ufeff", "")

    def inputs(self, paths: Iterable[str]) -> Inputs:
        """Read requirements inputs, and all that they include.

        Raises:
            LockstepError: one cannot be read, is not there, or names an index.
        """
        paths = list(paths)
        todo = sorted(set(paths))
        while todo:
            path = todo.pop()
            data = self.data(path)
            if path in self._read or data is None:
                continue
            text = decoded(data, path)
            # A script need not be called like one.
            parse = script_metadata.parse if has_block(text) else parse_input
            self._read[path] = parse(text, path)
            todo.extend(include.target for include in self._read[path].includes)
        found = joined(paths, self._read)
        refuse_indexes(found.settings)
        return found

    def looked_at(self, path: str) -> None:
        """Let what was found follow from a file, too."""
        self._files.setdefault(path, (memo.look(path), b""))

    def files(self) -> Iterator[tuple[str, object]]:
        """The files that were looked for, and their looks."""
        return ((path, seen) for path, (seen, _) in self._files.items())

    def folders(self) -> Iterator[tuple[str, object, Mapping[str, str]]]:
        """The folders that were searched, their looks, and their names."""
        return ((path, seen, names) for path, (seen, names) in self._folders.items())
