"""Finds the requirements inputs of a resolve through its targets, and reads them."""

from __future__ import annotations

import glob
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Iterable, Iterator, Mapping, Sequence

from pants.backend.python.macros.python_requirements import PythonRequirementsTargetGenerator
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonRequirementResolveField, PythonRequirementsField
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.internals.target_adaptor import TargetAdaptor, TargetAdaptorRequest
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllUnexpandedTargets, SingleSourceField, Target

from lockstep.core.environments import python_environment
from lockstep.core.errors import LockstepError, TextError
from lockstep.core.inputs import (
    Input,
    InputRequirement,
    Inputs,
    Setting,
    decoded,
    is_compiled,
    joined,
    parse_input,
    refuse_indexes,
    refuse_other_pythons,
)
from lockstep.core.lock import inputs_digest
from lockstep.subsystem import Lockstep

_CONFIGURATION = "pants.toml"


@dataclass(frozen=True)
class ResolveInputsRequest:
    """Read every requirements input of a resolve.

    Attributes:
        resolve: a name of `[python].resolves`.
    """

    resolve: str


@dataclass(frozen=True)
class ResolveInputs:
    """What a resolve's lock has to satisfy.

    Attributes:
        resolve: its name.
        lock_path: the lock, relative to the build root.
        requirements: in the order of paths and lines.
        interpreters: the interpreter constraints of the resolve.
        constraints: what only bounds versions, in that order too.
        settings: how to resolve; none of them names an index.
        overrides: requirements that take the place of all others of their project (PEP 508).
        exclusions: projects to leave out.
        compiled: the paths of those included files that are locks of another tool.
    """

    resolve: str
    lock_path: str
    requirements: tuple[InputRequirement, ...]
    interpreters: tuple[str, ...]
    constraints: tuple[InputRequirement, ...] = ()
    settings: tuple[Setting, ...] = ()
    overrides: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    compiled: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """What a lock of these inputs has in its header."""
        return inputs_digest(
            self.requirements,
            self.interpreters,
            self.constraints,
            self.settings,
            self.overrides,
            self.exclusions,
        )


@dataclass(frozen=True)
class InputFilesRequest:
    """Read input files, and all that they include.

    Attributes:
        paths: relative to the build root.
    """

    paths: tuple[str, ...]


@rule(desc="Read the requirements files")
async def read_input_files(request: InputFilesRequest) -> Inputs:
    read: dict[str, Input] = {}
    todo: Sequence[str] = request.paths
    while todo:
        contents = await Get(DigestContents, PathGlobs(map(glob.escape, todo)))
        found = [parse_input(decoded(c.content, c.path), c.path) for c in contents]
        read.update((file.path, file) for file in found)
        included = {include.target for file in found for include in file.includes}
        todo = sorted(included - read.keys())
    return joined(request.paths, read)


@rule(desc="Read the requirements inputs")
async def read_inputs(
    request: ResolveInputsRequest,
    targets: AllUnexpandedTargets,
    python_setup: PythonSetup,
    lockstep: Lockstep,
) -> ResolveInputs:
    generators = {target.address: target for target in targets if _is_generator(target)}
    files: set[str] = set()
    stated: dict[str, set[str]] = defaultdict(set)
    for target in targets:
        if not _is_requirement(target, request.resolve, python_setup):
            continue
        generator = generators.get(target.address.maybe_convert_to_target_generator())
        if generator is not None:
            files.add(_input_file(generator))
        else:
            requirements = target[PythonRequirementsField].value
            stated[_build_file(target.address)].update(str(r) for r in requirements)
    unrequiring = _without_requirements(targets)
    adaptors = await MultiGet(
        Get(TargetAdaptor, TargetAdaptorRequest(target.address, "the inputs of a resolve"))
        for target in unrequiring
    )
    for target, adaptor in zip(unrequiring, adaptors):
        named = target.address.parameters.get("resolve") or adaptor.kwargs.get("resolve")
        if (named or python_setup.default_resolve) == request.resolve:
            files.add(_input_file(target))
    inputs = await Get(Inputs, InputFilesRequest(tuple(sorted(files))))
    refuse_indexes(inputs.settings)
    paths = {constraint.path for constraint in inputs.constraints}
    bounding = await Get(DigestContents, PathGlobs(map(glob.escape, sorted(paths))))
    in_builds = (
        InputRequirement(path, 0, requirement)
        for path, requirements in stated.items()
        for requirement in sorted(requirements)
    )
    found = ResolveInputs(
        resolve=request.resolve,
        lock_path=python_setup.resolves[request.resolve],
        requirements=_sorted((*inputs.requirements, *in_builds)),
        interpreters=tuple(
            python_setup.resolves_to_interpreter_constraints.get(
                request.resolve, python_setup.interpreter_constraints
            )
        ),
        constraints=_sorted(
            (*inputs.constraints, *_configured(lockstep.constraints, request.resolve))
        ),
        settings=(
            *inputs.settings,
            *(
                [Setting(_CONFIGURATION, 0, "pre")]
                if request.resolve in lockstep.prereleases
                else []
            ),
        ),
        overrides=tuple(r.text for r in _configured(lockstep.overrides, request.resolve)),
        exclusions=tuple(lockstep.exclusions.get(request.resolve, ())),
        compiled=frozenset(c.path for c in bounding if is_compiled(decoded(c.content, c.path))),
    )
    refuse_other_pythons(inputs, minor_versions(found.resolve, found.interpreters))
    return found


def _configured(option: Mapping[str, list[str]], resolve: str) -> Iterator[InputRequirement]:
    """The requirements that an option states for a resolve."""
    text = "".join(f"{requirement}\n" for requirement in option.get(resolve, ()))
    for requirement in parse_input(text, _CONFIGURATION).requirements:
        yield replace(requirement, line=0)


def _sorted(requirements: Iterable[InputRequirement]) -> tuple[InputRequirement, ...]:
    return tuple(sorted(requirements, key=lambda r: (r.path, r.line)))


def _is_generator(target: Target) -> bool:
    return not target.has_field(PythonRequirementsField) and target.has_field(SingleSourceField)


def _is_requirement(target: Target, resolve: str, python_setup: PythonSetup) -> bool:
    if not target.has_fields((PythonRequirementResolveField, PythonRequirementsField)):
        return False
    return bool(target[PythonRequirementResolveField].normalized_value(python_setup) == resolve)


def _without_requirements(targets: Iterable[Target]) -> tuple[Target, ...]:
    """The inputs that only bound or set something: no requirement of theirs tells their resolve."""
    requirements = {_generator_name(t) for t in targets if t.has_field(PythonRequirementsField)}
    return tuple(
        target
        for target in targets
        if isinstance(target, PythonRequirementsTargetGenerator)
        and _generator_name(target) not in requirements
    )


def _generator_name(target: Target) -> tuple[str, str]:
    return target.address.spec_path, target.address.target_name


def _input_file(generator: Target) -> str:
    path = generator[SingleSourceField].file_path
    if not isinstance(generator, PythonRequirementsTargetGenerator):
        raise TextError(
            str(path),
            1,
            f"the file is an input of the kind `{generator.alias}`, which is not supported",
            mend="State its requirements in a pyproject.toml or in requirements.txt format",
        )
    assert path is not None, "the field has a default"
    return path


def _build_file(address: Address) -> str:
    return f"{address.spec_path}/BUILD" if address.spec_path else "BUILD"


def minor_versions(resolve: str, interpreters: Iterable[str]) -> tuple[str, ...]:
    """The Pythons that a resolve is for, such as `3.11`, the lowest first.

    Raises:
        LockstepError: the resolve's interpreter constraints allow none.
    """
    versions = _allowed(tuple(interpreters))
    if not versions or "3.19" in versions:
        raise LockstepError(
            f"The resolve `{resolve}` is for {'any later Python' if versions else 'no Python'}"
            f" ({', '.join(interpreters)}), and a lock holds for Pythons that are known",
            mend="Bound it in `[python.resolves_to_interpreter_constraints]`, such as"
            ' `["CPython>=3.11,<3.13"]`',
        )
    return versions


@lru_cache(maxsize=256)
def _allowed(interpreters: tuple[str, ...]) -> tuple[str, ...]:
    known = [f"3.{minor}" for minor in range(7, 20)]
    return tuple(InterpreterConstraints(interpreters).partition_into_major_minor_versions(known))


def environment_of(inputs: ResolveInputs) -> dict[str, str]:
    """What is known of every environment that a resolve is for (PEP 508)."""
    versions = minor_versions(inputs.resolve, inputs.interpreters)
    known = python_environment(versions[0])
    if len(versions) > 1:
        del known["python_version"]
    return known


def rules() -> Iterable[Rule]:
    return collect_rules()
