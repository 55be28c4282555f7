"""Which patterns make Pants ignore a symlink."""

from __future__ import annotations

import pytest

from lockstep.core.ignoring import ignores


@pytest.mark.parametrize(
    ("patterns", "ignored"),
    [
        (["/.venv"], True),
        (["dist/", ".venv*"], True),
        (["**/.venv"], True),
        ([".*"], True),
        ([".*/"], False),
        ([".venv/"], False),
        (["# .venv", ".venv-scratch"], False),
        ([".venv", "!.venv"], False),
        (["!.venv", "  .venv  "], True),
        ([], False),
    ],
)
def test_a_link_is_ignored_by_patterns_for_files(patterns: "list[str]", ignored: bool) -> None:
    assert ignores(patterns, ".venv") is ignored
