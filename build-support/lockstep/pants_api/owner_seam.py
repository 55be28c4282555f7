"""The seams that choose which of the inputs that state a project serves an import."""

from __future__ import annotations

from collections import defaultdict
from typing import Iterable, Mapping

from packaging.utils import canonicalize_name
from pants.backend.python.dependency_inference import module_mapper
from pants.backend.python.dependency_inference import rules as inference
from pants.backend.python.dependency_inference.module_mapper import (
    FirstPartyPythonModuleMapping,
    ModuleProviderType,
    PossibleModuleProvider,
    PythonModuleOwners,
    PythonModuleOwnersRequest,
    ThirdPartyPythonModuleMapping,
)
from pants.backend.python.dependency_inference.rules import (
    ImportOwnerStatus,
    ImportResolveResult,
    ResolvedParsedPythonDependencies,
    ResolvedParsedPythonDependenciesRequest,
)
from pants.backend.python.dependency_inference.subsystem import PythonInferSubsystem
from pants.backend.python.target_types import PythonRequirementsField
from pants.engine.addresses import Address, Addresses
from pants.engine.rules import Get
from pants.engine.target import Target, Targets
from pants.util.frozendict import FrozenDict

from lockstep.core.providers import Provider, choose
from lockstep.imports.scripts import ScriptInputs
from lockstep.pants_api.seam import Coroutine, replace
from lockstep.subsystem import Lockstep


class _Settled(ThirdPartyPythonModuleMapping):
    """A mapping that knows one module, with at most one provider of each kind and project."""

    def __init__(self, providers: tuple[PossibleModuleProvider, ...]) -> None:
        super().__init__(FrozenDict())
        object.__setattr__(self, "_providers", providers)

    def providers_for_module(
        self, module: str, resolve: str | None
    ) -> tuple[PossibleModuleProvider, ...]:
        providers: tuple[PossibleModuleProvider, ...] = getattr(self, "_providers")
        return providers


async def map_module_to_address(
    original: Coroutine,
    request: PythonModuleOwnersRequest,
    first_party: FirstPartyPythonModuleMapping,
    third_party: ThirdPartyPythonModuleMapping,
    lockstep: Lockstep,
    scripts: ScriptInputs,
) -> PythonModuleOwners:
    """Settle which of several inputs serves an import before Pants calls it ambiguous.

    Under one lock they all mean the same pin, so no edge may be lost and nobody need be warned.
    """
    found = third_party.providers_for_module(request.module, resolve=request.resolve)
    if request.resolve is not None and len(found) > 1:
        addresses = Addresses(sorted({possible.provider.addr for possible in found}))
        targets = await Get(Targets, Addresses, addresses)
        providers = {
            target.address: Provider(
                target.address.spec,
                target.address.spec_path,
                _project(target),
                scripts.any(target.address),
            )
            for target in targets
        }
        settled = _settle(found, providers, request.locality, lockstep.shared_inputs)
        third_party = _Settled(tuple(settled))
    owners: PythonModuleOwners = await original(request, first_party, third_party)
    return owners


def _settle(
    found: Iterable[PossibleModuleProvider],
    providers: Mapping[Address, Provider],
    importer: str | None,
    shared: str,
) -> Iterable[PossibleModuleProvider]:
    by_kind: dict[ModuleProviderType, list[PossibleModuleProvider]] = defaultdict(list)
    for possible in found:
        by_kind[possible.provider.typ].append(possible)
    for group in by_kind.values():
        candidates = {providers[possible.provider.addr] for possible in group}
        chosen = choose(candidates, importer, shared)
        yield from (p for p in group if not chosen or p.provider.addr.spec == chosen.address)


def _project(target: Target) -> str:
    names = (canonicalize_name(r.project_name) for r in target[PythonRequirementsField].value)
    return ",".join(sorted(set(names)))


async def resolve_parsed_dependencies(
    original: Coroutine,
    request: ResolvedParsedPythonDependenciesRequest,
    infer: PythonInferSubsystem,
    third_party: ThirdPartyPythonModuleMapping,
    scripts: ScriptInputs,
) -> ResolvedParsedPythonDependencies:
    """Let a script's own requirements serve its imports.

    Which input serves an import is else told by the importing folder, and a script has one alone.
    """
    resolved: ResolvedParsedPythonDependencies = await original(request, infer)
    path = request.field_set.source.file_path
    results = dict(resolved.resolve_results)
    for module in results if path in scripts.generators else ():
        found = third_party.providers_for_module(module, resolve=request.resolve)
        own = {p.provider.addr for p in found if scripts.own(p.provider.addr, path)}
        if own:
            status = ImportOwnerStatus.unambiguous
            results[module] = ImportResolveResult(status, tuple(sorted(own)))
    return ResolvedParsedPythonDependencies(results, resolved.assets, resolved.explicit)


def install() -> None:
    """Put the seams in place."""
    replace(
        module_mapper.map_module_to_address, map_module_to_address, also=(Lockstep, ScriptInputs)
    )
    replace(
        inference.resolve_parsed_dependencies,
        resolve_parsed_dependencies,
        also=(ThirdPartyPythonModuleMapping, ScriptInputs),
    )
