"""Source roots: the folders that first-party modules are imported from, as `pants.toml` has them."""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Callable, Iterable, Iterator, Mapping, Sequence

DEFAULT_PATTERNS = (
    *("/", "src", "src/python", "src/py", "src/java", "src/scala", "src/thrift"),
    *("src/protos", "src/protobuf"),
)
"""What Pants takes where `[source].root_patterns` is not set."""

_NEVER = frozenset(["__pycache__", "dist", "node_modules"])


class Kind(Enum):
    """What a name in a folder stands for."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link to a folder"


Listing = Callable[[str], Mapping[str, Kind]]
"""The names in a folder, by its path relative to the build root; none where it is not there."""


def source_roots(
    patterns: Sequence[str], markers: Sequence[str], listing: Listing
) -> frozenset[str]:
    """The source roots of a repository, the build root itself being the empty path.

    Args:
        patterns: `[source].root_patterns`.
        markers: `[source].marker_filenames`.
        listing: the repository.
    """
    found = {root for pattern in patterns for root in _anchored(pattern, listing)}
    loose = [pattern for pattern in patterns if not pattern.startswith("/")]
    if loose or markers:
        for folder in _folders("", listing):
            path = PurePosixPath("/", folder)
            if any(path.match(pattern) for pattern in loose):
                found.add(folder)
            elif markers and not listing(folder).keys().isdisjoint(markers):
                found.add(folder)
    return frozenset(found)


def root_of(path: str, roots: frozenset[str]) -> str | None:
    """The source root of a file: the closest one above it."""
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in roots:
            return folder
    return None


def _anchored(pattern: str, listing: Listing) -> Iterable[str]:
    if not pattern.startswith("/"):
        return ()
    found = [""]
    for part in filter(None, pattern.split("/")):
        found = [
            f"{folder}/{name}".lstrip("/")
            for folder in found
            for name, kind in listing(folder).items()
            if kind is not Kind.FILE and fnmatchcase(name, part)
        ]
    return found


def _folders(folder: str, listing: Listing) -> Iterator[str]:
    yield folder
    for name, kind in sorted(listing(folder).items()):
        if kind is Kind.FOLDER and not name.startswith(".") and name not in _NEVER:
            yield from _folders(f"{folder}/{name}".lstrip("/"), listing)
