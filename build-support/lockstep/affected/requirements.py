"""Causes that lie in locks and requirements inputs, by the slice of each requirement."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterable, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pants.backend.python.macros.python_requirements import PythonRequirementsTargetGenerator
from pants.backend.python.pip_requirement import PipRequirement
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonRequirementResolveField, PythonRequirementsField
from pants.engine.addresses import Address
from pants.engine.platform import Platform
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import SingleSourceField, Target
from pants.util.frozendict import FrozenDict

from lockstep.affected.owners import Ownership, generators_of_address
from lockstep.affected.revision import BaseContents, BaseContentsRequest
from lockstep.affected.roots import Revision, Roots, Span, Touched
from lockstep.core import graph_codec
from lockstep.core.affected import Cause, CauseKind, Reach
from lockstep.core.environments import platform_environment, python_environment
from lockstep.core.errors import LockstepError
from lockstep.core.graph import LockGraph
from lockstep.core.input_values import Input
from lockstep.core.inputs import by_project, decoded, joined, parse_input
from lockstep.core.slice_changes import Side, SliceChanges, side_of
from lockstep.lock.inputs import minor_versions
from lockstep.slices.locks import LockRequest, ManagedLock


@dataclass(frozen=True)
class RequirementCausesRequest:
    """Find the causes that changed locks and inputs make.

    Attributes:
        revision: what to compare with.
        defined: for each `python_requirement` whose requirements changed, those at the base.
        gone: requirements that BUILD files state no more, each with its place.
        inputs: requirements inputs that no target names any more.
    """

    revision: Revision
    defined: FrozenDict[Address, tuple[str, ...]]
    gone: tuple[tuple[str, tuple[str, ...]], ...] = ()
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class RequirementCauses:
    """What they are."""

    roots: Roots


@dataclass(frozen=True)
class BaseInputsRequest:
    """Read inputs as they were at a commit, with all that they include.

    Attributes:
        commit: the base.
        paths: the inputs.
    """

    commit: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class BaseInputs:
    """Requirements (PEP 508) by normalised project, by input; None for one that cannot be read."""

    inputs: FrozenDict[str, FrozenDict[str, tuple[str, ...]] | None]


@rule(desc="Read the inputs of the base")
async def read_base_inputs(request: BaseInputsRequest) -> BaseInputs:
    read: dict[str, Input] = {}
    failed: set[str] = set()
    todo: Sequence[str] = request.paths
    while todo:
        contents = await Get(BaseContents, BaseContentsRequest(request.commit, tuple(todo)))
        included: set[str] = set()
        for path, content in contents.files.items():
            try:
                read[path] = parse_input(decoded(content, path), path)
            except LockstepError:
                failed.add(path)
                continue
            included.update(include.target for include in read[path].includes)
        todo = sorted(included - read.keys() - failed)
    found: dict[str, FrozenDict[str, tuple[str, ...]] | None] = {}
    for path in request.paths:
        if path not in read and path not in failed:
            found[path] = FrozenDict()  # there was none
            continue
        try:
            stated = by_project(joined([path], read).requirements)
        except LockstepError:
            found[path] = None
            continue
        found[path] = FrozenDict((str(canonicalize_name(n)), texts) for n, texts in stated.items())
    return BaseInputs(FrozenDict(found))


@rule(desc="Compare slices with the base")
async def find_requirement_causes(
    request: RequirementCausesRequest,
    ownership: Ownership,
    python_setup: PythonSetup,
    platform: Platform,
) -> RequirementCauses:
    changed = request.revision.paths()
    inputs = {
        generators_of_address(generator.address): str(generator[SingleSourceField].file_path)
        for generator in ownership.generators
        if isinstance(generator, PythonRequirementsTargetGenerator)
    }
    # Any file can be included by an input, so each input is read where any such file changed.
    paths = {*inputs.values(), *request.inputs} if changed else set()
    base = await Get(BaseInputs, BaseInputsRequest(request.revision.commit, tuple(sorted(paths))))

    requirements: dict[str, list[Target]] = defaultdict(list)
    for target in ownership.targets:
        if target.has_fields((PythonRequirementResolveField, PythonRequirementsField)):
            resolve = target[PythonRequirementResolveField].normalized_value(python_setup)
            requirements[resolve].append(target)

    gone_with_targets = [
        *((_project(texts[0]), place, texts) for place, texts in request.gone if texts),
        *(
            (project, path, texts)
            for path in request.inputs
            for project, texts in (base.inputs.get(path) or {}).items()
        ),
    ]
    targets: list[tuple[Address, Cause]] = []
    touched: list[Touched] = []
    everywhere: list[Cause] = []
    for resolve in sorted(requirements):
        path = python_setup.resolves[resolve]
        graph_path = graph_codec.graph_path(path)
        before_texts = {
            target.address: _texts_before(target, inputs, base, request.defined)
            for target in requirements[resolve]
        }
        is_same = all(
            before == _texts(target)
            for target, before in zip(requirements[resolve], before_texts.values())
        )
        gone = [*_gone(inputs, base, ownership, resolve, python_setup), *gone_with_targets]
        if not changed & {path, graph_path} and is_same and not gone:
            continue
        lock = await Get(ManagedLock, LockRequest(path))
        contents = await Get(
            BaseContents, BaseContentsRequest(request.revision.commit, (path, graph_path))
        )
        if lock.slicer is None:
            everywhere.append(Cause(f"{path} is not Lockstep's, so all of it counts", _BASE))
            continue
        try:
            before = side_of(contents.files, path, graph_path)
        except LockstepError:
            everywhere.append(Cause(f"{path} cannot be read at the base", _BASE))
            continue
        graph = graph_codec.parse(lock.graph, graph_path) if lock.graph else None
        after = Side(lock.slicer, graph)
        constraints = python_setup.resolves_to_interpreter_constraints.get(
            resolve, python_setup.interpreter_constraints
        )
        here = [
            {**python_environment(version), **platform_environment(platform.value)}
            for version in minor_versions(resolve, constraints)
        ]
        served = _served(requirements[resolve], before_texts, gone)
        slices = SliceChanges(before, after, here)
        for target in requirements[resolve]:
            for cause in _causes(target, before_texts[target.address], served, slices):
                targets.append((target.address, cause))
                if cause.reach is Reach.ALL:
                    touched.extend(_modules_moved(target, before, after, cause))
        for project, file, stated in gone:
            if not _serves(stated, [t for target in requirements[resolve] for t in _texts(target)]):
                cause = Cause(f"{project} removed from {file}", _REQUIREMENT)
                touched.extend(_modules(project, before.graph, cause))
    return RequirementCauses(Roots(tuple(targets), tuple(touched), tuple(everywhere)))


_BASE = CauseKind.BASE
_REQUIREMENT = CauseKind.REQUIREMENT


def _texts(target: Target) -> tuple[str, ...]:
    return tuple(str(requirement) for requirement in target[PythonRequirementsField].value)


@lru_cache(maxsize=None)  # of all requirements in a lock's inputs, it would take a second
def _project(text: str) -> str:
    return str(canonicalize_name(Requirement(text).name))


def _texts_before(
    target: Target,
    inputs: Mapping[tuple[str, str], str],
    base: BaseInputs,
    defined: Mapping[Address, tuple[str, ...]],
) -> tuple[str, ...] | None:
    """What a requirement target stated at the base; None for nothing or what cannot be told."""
    if target.address in defined:
        return defined[target.address]
    path = inputs.get(generators_of_address(target.address))
    if path is None or path not in base.inputs:
        return _texts(target)
    stated = base.inputs[path]
    if stated is None:
        return None
    found = stated.get(_project(_texts(target)[0]))
    return _spelled(found) if found is not None else None


@lru_cache(maxsize=None)
def _spelled(texts: tuple[str, ...]) -> tuple[str, ...]:
    """As Pants spells what a target states."""
    return tuple(str(PipRequirement.parse(text)) for text in texts)


def _gone(
    inputs: Mapping[tuple[str, str], str],
    base: BaseInputs,
    ownership: Ownership,
    resolve: str,
    python_setup: PythonSetup,
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Projects that an input stated and states no more: the project, the input, what it stated."""
    for generator in ownership.generators:
        key = generators_of_address(generator.address)
        stated = base.inputs.get(inputs.get(key, ""))
        if stated is None:
            continue
        siblings = [t for t in ownership.defined_as(*key) if t.has_field(PythonRequirementsField)]
        resolves = {
            t[PythonRequirementResolveField].normalized_value(python_setup) for t in siblings
        }
        if siblings and resolve not in resolves:
            continue  # only what it generates tells its resolve; with nothing left, it may be any
        now = {_project(text) for target in siblings for text in _texts(target)}
        for project, texts in stated.items():
            if project not in now:
                yield project, inputs[key], texts


def _served(
    targets: Iterable[Target],
    before: Mapping[Address, tuple[str, ...] | None],
    gone: Iterable[tuple[str, str, tuple[str, ...]]],
) -> tuple[str, ...]:
    """All requirements that were stated at the base."""
    stated = [text for target in targets for text in before[target.address] or ()]
    return (*stated, *(text for _, _, texts in gone for text in texts))


def _serves(wanted: Sequence[str], stated: Iterable[str]) -> bool:
    """Whether the same pins are asked for elsewhere: extras and markers count, versions do not."""
    have = {_asked(text) for text in stated}
    return all(_asked(text) in have for text in wanted)


def _asked(text: str) -> tuple[str, tuple[str, ...], str]:
    requirement = Requirement(text)
    extras = tuple(sorted(str(canonicalize_name(extra)) for extra in requirement.extras))
    return str(canonicalize_name(requirement.name)), extras, str(requirement.marker or "")


def _causes(
    target: Target, stated: tuple[str, ...] | None, served: tuple[str, ...], slices: SliceChanges
) -> Iterator[Cause]:
    """Why a requirement target counts as changed.

    Args:
        target: the target.
        stated: what it stated at the base; None for nothing.
        served: all that was stated at the base.
        slices: the locks of both revisions.
    """
    texts = _texts(target)
    if stated is None:
        is_known = _serves(texts, served)
        reach = Reach.PACKAGE if is_known else Reach.ALL
        yield Cause(f"{_project(texts[0])} added to {_input(target)}", _REQUIREMENT, reach)
        if not is_known:
            return
        stated = texts
    yield from slices.causes(stated, texts)
    if stated != texts:
        told = f"{_input(target)} states {' and '.join(texts)}, not {' and '.join(stated)}"
        yield Cause(told, _REQUIREMENT, Reach.PACKAGE)


def _input(target: Target) -> str:
    generator = target.address.maybe_convert_to_target_generator()
    return generator.spec


def _modules_moved(target: Target, before: Side, after: Side, cause: Cause) -> Iterator[Touched]:
    """Modules that the requirement's own project provides at one revision only."""
    project = _project(_texts(target)[0])
    old, new = (
        {touched.module for touched in _modules(project, side.graph, cause)}
        for side in (before, after)
    )
    for module in sorted(old ^ new):
        yield Touched(module, cause, Span.DISTRIBUTION)


def _modules(project: str, graph: LockGraph | None, cause: Cause) -> Iterator[Touched]:
    entries = graph.by_project().get(project, ()) if graph is not None else ()
    modules = {module for entry in entries for module in (*entry.modules, *entry.stubs)}
    for module in sorted(modules or {project.replace("-", "_")}):
        yield Touched(module, cause, Span.DISTRIBUTION)


def rules() -> Iterable[Rule]:
    return collect_rules()
