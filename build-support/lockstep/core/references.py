"""Paths that a file which is not Python names: how configuration and scripts import."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Iterator

_PATH = re.compile(r"(?<![\w:/.@-])(?:\./|(?:\.\./)+)?[\w.-]+(?:/[\w.-]+)+/?")


@dataclass(frozen=True, order=True)
class Reference:
    """A path that may be one of the repository.

    Attributes:
        line: where it is named, from 1.
        path: what it would be, relative to the build root.
        text: as the file spells it.
    """

    line: int
    path: str
    text: str


def references(text: str, path: str) -> Iterator[Reference]:
    """What a file may refer to, on lines that are no comments beginning with `#`.

    Args:
        text: the file.
        path: its place, relative to the build root; `./` and `../` are read from there, all else
            from the root.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#"):
            continue
        for named in _PATH.findall(line):
            base = posixpath.dirname(path) if named.startswith(".") else ""
            meant = posixpath.normpath(posixpath.join(base, named))
            if not meant.startswith(".."):
                yield Reference(number, meant, named)
