"""A lock refresh as values: what could move, what failed, and the pull request that lands the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from lockstep.core.held import Held
from lockstep.core.lock_diff import LockMove, as_markdown

_FAILED = re.compile(r"^✕ (.+?) (?:failed in|timed out) ", re.MULTILINE)
"""Of a test; tools such as mypy fail without a time."""
_LOG_LINES = 40
TITLE = "Refresh the lock"


@dataclass(frozen=True)
class Candidate:
    """A pin that could move.

    Attributes:
        resolve: the resolve whose lock has it.
        project: its normalised name (PEP 503).
        before, after: the releases.
        targets: the addresses of those whose environment holds it.
    """

    resolve: str
    project: str
    before: str
    after: str
    targets: tuple[str, ...] = ()

    @property
    def wish(self) -> str:
        """It, for `./pants lock --upgrade-package`."""
        return f"{self.project}=={self.after}"

    def __str__(self) -> str:
        return f"{self.project} {self.before} → {self.after}"


@dataclass(frozen=True)
class Failure:
    """Why some moves together do not pass.

    Attributes:
        reason: one sentence without its full stop.
        tests: the addresses of the tests that fail; empty where something else does.
        log: the end of what was said.
    """

    reason: str
    tests: tuple[str, ...] = ()
    log: str = ""


def candidates(diff: Mapping[str, Any]) -> tuple[Candidate, ...]:
    """The pins that `./pants lock --upgrade --diff --format=json` says could move to one release.

    What comes, goes, or is pinned several times moves with these or not at all.
    """
    return tuple(
        Candidate(
            lock["resolve"],
            move["project"],
            move["before"][0],
            move["after"][0],
            tuple(move["targets"]),
        )
        for lock in diff["locks"]
        for move in lock["moves"]
        if len(move["before"]) == len(move["after"]) == 1
        and move["kind"] in ("major", "minor", "patch")
    )


def failed_tests(output: str) -> tuple[str, ...]:
    """The addresses of the tests that Pants says fail, sorted."""
    return tuple(sorted({*_FAILED.findall(output)}))


def end_of(output: str) -> str:
    """The last lines of what a program said."""
    return "\n".join(output.strip("\n").splitlines()[-_LOG_LINES:])


def suspects(
    tried: Iterable[Candidate], tests: Iterable[str], known: Mapping[Candidate, frozenset[str]]
) -> frozenset[Candidate]:
    """Of some moves, those that reach one of the tests; none of them where that tells nothing.

    Args:
        tried: the moves.
        tests: the addresses of those that fail.
        known: the targets of each move.
    """
    failing = {*tests}
    return frozenset(one for one in tried if known[one] & failing)


def pull_request(
    moves: Sequence[tuple[str, Sequence[LockMove]]],
    held: Sequence[Held],
    untried: Sequence[Candidate],
    fixed: Sequence[str],
    already_failing: Sequence[str],
    changelogs: Mapping[str, str],
) -> str:
    """The text of a pull request, in Markdown.

    Args:
        moves: by lock, what moves.
        held: the releases that were held back this time.
        untried: what there was no time for.
        fixed: the advisories that no longer affect a pin.
        already_failing: tests and goals that fail without any move, and so were not counted.
        changelogs: URLs by project.
    """
    parts = ["All of this was linted, checked and tested together, as far as it reaches.\n"]
    parts += [as_markdown(path, found, changelogs) for path, found in moves if found]
    if fixed:
        parts.append(_list("Advisories that this fixes", (f"`{one}`" for one in fixed)))
    if held:
        lines = []
        for one in held:
            lines.append(f"`{one.release}` until {one.expires}: {one.reason}")
            lines += [f"  - `{test}`" for test in one.tests]
        text = "".join(f"{'' if line.startswith(' ') else '- '}{line}\n" for line in lines)
        logs = "".join(_folded(one) for one in held if one.log)
        parts.append(f"### Held back\n\n{text}" + (f"\n{logs}" if logs else ""))
    if untried:
        parts.append(_list("Not tried, since the budget ended", map(str, untried)))
    if already_failing:
        parts.append(_list("Failing before, so not counted", (f"`{t}`" for t in already_failing)))
    return "\n".join(parts)


def _list(title: str, lines: Iterable[str]) -> str:
    return f"### {title}\n\n" + "".join(f"- {line}\n" for line in lines)


def _folded(one: Held) -> str:
    longest = max((len(run) for run in re.findall("`+", one.log)), default=0)
    fence = "`" * max(3, longest + 1)
    return (
        f"<details><summary>What fails with <code>{one.release}</code></summary>\n\n"
        f"{fence}\n{one.log}\n{fence}\n\n</details>\n"
    )
