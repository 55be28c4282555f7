"""Direct references (PEP 440) into repositories: a lock names the commit, inputs a branch or tag."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterable
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import canonicalize_name

from lockstep.core.input_values import InputRequirement
from lockstep.core.lock import Pin
from lockstep.core.requirement_text import parsed

_COMMIT = re.compile(r"[0-9a-f]{40}")


def is_repository(url: str) -> bool:
    """Whether a reference leads into a repository (`git+https://…`), and so has no file to hash."""
    return "+" in urlsplit(url).scheme


def names_commit(url: str) -> bool:
    """Whether a reference into a repository always means the same."""
    return is_repository(url) and _COMMIT.fullmatch(_parts(url)[1]) is not None


def answers(pinned: str, stated: str) -> bool:
    """Whether a pinned reference is what a stated one asks for.

    Any commit answers to a branch, a tag or nothing behind the repository: which commit that is
    cannot be told without asking it.
    """
    if pinned == stated:
        return True
    if not (names_commit(pinned) and is_repository(stated)):
        return False
    (where, commit), (wanted, revision) = _parts(pinned), _parts(stated)
    return where == wanted and (commit == revision or _COMMIT.fullmatch(revision) is None)


def at_commits(
    stated: Iterable[InputRequirement], pins: Iterable[Pin]
) -> tuple[InputRequirement, ...]:
    """Requirements with the commit that is pinned in the place of a branch or tag."""
    pinned = [(pin.key, pin.url) for pin in pins if pin.url is not None and names_commit(pin.url)]
    return tuple(_at_commit(requirement, pinned) for requirement in stated)


def _at_commit(stated: InputRequirement, pinned: Iterable[tuple[str, str]]) -> InputRequirement:
    if "+" not in stated.text:  # most of them, and reading one takes its time
        return stated
    requirement = parsed(stated.text)
    for name, url in pinned:
        if name != canonicalize_name(requirement.name) or requirement.url in (None, url):
            continue
        if answers(url, requirement.url):
            return replace(stated, text=stated.text.replace(requirement.url, url, 1))
    return stated


def _parts(url: str) -> tuple[str, str]:
    """Where a repository is, with the folder in it, and the revision, which may be empty."""
    split = urlsplit(url)
    path, _, revision = split.path.rpartition("@") if "@" in split.path else (split.path, "", "")
    folder = "&".join(part for part in split.fragment.split("&") if not part.startswith("egg="))
    return urlunsplit((split.scheme, split.netloc, path, split.query, folder)), revision
