"""The rule that joins all causes and follows them to every target in their reach."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass, field
from enum import Enum
from typing import Iterable, Iterator

from pants.backend.project_info.dependents import AddressToDependents
from pants.backend.python.target_types import (
    PythonDistribution,
    PythonSourceField,
    PythonTestSourceField,
)
from pants.core.goals.package import OutputPathField
from pants.engine.addresses import Address
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import Target
from pants.util.frozendict import FrozenDict

from lockstep.affected.configuration import (
    FailSafeCauses,
    FailSafeCausesRequest,
    ToolRequirements,
)
from lockstep.affected.definitions import DefinitionCauses, DefinitionCausesRequest
from lockstep.affected.dependents import (
    Dependents,
    Mapped,
    MaybeDependencyInputs,
    Memory,
)
from lockstep.affected.importers import Importers, ImportersRequest
from lockstep.affected.owners import Ownership
from lockstep.affected.requirements import RequirementCauses, RequirementCausesRequest
from lockstep.affected.revision import MaybeRevision, RevisionRequest
from lockstep.affected.roots import Revision, Roots, joined
from lockstep.affected.sources import SourceCauses, SourceRootsRequest
from lockstep.core.affected import Affected, Cause, CauseKind, Reach, spread
from lockstep.core.revisions import ChangeKind

logger = logging.getLogger(__name__)


def _is_package(target: Target) -> bool:
    """Whether `./pants package` makes something of it."""
    return isinstance(target, PythonDistribution) or target.has_field(OutputPathField)


class Depth(Enum):
    """How far to follow dependents, as `--changed-dependents` has it."""

    NONE = "none"
    DIRECT = "direct"
    TRANSITIVE = "transitive"

    @property
    def steps(self) -> int | None:
        return {Depth.NONE: 0, Depth.DIRECT: 1, Depth.TRANSITIVE: None}[self]


@dataclass(frozen=True)
class SelectionRequest:
    """Select what differs from a revision, and what depends on it.

    Attributes:
        since: the revision; the base is where HEAD left it.
        goals: what the selection is for.
        depth: how far to follow dependents.
        call: tells requests from each other. Asked the same thing again, the engine looks whether all
            that the answer was made from still holds, and drops that where git tells of another
            change: what it was looking at, the imports of all files, is then read anew.
        memory: what is known of dependents, and where to put what is found.
    """

    since: str
    goals: frozenset[Reach]
    depth: Depth = Depth.TRANSITIVE
    call: int = field(default_factory=itertools.count().__next__)
    memory: Memory = field(default_factory=Memory, compare=False)


@dataclass(frozen=True)
class Selection:
    """The affected targets, the closest to a change first.

    Attributes:
        affected: no target generator is among them.
        everywhere: the fail-safe causes, to be told.
        files: the changed files that are there and count by what they hold.
    """

    affected: tuple[Affected[Address], ...]
    everywhere: tuple[Cause, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class RootsRequest:
    """Find where all effects of a change begin."""

    revision: Revision


@rule
async def find_roots(request: RootsRequest) -> Roots:
    revision = request.revision
    sources, definitions, fail_safe = await MultiGet(
        Get(SourceCauses, SourceRootsRequest(revision)),
        Get(DefinitionCauses, DefinitionCausesRequest(revision)),
        Get(FailSafeCauses, FailSafeCausesRequest(revision)),
    )
    requirements = await Get(
        RequirementCauses,
        RequirementCausesRequest(
            revision,
            FrozenDict(definitions.requirements),
            definitions.gone,
            definitions.inputs,
        ),
    )
    found = joined((sources.roots, definitions.roots, requirements.roots, fail_safe.roots))
    importers = await Get(Importers, ImportersRequest(found.touched))
    return joined((found, Roots(importers.targets)))


async def _dependents(memory: Memory) -> Mapped:
    told = await Get(MaybeDependencyInputs)
    recalled = memory.recalled(told.inputs)
    if recalled is not None:
        logger.debug("Who depends on what is remembered from an earlier call.")
        return recalled
    dependents = await Get(AddressToDependents)
    memory.found = Dependents(told.inputs, dependents.mapping) if told.inputs is not None else None
    return dependents.mapping


@rule(desc="Select what is affected")
async def select_affected(
    request: SelectionRequest, ownership: Ownership, tools: ToolRequirements
) -> Selection:
    request.memory.found = None  # of a run that the engine gave up
    told = await Get(MaybeRevision, RevisionRequest(request.since, request.call))
    if told.revision is None:
        cause = Cause(f"{told.error} Until then everything counts as affected.", CauseKind.BASE)
        return _everything((cause,), ownership, ())
    roots = await Get(Roots, RootsRequest(told.revision))
    of_tools = [tools.cause(address, cause) for address, cause in roots.targets]
    everywhere = tuple(
        cause
        for cause in dict.fromkeys((*roots.everywhere, *filter(None, of_tools)))
        if cause.reach.counts_for(request.goals)
    )
    if any(cause.reach is Reach.ALL for cause in everywhere):
        return _everything(everywhere, ownership, _files(told.revision, ownership))
    dependents = await _dependents(request.memory)

    def dependents_of(address: Address) -> Iterable[Address]:
        return dependents.get(address, ())

    # Effects can begin at a definition that went, and go through target generators.
    targets = {target.address for target in ownership.targets}
    for_all = {a: c for a, c in roots.targets if c.reach is Reach.ALL}
    for_packages = {a: c for a, c in roots.targets if c.reach is Reach.PACKAGE}
    found = {
        affected.target: affected
        for affected in spread(for_all, dependents_of, depth=request.depth.steps)
    }
    if Reach.PACKAGE.counts_for(request.goals) and for_packages:
        # The metadata of a distribution tells the ranges of what it requires, and a PEX can be for
        # other platforms.
        packages = {t.address for t in ownership.targets if _is_package(t)}
        for affected in spread(for_packages, dependents_of):
            if affected.target in packages:
                found.setdefault(affected.target, affected)
    for cause in everywhere:
        for target in _in_reach(cause, ownership.targets):
            found.setdefault(target.address, Affected(target.address, cause, (target.address,)))
    chosen = (affected for address, affected in found.items() if address in targets)
    return Selection(
        tuple(sorted(chosen, key=lambda a: (a.distance, a.target))),
        everywhere,
        _files(told.revision, ownership),
    )


def _files(revision: Revision, ownership: Ownership) -> tuple[str, ...]:
    there = (change for change in revision.changes if change.kind is not ChangeKind.DELETED)
    return tuple(change.path for change in there if change.path not in ownership.inputs)


def _everything(
    causes: tuple[Cause, ...], ownership: Ownership, files: tuple[str, ...]
) -> Selection:
    cause = next(cause for cause in causes if cause.reach is Reach.ALL)
    addresses = sorted(target.address for target in ownership.targets)
    affected = tuple(Affected(address, cause, (address,)) for address in addresses)
    return Selection(affected, causes, files)


def _in_reach(cause: Cause, targets: Iterable[Target]) -> Iterator[Target]:
    """The targets whose results a fail-safe cause can change."""
    field = PythonTestSourceField if cause.reach is Reach.TEST else PythonSourceField
    return (target for target in targets if target.has_field(field))


def rules() -> Iterable[Rule]:
    return collect_rules()
