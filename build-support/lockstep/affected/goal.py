"""`./pants affected`: tells what a change affects, and why."""

from __future__ import annotations

import pkgutil
from enum import Enum
from pathlib import Path
from typing import Iterable, Mapping, Sequence

from pants.base.build_root import BuildRoot
from pants.engine.console import Console
from pants.engine.goal import Goal, GoalSubsystem, LineOriented
from pants.engine.rules import Get, Rule, collect_rules, goal_rule
from pants.option.option_types import BoolOption, EnumOption, IntOption, StrOption
from pants.util.strutil import softwrap

from lockstep.affected import (
    configuration,
    definitions,
    dependents,
    importers,
    owners,
    requirements,
    revision,
    selection,
    sources,
    told,
)
from lockstep.affected.owners import Ownership
from lockstep.affected.selection import Selection, SelectionRequest
from lockstep.affected.told import (
    Wanted,
    WorkedOn,
    WorkedOnRequest,
    labelled,
    recorded_seconds,
    types_of,
)
from lockstep.core import affected_page
from lockstep.core.affected import Affected, Cause, Reach, why
from lockstep.core.affected_report import Label, as_json, as_matrix, check_shards
from lockstep.core.errors import LockstepError
from lockstep.core.shards import told as told_of_durations
from lockstep.envs.atomic import write_text


class Format(Enum):
    """Who reads the result."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    GITHUB = "github"


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
            `idna 3.10 → 3.11 ← requests ← libs/shared/x.py ← tests/test_y.py`. The formats `json`
            and `html` tell it anyway.
            """),
    )
    goal = EnumOption(
        default=Wanted.ALL,
        help=softwrap("""
            The goal to select for: a changed option of mypy affects no test, for example. By
            default whatever any goal would do anew.
            """),
    )
    format = EnumOption(
        default=Format.TEXT,
        help=softwrap("""
            `text`: one target a line. `json`: a document with type, cause and path of each target.
            `html`: one page with counts, a drawing and a list to search in, best with
            `--affected-output-file`. `github`: a matrix of jobs in one line, for `fromJSON` in a
            workflow of GitHub; it holds only targets that `--affected-goal` does something with,
            such as the tests for `test`.
            """),
    )
    shards = IntOption(
        default=1,
        metavar="N",
        help=softwrap("""
            With `--format=github`: the number of jobs to deal the targets to, from 1 to 256. There
            are fewer jobs where there are fewer targets.
            """),
    )
    durations = StrOption(
        default=None,
        metavar="GLOB",
        help=softwrap("""
            With `--format=github`: reports of former runs that tell how long each target takes, so
            that all jobs end at about the same time. `./pants test --report` writes them, and
            `dist/test/reports/*.xml` finds them. Relative to the build root; `**` stands for any
            folders. A target that no report tells of weighs their median; with no reports all
            targets weigh the same.
            """),
    )
    closest_first = BoolOption(
        default=False,
        help="Order by the number of dependencies between the change and the target, not by name.",
    )
    fail_if_empty = BoolOption(
        default=False,
        help=softwrap("""
            Exit with 1 where nothing is affected, or with `--format=github` nothing that the goal
            works on; for scripts.
            """),
    )


class AffectedGoal(Goal):
    subsystem_cls = AffectedSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@goal_rule
async def tell_affected(
    subsystem: AffectedSubsystem, console: Console, ownership: Ownership, root: BuildRoot
) -> AffectedGoal:
    folder = Path(root.path)
    try:
        recorded = _recorded(subsystem, folder, ownership)
    except LockstepError as error:
        console.print_stderr(console.red(str(error)))
        return AffectedGoal(exit_code=1)
    request = SelectionRequest(subsystem.since, frozenset({_REACHES[subsystem.goal]}))
    selected = await Get(Selection, SelectionRequest, request)
    for cause in selected.everywhere:
        console.print_stderr(f"All in reach of {cause.reach.value}: {cause}")
    types = types_of(ownership)
    chosen = selected.affected
    if subsystem.format is Format.GITHUB:
        worked_on = await Get(WorkedOn, WorkedOnRequest(subsystem.goal))
        chosen = tuple(affected for affected in chosen if affected.target in worked_on.addresses)
        if remark := told_of_durations([affected.target.spec for affected in chosen], recorded):
            console.print_stderr(remark)
    if not subsystem.closest_first:
        chosen = tuple(sorted(chosen, key=lambda affected: affected.target))
    found = [labelled(affected, types) for affected in chosen]
    text = _rendered(subsystem, found, selected.everywhere, recorded)
    if not subsystem.output_file:
        console.write_stdout(text)
    else:
        try:
            write_text(folder / subsystem.output_file, text)
        except OSError as error:
            fault = f"{subsystem.output_file} cannot be written: {error.strerror}"
            console.print_stderr(console.red(f"{fault}. Give `--output-file` another path."))
            return AffectedGoal(exit_code=1)
    return AffectedGoal(exit_code=1 if subsystem.fail_if_empty and not found else 0)


def _recorded(
    subsystem: AffectedSubsystem, folder: Path, ownership: Ownership
) -> Mapping[str, float]:
    """The recorded durations that the options ask for; an error where the options are at odds."""
    if subsystem.format is Format.GITHUB:
        check_shards(subsystem.shards)
        glob = subsystem.durations
        return recorded_seconds(glob, folder, ownership) if glob else {}
    for option in ("shards", "durations"):
        # In pants.toml they may stand for whenever they are needed.
        if subsystem.options.is_flagged(option):
            raise LockstepError(
                f"`--{option}` is for a matrix of jobs", mend="Add `--format=github`, or drop it"
            )
    return {}


def _rendered(
    subsystem: AffectedSubsystem,
    found: Sequence[Affected[Label]],
    everywhere: Sequence[Cause],
    recorded: Mapping[str, float],
) -> str:
    since, goal = subsystem.since, subsystem.goal.value
    if subsystem.format is Format.JSON:
        return as_json(found, everywhere, since=since, goal=goal) + "\n"
    if subsystem.format is Format.HTML:
        style, script = (
            (pkgutil.get_data(affected_page.__name__, f"affected_page.{kind}") or b"").decode()
            for kind in ("css", "js")
        )
        return affected_page.page(
            found, everywhere, since=since, goal=goal, style=style, script=script
        )
    targets = [affected.target.target for affected in found]
    if subsystem.format is Format.GITHUB:
        return as_matrix(targets, subsystem.shards, recorded) + "\n"
    lines = [why(affected, lambda label: label.name) for affected in found]
    separator = subsystem.sep.encode().decode("unicode_escape")
    return "".join(f"{line}{separator}" for line in (lines if subsystem.why else targets))


def rules() -> Iterable[Rule]:
    return (
        *collect_rules(),
        *configuration.rules(),
        *definitions.rules(),
        *dependents.rules(),
        *importers.rules(),
        *owners.rules(),
        *requirements.rules(),
        *revision.rules(),
        *selection.rules(),
        *sources.rules(),
        *told.rules(),
    )
