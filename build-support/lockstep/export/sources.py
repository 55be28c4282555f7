"""Rules that tell which Python files targets own, and in which environment each runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import (
    PythonResolveField,
    PythonSourceField,
    PythonTestSourceField,
    SkipPythonTestsField,
)
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import AllTargets
from pants.source.source_root import SourceRootsRequest, SourceRootsResult

from lockstep.core.editor_layout import Source


@dataclass(frozen=True)
class FirstPartySourcesRequest:
    """Find the Python files that targets own."""


@dataclass(frozen=True)
class FirstPartySources:
    """The Python files that targets own; a file of several resolves once for each."""

    sources: tuple[Source, ...]

    def resolves(self) -> tuple[str, ...]:
        """The resolves that have some."""
        return tuple(sorted({source.resolve for source in self.sources}))


@rule(desc="Find first-party sources for export")
async def find_first_party_sources(
    _: FirstPartySourcesRequest, all_targets: AllTargets, python_setup: PythonSetup
) -> FirstPartySources:
    owners = [
        (target[PythonSourceField].file_path, target)
        for target in all_targets
        if target.has_field(PythonSourceField) and target.has_field(PythonResolveField)
    ]
    request = SourceRootsRequest.for_files({path for path, _ in owners})
    roots = (await Get(SourceRootsResult, SourceRootsRequest, request)).path_to_root
    by_path = {str(path): root.path for path, root in roots.items()}
    sources = {
        Source(
            path,
            by_path[path],
            target[PythonResolveField].normalized_value(python_setup),
            target.has_field(PythonTestSourceField) and not target.get(SkipPythonTestsField).value,
        )
        for path, target in owners
    }
    order = sorted(sources, key=lambda source: (source.path, source.resolve, source.is_test))
    return FirstPartySources(tuple(order))


def rules() -> Iterable[Rule]:
    return collect_rules()
