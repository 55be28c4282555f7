"""Counts what selections missed and what they took without need."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Collection, Mapping


@dataclass(frozen=True)
class Compared:
    """One change: what was selected for it, beside the truth.

    Attributes:
        group: what it is counted under.
        told: what was changed, for people.
        tests: how many tests there are.
        selected: the tests that were selected; all of them where the selection was refused.
        affected: those that the change really affects.
        flipped: those whose outcome it flips.
        seconds: how long selecting took.
        refused: what Pants says where it cannot read the changed tree, whatever the goal.
        outcomes_alone: whether only flipped tests were looked for, so that none is known needless.
    """

    group: str
    told: str
    tests: int
    selected: frozenset[str]
    affected: frozenset[str]
    flipped: frozenset[str]
    seconds: float
    refused: str = ""
    outcomes_alone: bool = False
    given: frozenset[str] = frozenset()
    differs: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def missed(self) -> frozenset[str]:
        return (self.affected | self.flipped) - self.selected

    @property
    def needless(self) -> frozenset[str]:
        if self.refused or self.outcomes_alone:
            return frozenset()
        return self.selected - self.affected - self.flipped - self.given

    def tell(self) -> None:
        """Print one line, what was missed, given and needless."""
        counts = (self.affected, self.flipped, self.selected, self.given, self.needless)
        affected, flipped, selected, given, needless = map(len, counts)
        print(
            f"{self.group}: {self.told}: {affected} affected, {flipped} flipped,"
            f" {selected} selected, {given} given, {needless} needless, {self.seconds:.2f} s"
            f"{', refused: ' if self.refused else ''}{self.refused}",
            *(
                f"  MISSED {test}: {', '.join(sorted(self.differs.get(test, ())))}"
                for test in sorted(self.missed)
            ),
            *(f"  given {test}" for test in sorted(self.given)),
            *(f"  needless {test}" for test in sorted(self.needless)),
            sep="\n",
            file=sys.stderr,
            flush=True,
        )


@dataclass
class Score:
    """All changes."""

    compared: list[Compared] = field(default_factory=list)

    @property
    def missed(self) -> int:
        return sum(len(one.missed) for one in self.compared)

    def table(self) -> str:
        """A line for each group, and one for all."""
        groups: dict[str, list[Compared]] = defaultdict(list)
        for one in self.compared:
            groups[one.group].append(one)
        head = (
            f"{'changes':<10}{'number':>7}{'refused':>9}{'flipping':>9}{'affected':>9}{'selected':>9}"
            f"{'given':>7}{'missed':>8}{'needless':>16}{'skipped':>9}{'median':>9}"
        )
        lines = [_line(name, found) for name, found in sorted(groups.items())]
        return "\n".join([head, *lines, _line("all", self.compared)])


def _line(name: str, all_found: list[Compared]) -> str:
    found = [one for one in all_found if not one.refused]
    selected = sum(len(one.selected) for one in found)
    needless = sum(len(one.needless) for one in found)
    tests = sum(one.tests for one in found)
    share = (
        f"{needless} ({needless / selected:.1%})"
        if selected and not any(one.outcomes_alone for one in found)
        else "-"
    )
    skipped = f"{1 - selected / tests:.1%}" if tests else "-"
    median = f"{statistics.median(one.seconds for one in found):.2f} s" if found else "-"
    return (
        f"{name:<10}{len(all_found):>7}{len(all_found) - len(found):>9}"
        f"{sum(bool(one.flipped) for one in all_found):>9}"
        f"{sum(len(one.affected) for one in found):>9}{selected:>9}"
        f"{sum(len(one.given) for one in found):>7}"
        f"{sum(len(one.missed) for one in all_found):>8}"
        f"{share:>16}{skipped:>9}{median:>9}"
    )
