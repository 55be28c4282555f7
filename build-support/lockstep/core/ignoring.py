"""Whether Pants ignores a link at the build root, by patterns in the format of .gitignore."""

from __future__ import annotations

import fnmatch
from typing import Iterable


def ignores(patterns: Iterable[str], name: str) -> bool:
    """Whether a symlink at the root is ignored.

    A pattern with a slash at its end is for folders, and a symlink is none, wherever it leads.

    Args:
        patterns: in the format of .gitignore; of those that match, the last counts.
        name: of the symlink.
    """
    ignored = False
    for pattern in patterns:
        pattern = pattern.strip()
        plain = pattern.lstrip("!").lstrip("/").replace("**/", "")
        if pattern and not pattern.startswith("#") and fnmatch.fnmatchcase(name, plain):
            ignored = not pattern.startswith("!")
    return ignored
