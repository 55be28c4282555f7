"""The seam that generates requirement targets from what Lockstep reads, not from Pants' parsers."""

from __future__ import annotations

import os
from typing import Iterable, Iterator

from pants.backend.python.macros import python_requirements
from pants.backend.python.macros.common_requirements_rule import _generate_requirements
from pants.backend.python.macros.python_requirements import GenerateFromPythonRequirementsRequest
from pants.backend.python.pip_requirement import PipRequirement
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonRequirementTarget
from pants.core.target_types import (
    TargetGeneratorSourcesHelperSourcesField,
    TargetGeneratorSourcesHelperTarget,
)
from pants.engine.addresses import Address
from pants.engine.rules import Get
from pants.engine.target import Dependencies, GeneratedTargets, SingleSourceField, Target
from pants.engine.unions import UnionMembership

from lockstep.core.inputs import Inputs, by_project
from lockstep.lock.inputs import InputFilesRequest
from lockstep.pants_api.seam import Coroutine, replace


async def generate_from_python_requirement(
    original: Coroutine,
    request: GenerateFromPythonRequirementsRequest,
    unions: UnionMembership,
    python_setup: PythonSetup,
) -> GeneratedTargets:
    """Generate a target for each project that an input requires, included files and all."""
    path = request.generator[SingleSourceField].file_path
    assert path is not None, "the field has a default"
    inputs = await Get(Inputs, InputFilesRequest((path,)))
    parsed = [
        PipRequirement.parse(text, description_of_origin=path)
        for texts in by_project(inputs.requirements).values()
        for text in texts
    ]
    generated = await _generate_requirements(
        request, unions, python_setup, parse_requirements_callback=lambda content, path: parsed
    )
    included = tuple(_included(request, [f for f in inputs.files if f != path], unions))
    depending = (_depending(target, included, unions) for target in generated)
    return GeneratedTargets(request.generator, (*depending, *included))


def _included(
    request: GenerateFromPythonRequirementsRequest, paths: Iterable[str], unions: UnionMembership
) -> Iterator[Target]:
    """The included files that can belong to the generator: those below its folder."""
    base = request.template_address
    for path in paths:
        below = os.path.relpath(path, base.spec_path or ".")
        if not below.startswith("../"):
            yield TargetGeneratorSourcesHelperTarget(
                {TargetGeneratorSourcesHelperSourcesField.alias: below},
                Address(base.spec_path, target_name=base.target_name, relative_file_path=below),
                unions,
            )


def _depending(target: Target, included: tuple[Target, ...], unions: UnionMembership) -> Target:
    """A requirement that also depends on the files that the input includes."""
    if not included or not isinstance(target, PythonRequirementTarget):
        return target
    fields = {field.alias: field.value for field in target.field_values.values()}
    files = [helper.address.spec for helper in included]
    fields[Dependencies.alias] = [*(fields[Dependencies.alias] or ()), *files]
    return PythonRequirementTarget(fields, target.address, unions)


def install() -> None:
    """Put the seam in place."""
    replace(python_requirements.generate_from_python_requirement, generate_from_python_requirement)
