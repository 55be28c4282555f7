"""What a refresh reads from Pants, and the pull request that it writes."""

from __future__ import annotations

from datetime import date

from lockstep.core.held import Held
from lockstep.core.lock_diff import LockMove
from lockstep.core.lock_refresh import (
    Candidate,
    candidates,
    end_of,
    failed_tests,
    pull_request,
    suspects,
)
from lockstep.core.pin_moves import Move

IDNA = Candidate("python-default", "idna", "3.7", "3.10", ("a_test.py", "b_test.py:../tests"))
SIX = Candidate("python-default", "six", "1.16", "1.17", ("b_test.py:../tests",))


def move(project: str, before: list[str], after: list[str], kind: str) -> dict[str, object]:
    return {
        "project": project,
        "before": before,
        "after": after,
        "kind": kind,
        "required_by": [],
        "targets": ["a_test.py"],
    }


def test_only_moves_from_one_release_to_a_newer_one_are_candidates() -> None:
    moves = [
        move("idna", ["3.7"], ["3.10"], "minor"),
        move("came", [], ["1.0"], "added"),
        move("went", ["1.0"], [], "removed"),
        move("forked", ["1.0"], ["1.0", "2.0"], "major"),
        move("hashed", ["1.0"], ["1.0"], "hash-only"),
        move("fell", ["2.0"], ["1.0"], "down"),
    ]
    (found,) = candidates({"locks": [{"resolve": "r", "lock": "lock.txt", "moves": moves}]})
    assert found == Candidate("r", "idna", "3.7", "3.10", ("a_test.py",))
    assert (found.wish, str(found)) == ("idna==3.10", "idna 3.7 → 3.10")


def test_what_pants_says_of_failing_tests() -> None:
    output = (
        "✓ fine_test.py succeeded in 1.00s (cached locally).\n"
        "✕ b_test.py:../tests failed in 1.50s.\n"
        "✕ a b_test.py failed in 1.50s (memoized).\n"
        "✕ slow_test.py timed out after 1.50s.\n"
        "✕ mypy failed.\n"
    )
    assert failed_tests(output) == ("a b_test.py", "b_test.py:../tests", "slow_test.py")
    assert failed_tests("no such line") == ()
    assert end_of("\n".join(map(str, range(50))) + "\n\n").split("\n")[0] == "10"


def test_those_that_reach_what_fails_are_suspects() -> None:
    known = {one: frozenset(one.targets) for one in (IDNA, SIX)}
    assert suspects([IDNA, SIX], ["a_test.py"], known) == {IDNA}
    assert suspects([IDNA, SIX], ["b_test.py:../tests"], known) == {IDNA, SIX}
    assert suspects([IDNA, SIX], [], known) == frozenset()


def test_the_text_of_a_pull_request() -> None:
    moved = LockMove(Move("idna", ("3.7",), ("3.10",)), ("requests",), ("a:a", "b:b"))
    log = "E   ```\nE   boom"
    held = Held(
        *("six", "1.17", "1 test fails", date(2026, 12, 12), "python-default"),
        tests=("b_test.py",),
        log=log,
    )
    links = {"idna": "https://idna.example/changes", "six": "https://six.example"}
    assert pull_request(
        [("lock.txt", [moved]), ("other.txt", [])],
        [held],
        [IDNA],
        ["PYSEC-1"],
        ["c_test.py"],
        links,
    ) == (
        "All of this was linted, checked and tested together, as far as it reaches.\n"
        "\n"
        "### `lock.txt`\n"
        "\n"
        "| project | from | to | kind | required by | targets |\n"
        "|---|---|---|---|---|---:|\n"
        "| [`idna`](https://idna.example/changes) | `3.7` | `3.10` | minor | `requests` | 2 |\n"
        "\n"
        "### Advisories that this fixes\n"
        "\n"
        "- `PYSEC-1`\n"
        "\n"
        "### Held back\n"
        "\n"
        "- `six==1.17` until 2026-12-12: 1 test fails\n"
        "  - `b_test.py`\n"
        "\n"
        "<details><summary>What fails with <code>six==1.17</code></summary>\n"
        "\n"
        "````\n"
        "E   ```\n"
        "E   boom\n"
        "````\n"
        "\n"
        "</details>\n"
        "\n"
        "### Not tried, since the budget ended\n"
        "\n"
        "- idna 3.7 → 3.10\n"
        "\n"
        "### Failing before, so not counted\n"
        "\n"
        "- `c_test.py`\n"
    )
