"""Which slice of a lock a PEX request draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import PexRequest, ReqStrings
from pants.backend.python.util_rules.pex_requirements import (
    EntireLockfile,
    PexRequirements,
    Resolve,
)
from pants.engine.rules import Get, Rule, collect_rules, rule

from lockstep.slices.locks import LockRequest, ManagedLock, SliceRequest


@dataclass(frozen=True)
class DrawnSliceRequest:
    """Tell which slice goes into a PEX."""

    pex: PexRequest


@dataclass(frozen=True)
class DrawnSlice:
    """The slice that a PEX request draws.

    Attributes:
        wanted: the slice; None where the request draws from no lock of ours.
        constraints: of the interpreter that it is for; the resolve's where the request has none.
        versions: the minor versions that these allow, the lowest first; empty without a slice.
    """

    wanted: SliceRequest | None
    constraints: InterpreterConstraints
    versions: tuple[str, ...] = ()


@rule
async def find_drawn_slice(request: DrawnSliceRequest, python_setup: PythonSetup) -> DrawnSlice:
    pex = request.pex
    lock_path = lock_path_of(pex.requirements, python_setup)
    lock = await Get(ManagedLock, LockRequest(lock_path)) if lock_path else None
    if lock is None or lock.slicer is None:
        return DrawnSlice(None, pex.interpreter_constraints)
    constraints = pex.interpreter_constraints or _constraints(pex, python_setup)
    versions = constraints.partition_into_major_minor_versions(
        python_setup.interpreter_versions_universe
    )
    subset = _subset(pex)
    roots = (await Get(ReqStrings, PexRequirements, subset)).req_strings if subset else None
    return DrawnSlice(SliceRequest(lock.path, roots, versions[0]), constraints, tuple(versions))


def lock_path_of(
    requirements: PexRequirements | EntireLockfile, python_setup: PythonSetup
) -> str | None:
    """The lock a request draws from; None for built-in ones and for requests with no lock."""
    if isinstance(requirements, EntireLockfile):
        url = requirements.lockfile.url
        return None if "://" in url else url
    if isinstance(requirements.from_superset, Resolve):
        return python_setup.resolves.get(requirements.from_superset.name)
    return None


def _subset(request: PexRequest) -> PexRequirements | None:
    """The requirements to cut the slice for; None for the whole lock."""
    requirements = request.requirements
    if isinstance(requirements, EntireLockfile):
        return None
    superset = requirements.from_superset
    return None if isinstance(superset, Resolve) and superset.use_entire_lockfile else requirements


def _constraints(request: PexRequest, python_setup: PythonSetup) -> InterpreterConstraints:
    """The interpreter constraints of the resolve that a request draws from."""
    requirements = request.requirements
    if isinstance(requirements, EntireLockfile):
        name = requirements.lockfile.resolve_name
    else:
        assert isinstance(requirements.from_superset, Resolve)
        name = requirements.from_superset.name
    return InterpreterConstraints(
        python_setup.resolves_to_interpreter_constraints.get(
            name, python_setup.interpreter_constraints
        )
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
