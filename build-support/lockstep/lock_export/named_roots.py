"""The targets that `--slice` names, and what of the lock they reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.pex import ReqStrings
from pants.backend.python.util_rules.pex_from_targets import (
    ChosenPythonResolve,
    ChosenPythonResolveRequest,
)
from pants.backend.python.util_rules.pex_requirements import PexRequirements
from pants.base.glob_match_error_behavior import GlobMatchErrorBehavior
from pants.base.specs import Specs
from pants.base.specs_parser import SpecsParser
from pants.build_graph.address import (
    Address,
    AddressParseException,
    InvalidAddressError,
    InvalidSpecPathError,
    InvalidTargetNameError,
    ResolveError,
)
from pants.core.goals.generate_lockfiles import NoCompatibleResolveException
from pants.core.target_types import TargetGeneratorSourcesHelperTarget
from pants.engine.addresses import Addresses
from pants.engine.fs import PathGlobs, Paths
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import Target, Targets, UnexpandedTargets

from lockstep.core.errors import LockstepError
from lockstep.imports.unowned import OwnedClosure, OwnedClosureRequest
from lockstep.slices.locks import LockRequest, ManagedLock

_BAD_SPECS = (
    AddressParseException,
    InvalidAddressError,
    InvalidSpecPathError,
    InvalidTargetNameError,
    ResolveError,
    SpecsParser.BadSpecError,
)


@dataclass(frozen=True)
class NamedRootsRequest:
    """Find the targets that a user names.

    Attributes:
        named: targets, files or folders; none for the whole lock.
        resolve: a name of `[python].resolves` that they have to be of, if any.
    """

    named: tuple[str, ...]
    resolve: str | None = None


@dataclass(frozen=True)
class NamedRoots:
    """Targets of one resolve.

    Attributes:
        resolve: a name of `[python].resolves`.
        named: as the user named them; none for the whole lock.
        addresses: those of the targets.
    """

    resolve: str
    named: tuple[str, ...] = ()
    addresses: Addresses = Addresses()


@dataclass(frozen=True)
class LockOfRequest:
    """Read the lock of a resolve; an error where it is missing or not of Lockstep."""

    resolve: str


@dataclass(frozen=True)
class ReachedRequirements:
    """The third-party requirements that targets reach; None for the whole lock."""

    requirements: tuple[str, ...] | None


# Pants sees the `Get`s of helpers that stand above their rule.
async def _matched(spec: str) -> Addresses:
    """The targets that one `--slice` names."""
    try:
        specs = SpecsParser().parse_specs(
            [spec],
            description_of_origin="the option `--slice`",
            unmatched_glob_behavior=GlobMatchErrorBehavior.ignore,
        )
        targets = await Get(UnexpandedTargets, Addresses, await Get(Addresses, Specs, specs))
    except _BAD_SPECS as error:
        raise _names_none(spec, str(error)) from None
    if not targets:
        raise _names_none(spec)
    roots = await Get(Targets, Addresses(map(_root, targets)))  # each input expanded
    return Addresses(target.address for target in roots)


def _root(target: Target) -> Address:
    """An input that is named as a file stands for all that it states."""
    if isinstance(target, TargetGeneratorSourcesHelperTarget):
        return target.address.maybe_convert_to_target_generator()
    return target.address


def _names_none(spec: str, detail: str = "") -> LockstepError:
    return LockstepError(
        f"`--slice={spec}` names no target",
        mend="`./pants list ::` tells the targets there are",
        detail=detail,
    )


async def _resolve_of(requested: str | None, roots: Addresses, python_setup: PythonSetup) -> str:
    if requested is not None and requested not in python_setup.resolves:
        raise LockstepError(
            f"There is no resolve `{requested}`",
            mend=f"Name one of `[python].resolves`: {', '.join(sorted(python_setup.resolves))}",
        )
    if not roots:
        return requested or python_setup.default_resolve
    try:
        chosen = await Get(ChosenPythonResolve, ChosenPythonResolveRequest(roots))
    except NoCompatibleResolveException:
        raise LockstepError(
            "The targets of `--slice`, or what they depend on, are of several resolves",
            mend="Export the slice of each resolve apart",
        ) from None
    if requested not in (None, chosen.name):
        raise LockstepError(
            f"The targets of `--slice` are of the resolve `{chosen.name}`, not `{requested}`",
            mend="Leave out `--resolve`",
        )
    return chosen.name


@rule
async def find_named_roots(request: NamedRootsRequest, python_setup: PythonSetup) -> NamedRoots:
    matched = [await _matched(spec) for spec in request.named]
    roots = Addresses(sorted({address for addresses in matched for address in addresses}))
    resolve = await _resolve_of(request.resolve, roots, python_setup)
    return NamedRoots(resolve, request.named, roots)


@rule
async def read_lock_of(request: LockOfRequest, python_setup: PythonSetup) -> ManagedLock:
    path = python_setup.resolves[request.resolve]
    if not (await Get(Paths, PathGlobs([path]))).files:
        raise LockstepError(
            f"The lock of `{request.resolve}`, {path}, is missing", mend="Run `./pants lock`"
        )
    lock = await Get(ManagedLock, LockRequest(path))
    if lock.slicer is None:
        raise LockstepError(
            f"{lock.path} is in PEX's format, so Pants wrote it",
            mend="Run `./pants lock` to write it anew",
        )
    return lock


@rule
async def find_reached_requirements(roots: NamedRoots) -> ReachedRequirements:
    if not roots.named:
        return ReachedRequirements(None)
    await Get(OwnedClosure, OwnedClosureRequest(roots.addresses))
    subset = PexRequirements(roots.addresses, description_of_origin="--slice")
    reached = await Get(ReqStrings, PexRequirements, subset)
    if not reached.req_strings:
        raise LockstepError(
            f"Nothing that {', '.join(roots.named)} reaches requires third-party code, so the"
            " slice is empty",
            mend="Name a target that does, or leave out `--slice` for the whole lock",
        )
    return ReachedRequirements(tuple(reached.req_strings))


def rules() -> Iterable[Rule]:
    return collect_rules()
