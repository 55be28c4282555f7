"""Which pinned direct reference is what an input asks for."""

from __future__ import annotations

import pytest

from lockstep.core.direct_references import answers, at_commits, is_repository, names_commit
from lockstep.core.input_values import InputRequirement
from lockstep.core.lock import Pin

COMMIT, OTHER = "ad6b573f87f98d821240b3594c6b2cb3e08e7973", "b" * 40
SHOP = "git+https://code.example/shop.git"


@pytest.mark.parametrize(
    ("url", "repository", "commit"),
    [
        (f"{SHOP}@{COMMIT}", True, True),
        (f"{SHOP}@{COMMIT}#subdirectory=py", True, True),
        (f"git+ssh://git@code.example/shop@{COMMIT}", True, True),
        (f"{SHOP}@v1", True, False),
        (f"{SHOP}@{COMMIT[:12]}", True, False),
        (SHOP, True, False),
        ("git+ssh://git@code.example/shop", True, False),
        (f"https://files.example/shop@{COMMIT}", False, False),
    ],
)
def test_what_always_means_the_same(url: str, repository: bool, commit: bool) -> None:
    assert (is_repository(url), names_commit(url)) == (repository, commit)


@pytest.mark.parametrize(
    ("pinned", "stated", "expected"),
    [
        (f"{SHOP}@{COMMIT}", f"{SHOP}@v1", True),
        (f"{SHOP}@{COMMIT}", SHOP, True),
        (f"{SHOP}@{COMMIT}", f"{SHOP}#egg=shop", True),
        (f"{SHOP}@{COMMIT}", f"{SHOP}@{COMMIT}", True),
        (f"{SHOP}@{COMMIT}", f"{SHOP}@{OTHER}", False),
        (f"{SHOP}@{COMMIT}#subdirectory=a", f"{SHOP}@v1#egg=shop&subdirectory=a", True),
        (f"{SHOP}@{COMMIT}#subdirectory=a", f"{SHOP}@v1#subdirectory=b", False),
        (f"{SHOP}@{COMMIT}", "git+https://code.example/fork.git@v1", False),
        (f"{SHOP}@v1", f"{SHOP}@v2", False),
        (f"{SHOP}@{COMMIT}", "https://code.example/shop.git", False),
        ("https://files.example/a.whl", "https://files.example/a.whl", True),
        ("https://files.example/a.whl", "https://files.example/b.whl", False),
    ],
)
def test_a_commit_answers_to_what_may_lead_to_it(pinned: str, stated: str, expected: bool) -> None:
    assert answers(pinned, stated) is expected


def test_a_branch_is_asked_for_by_the_commit_that_is_pinned() -> None:
    pins = [Pin("Shop", None, (), url=f"{SHOP}@{COMMIT}"), Pin("six", "1.0", ())]
    stated = [
        InputRequirement("a.in", 1, f"shop[x] @ {SHOP}@v1 ; python_version > '3'"),
        InputRequirement("a.in", 2, f"other @ {SHOP}@v1"),
        InputRequirement("a.in", 3, f"shop @ {SHOP}@{OTHER}"),
        InputRequirement("a.in", 4, "six==1.0+local"),
    ]
    assert at_commits(stated, pins) == (
        InputRequirement("a.in", 1, f"shop[x] @ {SHOP}@{COMMIT} ; python_version > '3'"),
        *stated[1:],
    )
