"""`./pants affected`: tells what a change affects, and why."""

from __future__ import annotations

from enum import Enum
from typing import Iterable

from pants.engine.addresses import Address
from pants.engine.console import Console
from pants.engine.goal import Goal, GoalSubsystem, LineOriented
from pants.engine.rules import Get, Rule, collect_rules, goal_rule
from pants.option.option_types import BoolOption, EnumOption, StrOption
from pants.util.strutil import softwrap

from lockstep.affected import (
    configuration,
    definitions,
    importers,
    owners,
    requirements,
    revision,
    selection,
    sources,
)
from lockstep.affected.owners import Ownership
from lockstep.affected.selection import Selection, SelectionRequest
from lockstep.core.affected import Reach, why


class Wanted(Enum):
    """What the result is for."""

    ALL = "all"
    TEST = "test"
    CHECK = "check"
    LINT = "lint"
    PACKAGE = "package"


_REACHES = {
    Wanted.ALL: Reach.ALL,
    Wanted.TEST: Reach.TEST,
    Wanted.CHECK: Reach.CHECK,
    Wanted.LINT: Reach.FORMAT,
    Wanted.PACKAGE: Reach.PACKAGE,
}


class AffectedSubsystem(LineOriented, GoalSubsystem):
    name = "affected"
    help = softwrap("""
        Tell which targets differ from a revision in what they are made of, and why. It is what
        `./pants --changed-since=REF --changed-dependents=transitive GOAL` works on.
        """)

    since = StrOption(
        default="HEAD",
        metavar="REF",
        help=softwrap("""
            A branch, tag or commit. Compared is the work tree, untracked files included, with the
            commit where HEAD left it (their merge base).
            """),
    )
    why = BoolOption(
        default=False,
        help=softwrap("""
            Tell for each target the shortest way from a change to it, such as
            `idna 3.10 → 3.11 ← requests ← libs/shared/x.py ← tests/test_y.py`.
            """),
    )
    goal = EnumOption(
        default=Wanted.ALL,
        help=softwrap("""
            The goal to select for: a changed option of mypy affects no test, for example. By
            default whatever any goal would do anew.
            """),
    )
    closest_first = BoolOption(
        default=False,
        help="Order by the number of dependencies between the change and the target, not by name.",
    )
    fail_if_empty = BoolOption(
        default=False, help="Exit with 1 where nothing is affected; for scripts."
    )


class AffectedGoal(Goal):
    subsystem_cls = AffectedSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@goal_rule
async def tell_affected(
    subsystem: AffectedSubsystem, console: Console, ownership: Ownership
) -> AffectedGoal:
    request = SelectionRequest(subsystem.since, frozenset({_REACHES[subsystem.goal]}))
    selected = await Get(Selection, SelectionRequest, request)
    for cause in selected.everywhere:
        console.print_stderr(f"All in reach of {cause.reach.value}: {cause}")
    found = list(selected.affected)
    if not subsystem.closest_first:
        found.sort(key=lambda affected: affected.target)
    with subsystem.line_oriented(console) as print_stdout:
        for affected in found:
            print_stdout(why(affected, shown) if subsystem.why else affected.target.spec)
    return AffectedGoal(exit_code=1 if subsystem.fail_if_empty and not found else 0)


def shown(address: Address) -> str:
    """An address as people know it: the file, the project, or else the target."""
    if address.is_file_target:
        return address.filename
    return address.generated_name or address.spec


def rules() -> Iterable[Rule]:
    return (
        *collect_rules(),
        *configuration.rules(),
        *definitions.rules(),
        *importers.rules(),
        *owners.rules(),
        *requirements.rules(),
        *revision.rules(),
        *selection.rules(),
        *sources.rules(),
    )
