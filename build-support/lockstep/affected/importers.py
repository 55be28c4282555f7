"""Files whose imports name a module that came, went or changed hands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.dependency_inference.parse_python_dependencies import (
    ParsedPythonDependencies,
    ParsePythonDependenciesRequest,
)
from pants.backend.python.dependency_inference.rules import (
    PythonImportDependenciesInferenceFieldSet,
)
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.engine.addresses import Address
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets

from lockstep.affected.roots import Span, Touched
from lockstep.core.affected import Cause
from lockstep.core.touched_modules import naming


@dataclass(frozen=True)
class ImportersRequest:
    """Find the files that name touched modules."""

    touched: tuple[Touched, ...]


@dataclass(frozen=True)
class Importers:
    """Their targets, each with why."""

    targets: tuple[tuple[Address, Cause], ...]


@dataclass(frozen=True)
class AllImports:
    """What every file imports, by its target."""

    imports: tuple[tuple[Address, tuple[str, ...]], ...]


@rule(desc="Read the imports of all files")
async def read_all_imports(targets: AllTargets, python_setup: PythonSetup) -> AllImports:
    field_sets = [
        PythonImportDependenciesInferenceFieldSet.create(target)
        for target in targets
        if PythonImportDependenciesInferenceFieldSet.is_applicable(target)
    ]
    parsed = await MultiGet(
        Get(
            ParsedPythonDependencies,
            ParsePythonDependenciesRequest(
                fields.source,
                InterpreterConstraints.create_from_compatibility_fields(
                    [fields.interpreter_constraints], python_setup
                ),
            ),
        )
        for fields in field_sets
    )
    return AllImports(
        tuple((f.address, tuple(told.imports)) for f, told in zip(field_sets, parsed))
    )


@rule
async def find_importers(request: ImportersRequest) -> Importers:
    if not request.touched:
        return Importers(())
    read = await Get(AllImports)
    causes = {touched.module: touched.cause for touched in reversed(request.touched)}
    spans: dict[str, bool] = {}
    for touched in request.touched:
        deep = touched.span is Span.DISTRIBUTION
        spans[touched.module] = spans.get(touched.module, False) or deep
    named = ((address, naming(imports, spans)) for address, imports in read.imports)
    return Importers(
        tuple((address, causes[module]) for address, module in named if module is not None)
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
