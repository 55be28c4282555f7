"""The seam that knows a requirement's modules from the distribution itself, not from its name."""

from __future__ import annotations

from collections import defaultdict
from typing import Iterator, Mapping

from packaging.utils import canonicalize_name
from pants.backend.python.dependency_inference import module_mapper
from pants.backend.python.dependency_inference.module_mapper import (
    AllPythonTargets,
    ModuleProvider,
    ModuleProviderType,
    ThirdPartyPythonModuleMapping,
)
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import (
    PythonRequirementModulesField,
    PythonRequirementResolveField,
    PythonRequirementsField,
    PythonRequirementTypeStubModulesField,
)
from pants.engine.rules import Get, MultiGet
from pants.engine.target import Target
from pants.util.frozendict import FrozenDict

from lockstep.core.graph import Entry, LockGraph
from lockstep.pants_api.seam import Coroutine, replace
from lockstep.slices.graphs import GraphRequest, StoredGraph


async def map_third_party_modules_to_addresses(
    original: Coroutine, targets: AllPythonTargets, python_setup: PythonSetup
) -> ThirdPartyPythonModuleMapping:
    """Read modules and stubs from the graph; Pants guesses for what the graph does not tell of."""
    guessed: ThirdPartyPythonModuleMapping = await original(targets, python_setup)
    graphs = await MultiGet(
        Get(StoredGraph, GraphRequest(path)) for path in python_setup.resolves.values()
    )
    by_resolve = {
        resolve: stored.graph.by_project()
        for resolve, stored in zip(python_setup.resolves, graphs)
        if stored.graph is not None
    }
    known: dict[str, list[tuple[str, ModuleProvider]]] = defaultdict(list)
    told = set()
    for target in targets.third_party:
        resolve = target[PythonRequirementResolveField].normalized_value(python_setup)
        entries = tuple(_entries(target, by_resolve.get(resolve, {})))
        if entries and not _states_modules(target):
            told.add(target.address)
            known[resolve].extend(_provided(target, entries))
    return ThirdPartyPythonModuleMapping(
        FrozenDict(
            (
                resolve,
                _sorted(
                    [
                        *known.get(resolve, ()),
                        *(
                            (module, provider)
                            for module, providers in modules.items()
                            for provider in providers
                            if provider.addr not in told
                        ),
                    ]
                ),
            )
            for resolve, modules in _with_all(guessed, known)
        )
    )


def _with_all(
    guessed: ThirdPartyPythonModuleMapping, known: Mapping[str, object]
) -> Iterator[tuple[str, Mapping[str, tuple[ModuleProvider, ...]]]]:
    mapping = guessed.resolves_to_modules_to_providers
    for resolve in sorted({*mapping, *known}):
        yield resolve, mapping.get(resolve, FrozenDict())


def _entries(target: Target, projects: Mapping[str, tuple[Entry, ...]]) -> Iterator[Entry]:
    for requirement in target[PythonRequirementsField].value:
        yield from projects.get(str(canonicalize_name(requirement.project_name)), ())


def _states_modules(target: Target) -> bool:
    fields = (PythonRequirementModulesField, PythonRequirementTypeStubModulesField)
    return any(target.get(field).value for field in fields)


def _provided(target: Target, entries: tuple[Entry, ...]) -> Iterator[tuple[str, ModuleProvider]]:
    for entry in entries:
        for module in entry.modules:
            yield module, ModuleProvider(target.address, ModuleProviderType.IMPL)
        for module in entry.stubs:
            yield module, ModuleProvider(target.address, ModuleProviderType.TYPE_STUB)


def _sorted(
    provided: list[tuple[str, ModuleProvider]],
) -> FrozenDict[str, tuple[ModuleProvider, ...]]:
    by_module: dict[str, set[ModuleProvider]] = defaultdict(set)
    for module, provider in provided:
        by_module[module].add(provider)
    return FrozenDict((module, tuple(sorted(by_module[module]))) for module in sorted(by_module))


def install() -> None:
    """Put the seam in place."""
    replace(
        module_mapper.map_third_party_modules_to_addresses, map_third_party_modules_to_addresses
    )
