"""`./pants deploy-plan`: tells which deployables a change touches, and which stay as they are."""

from __future__ import annotations

import json
from enum import Enum
from typing import Iterable

from pants.engine.console import Console
from pants.engine.goal import Goal, GoalSubsystem, LineOriented
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule
from pants.engine.target import AllTargets
from pants.option.option_types import EnumOption, StrOption
from pants.util.strutil import softwrap

from lockstep.affected.owners import Ownership
from lockstep.affected.selection import Selection, SelectionRequest
from lockstep.affected.told import labelled, types_of
from lockstep.core.affected import Reach, why
from lockstep.core.deployables import Sources
from lockstep.core.errors import LockstepError
from lockstep.deploy.materials import DeployableVersion
from lockstep.deploy.package import DeployableFieldSet
from lockstep.deploy.parts import Content, ContentRequest
from lockstep.deploy.sources import SourcesRequest


class Format(Enum):
    """Who reads the plan."""

    TEXT = "text"
    JSON = "json"


class DeployPlanSubsystem(LineOriented, GoalSubsystem):
    name = "deploy-plan"
    help = softwrap("""
        Tell which deployables differ from a revision, and why, with the version of each. The others
        are what they were, byte for byte: whatever was published of them goes on.
        """)

    since = StrOption(
        default="HEAD",
        metavar="REF",
        help=softwrap("""
            A branch, tag or commit, such as what was deployed last. Compared is the work tree with
            the commit where HEAD left it (their merge base).
            """),
    )
    format = EnumOption(
        default=Format.TEXT,
        help=softwrap("""
            `text`: a line for each deployable, the cause behind its version. `json`: a list with
            target, service, version, whether it changed, and why.
            """),
    )


class DeployPlanGoal(Goal):
    subsystem_cls = DeployPlanSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@goal_rule
async def plan_deploy(
    subsystem: DeployPlanSubsystem, console: Console, ownership: Ownership, targets: AllTargets
) -> DeployPlanGoal:
    request = SelectionRequest(subsystem.since, frozenset({Reach.PACKAGE}))
    selected = await Get(Selection, SelectionRequest, request)
    for cause in selected.everywhere:
        console.print_stderr(f"All in reach of {cause.reach.value}: {cause}")
    found = [
        DeployableFieldSet.create(target)
        for target in sorted(targets, key=lambda target: target.address)
        if DeployableFieldSet.is_applicable(target)
    ]
    try:
        contents = await MultiGet(Get(Content, ContentRequest, one.content) for one in found)
        sources = await MultiGet(Get(Sources, SourcesRequest(one.paths)) for one in contents)
    except LockstepError as error:
        console.print_stderr(console.red(str(error)))
        return DeployPlanGoal(exit_code=1)
    types = types_of(ownership)
    causes = {
        affected.target: why(labelled(affected, types), lambda label: label.name)
        for affected in selected.affected
    }
    planned = [
        {
            "target": one.address.spec,
            "service": content.deployable.name,
            "version": DeployableVersion.of(content, stand).text,
            "changed": one.address in causes,
            "why": causes.get(one.address),
        }
        for one, content, stand in zip(found, contents, sources)
    ]
    with subsystem.output(console) as write:
        if subsystem.format is Format.JSON:
            write(json.dumps(planned, indent=1) + "\n")
        for plan in planned if subsystem.format is Format.TEXT else ():
            told = f"changed: {plan['why']}" if plan["changed"] else "as it was"
            write(f"{plan['target']}  {plan['version']}  {told}\n")
    return DeployPlanGoal(exit_code=0)


def rules() -> Iterable[Rule]:
    return collect_rules()
