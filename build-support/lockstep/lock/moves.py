"""Tells what moves in a lock that was resolved anew, and which targets each move reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.project_info.dependents import AddressToDependents
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonRequirementResolveField, PythonRequirementsField
from pants.engine.addresses import Address
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import AllTargets

from lockstep.core import graph_codec, lock_codec
from lockstep.core.affected import Cause, CauseKind, spread
from lockstep.core.lock import Lock
from lockstep.core.lock_diff import LockMove, reached
from lockstep.core.slices import Slicer
from lockstep.lock.resolve import ResolvedLock
from lockstep.slices.graphs import GraphRequest, StoredGraph


@dataclass(frozen=True)
class LockMovesRequest:
    """Tell what moves from the lock as it stands to a new one.

    Attributes:
        resolved: the new one.
    """

    resolved: ResolvedLock


@dataclass(frozen=True)
class LockMoves:
    """What moves, by project.

    Attributes:
        path: the lock, relative to the build root.
        moves: them.
    """

    path: str
    moves: tuple[LockMove, ...]


@rule(desc="Compare the lock with the one that stands")
async def find_moves(
    request: LockMovesRequest, targets: AllTargets, python_setup: PythonSetup
) -> LockMoves:
    resolved = request.resolved
    path, graph_path = resolved.path, graph_codec.graph_path(resolved.path)
    stored = await Get(StoredGraph, GraphRequest(path))
    standing = lock_codec.parse(resolved.before, path) if resolved.before else Lock(path, ())
    before = Slicer(standing, stored.graph)
    after = Slicer(
        lock_codec.parse(resolved.text, path),
        graph_codec.parse(resolved.files[graph_path], graph_path),
    )
    stated = {
        target.address: [str(requirement) for requirement in target[PythonRequirementsField].value]
        for target in targets
        if target.has_fields((PythonRequirementResolveField, PythonRequirementsField))
        and target[PythonRequirementResolveField].normalized_value(python_setup) == resolved.resolve
    }
    found = reached(before, after, stated)
    if not found:
        return LockMoves(path, ())
    dependents = await Get(AddressToDependents)

    def reaches(roots: tuple[Address, ...]) -> tuple[str, ...]:
        causes = {root: Cause("", CauseKind.PIN) for root in roots}
        near = spread(causes, lambda address: dependents.mapping.get(address, ()))
        return tuple(sorted(one.target.spec for one in near if one.target not in causes))

    moved = (LockMove(one.move, one.required_by, reaches(one.roots)) for one in found)
    return LockMoves(path, tuple(moved))


def rules() -> Iterable[Rule]:
    return collect_rules()
