"""Source roots: found by the patterns of pants.toml as Pants finds them."""

from __future__ import annotations

from typing import Mapping

from lockstep.core.source_roots import DEFAULT_PATTERNS, Kind, root_of, source_roots

TREE: Mapping[str, Mapping[str, Kind]] = {
    "": {"src": Kind.FOLDER, "services": Kind.FOLDER, "cmd": Kind.FOLDER, "x.py": Kind.FILE},
    "src": {"python": Kind.FOLDER},
    "services": {"a": Kind.FOLDER, "b": Kind.LINK, "BUILD": Kind.FILE},
    "services/a": {"src": Kind.FOLDER, "setup.py": Kind.FILE, "node_modules": Kind.FOLDER},
    "services/a/node_modules": {"src": Kind.FOLDER},
    "services/b": {"src": Kind.LINK},
    "cmd": {},
}


def roots(*patterns: str, markers: tuple[str, ...] = ()) -> set[str]:
    return set(source_roots(patterns, markers, lambda folder: TREE.get(folder, {})))


def test_anchored_patterns() -> None:
    assert roots("/cmd", "/services/*/src", "/none") == {"cmd", "services/a/src", "services/b/src"}
    assert roots("/") == {""}


def test_other_patterns_match_anywhere_that_is_no_link() -> None:
    assert roots("src") == {"src", "services/a/src"}
    assert roots("src/python") == {"src/python"}
    assert roots(*DEFAULT_PATTERNS) == {"", "src", "src/python", "services/a/src"}


def test_marked_folders() -> None:
    assert roots(markers=("setup.py",)) == {"services/a"}


def test_the_closest_root_above_counts() -> None:
    known = frozenset(["", "src", "src/python"])
    assert root_of("src/python/a/b.py", known) == "src/python"
    assert root_of("src/a.py", known) == "src"
    assert root_of("a.py", known) == ""
    assert root_of("a.py", frozenset(["src"])) is None
    assert root_of("/elsewhere/a.py", frozenset(["src"])) is None
