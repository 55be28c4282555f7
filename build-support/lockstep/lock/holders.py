"""Tells which targets' environments hold a project, by the slices that their requirements cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.project_info.dependents import AddressToDependents
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonRequirementResolveField, PythonRequirementsField
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import AllTargets
from pants.util.frozendict import FrozenDict

from lockstep.core.affected import Cause, CauseKind, spread
from lockstep.core.slices import Slicer, holders


@dataclass(frozen=True)
class HoldersRequest:
    """Find the targets whose environment holds some projects.

    Attributes:
        resolve: the targets' resolve.
        slicers: of its lock, maybe at several times: being held at one of them is enough.
        projects: normalised names (PEP 503).
    """

    resolve: str
    slicers: tuple[Slicer, ...]
    projects: tuple[str, ...]


@dataclass(frozen=True)
class Holders:
    """The targets by project, as sorted addresses."""

    targets: FrozenDict[str, tuple[str, ...]]


@rule(desc="Find the targets that hold a project")
async def find_holders(
    request: HoldersRequest, targets: AllTargets, python_setup: PythonSetup
) -> Holders:
    if not request.projects:
        return Holders(FrozenDict())
    stated = {
        target.address: [str(requirement) for requirement in target[PythonRequirementsField].value]
        for target in targets
        if target.has_fields((PythonRequirementResolveField, PythonRequirementsField))
        and target[PythonRequirementResolveField].normalized_value(python_setup) == request.resolve
    }
    dependents = await Get(AddressToDependents)
    found = {}
    for project, roots in holders(request.slicers, stated, request.projects).items():
        causes = {root: Cause("", CauseKind.PIN) for root in roots}
        near = spread(causes, lambda address: dependents.mapping.get(address, ()))
        found[project] = tuple(sorted(o.target.spec for o in near if o.target not in causes))
    return Holders(FrozenDict(found))


def rules() -> Iterable[Rule]:
    return collect_rules()
