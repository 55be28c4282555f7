"""Rules that tell which imports of a target nothing provides, and refuse a closure with any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.dependency_inference.module_mapper import (
    FirstPartyPythonModuleMapping,
    ThirdPartyPythonModuleMapping,
)
from pants.backend.python.dependency_inference.parse_python_dependencies import (
    ParsedPythonDependencies,
    ParsePythonDependenciesRequest,
)
from pants.backend.python.dependency_inference.rules import (
    ImportOwnerStatus,
    PythonImportDependenciesInferenceFieldSet,
    ResolvedParsedPythonDependencies,
    ResolvedParsedPythonDependenciesRequest,
)
from pants.backend.python.dependency_inference.subsystem import (
    PythonInferSubsystem,
    UnownedDependencyUsage,
)
from pants.backend.python.macros.python_requirements import PythonRequirementsTargetGenerator
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonRequirementResolveField
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.engine.addresses import Addresses
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import (
    AllUnexpandedTargets,
    SingleSourceField,
    TransitiveTargets,
    TransitiveTargetsRequest,
)

from lockstep.core.imports import UnownedImport, UnownedImportsError, near_matches, nearest_input
from lockstep.core.transitive import TransitivePin, provider_of
from lockstep.slices.graphs import GraphRequest, StoredGraph
from lockstep.slices.locks import LockRequest, ManagedLock


@dataclass(frozen=True)
class UnownedImportsRequest:
    """Find the imports of one Python file that nothing provides."""

    field_set: PythonImportDependenciesInferenceFieldSet


@dataclass(frozen=True)
class UnownedImports:
    """What nothing provides; empty unless `[python-infer].unowned_dependency_behavior` warns."""

    imports: tuple[UnownedImport, ...] = ()


@dataclass(frozen=True)
class OwnedClosureRequest:
    """Make sure that every import of some targets and all they depend on is provided."""

    addresses: Addresses


@dataclass(frozen=True)
class OwnedClosure:
    """Every import is provided, or may fail."""


@dataclass(frozen=True)
class _Unowned:
    path: str
    line: int
    module: str
    resolve: str


@rule
async def find_unowned_imports(
    request: UnownedImportsRequest, infer: PythonInferSubsystem, python_setup: PythonSetup
) -> UnownedImports:
    if infer.unowned_dependency_behavior is not UnownedDependencyUsage.LogWarning:
        return UnownedImports()
    fields = request.field_set
    constraints = InterpreterConstraints.create_from_compatibility_fields(
        [fields.interpreter_constraints], python_setup
    )
    resolve = fields.resolve.normalized_value(python_setup)
    parsed = await Get(
        ParsedPythonDependencies, ParsePythonDependenciesRequest(fields.source, constraints)
    )
    owners = await Get(
        ResolvedParsedPythonDependencies,
        ResolvedParsedPythonDependenciesRequest(fields, parsed, resolve),
    )
    modules = [
        module
        for module, owner in owners.resolve_results.items()
        if owner.status is ImportOwnerStatus.unowned
        and not _ignored(module, infer.ignored_unowned_imports)
    ]
    path = fields.source.file_path
    found = await MultiGet(
        Get(UnownedImport, _Unowned(path, parsed.imports[module].lineno, module, resolve))
        for module in modules
    )
    return UnownedImports(tuple(sorted(found, key=UnownedImport.place)))


async def _transitive_provider(module: str, lock_path: str) -> TransitivePin | None:
    stored = await Get(StoredGraph, GraphRequest(lock_path))
    if stored.graph is None:
        return None
    locked = await Get(ManagedLock, LockRequest(lock_path))
    return provider_of(module, locked.slicer.lock, stored.graph) if locked.slicer else None


@rule
async def describe_unowned_import(
    request: _Unowned,
    first_party: FirstPartyPythonModuleMapping,
    third_party: ThirdPartyPythonModuleMapping,
    targets: AllUnexpandedTargets,
    python_setup: PythonSetup,
) -> UnownedImport:
    known = {
        module
        for mapping in (first_party, third_party)
        for module in mapping.resolves_to_modules_to_providers.get(request.resolve, ())
    }
    others = {
        target.address.maybe_convert_to_target_generator()
        for target in targets
        if target.has_field(PythonRequirementResolveField)
        and target[PythonRequirementResolveField].normalized_value(python_setup) != request.resolve
    }
    inputs = [
        str(target[SingleSourceField].file_path)
        for target in targets
        if isinstance(target, PythonRequirementsTargetGenerator) and target.address not in others
    ]
    return UnownedImport(
        request.path,
        request.line,
        request.module,
        near_matches(request.module, known),
        tuple(
            resolve
            for resolve in sorted(python_setup.resolves)
            if any(
                mapping.providers_for_module(request.module, resolve)
                for mapping in (first_party, third_party)
            )
        ),
        nearest_input(request.path, inputs),
        await _transitive_provider(request.module, python_setup.resolves[request.resolve]),
    )


@rule(desc="Check that every import is provided")
async def check_closure(request: OwnedClosureRequest) -> OwnedClosure:
    closure = await Get(TransitiveTargets, TransitiveTargetsRequest(request.addresses))
    field_sets = [
        PythonImportDependenciesInferenceFieldSet.create(target)
        for target in closure.closure
        if PythonImportDependenciesInferenceFieldSet.is_applicable(target)
    ]
    checked = await MultiGet(
        Get(UnownedImports, UnownedImportsRequest(field_set)) for field_set in field_sets
    )
    unowned = [unowned for one in checked for unowned in one.imports]
    if unowned:
        raise UnownedImportsError(unowned)
    return OwnedClosure()


def _ignored(module: str, ignored: Iterable[str]) -> bool:
    return any(f"{module}.".startswith(f"{name}.") for name in ignored)


def rules() -> Iterable[Rule]:
    return collect_rules()
