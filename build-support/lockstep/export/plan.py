"""Rules that tell what `./pants export` is to make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, cast

from pants.backend.python.target_types import PythonSourceField
from pants.core.util_rules.source_files import SourceFilesRequest
from pants.core.util_rules.stripped_source_files import StrippedSourceFiles
from pants.engine.fs import Digest, DigestContents
from pants.engine.platform import Platform
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets, GenerateSourcesRequest, SourcesField
from pants.engine.unions import UnionMembership
from pants.source.source_root import AllSourceRoots

from lockstep.core.slices import check_environment
from lockstep.envs.checkout import Content
from lockstep.lock.goal import LockFaults, LockFaultsRequest
from lockstep.lock_export.named_roots import LockOfRequest, NamedRoots, ReachedRequirements
from lockstep.slices.locks import ManagedLock, SliceRequest, SliceText


@dataclass(frozen=True)
class PlanRequest:
    """Tell what an environment for people is to hold.

    Attributes:
        roots: the targets that it is for; none for the whole lock.
        python: the Python that it is for, such as `3.11`.
    """

    roots: NamedRoots
    python: str


@dataclass(frozen=True)
class Plan:
    """What an environment for people is to hold.

    Attributes:
        content: that.
        lock_faults: what of the lock does not fit its inputs, a line each.
    """

    content: Content
    lock_faults: tuple[str, ...]


@dataclass(frozen=True)
class GeneratedSourcesRequest:
    """Generate the Python sources of all targets that have some."""


@dataclass(frozen=True)
class GeneratedPythonSources:
    """Paths below their source roots, and content."""

    files: tuple[tuple[str, bytes], ...]


@rule(desc="Generate Python sources for export")
async def generate_sources(
    _: GeneratedSourcesRequest, all_targets: AllTargets, union_membership: UnionMembership
) -> GeneratedPythonSources:
    generators = cast(
        "Iterable[type[GenerateSourcesRequest]]", union_membership.get(GenerateSourcesRequest)
    )
    inputs = tuple(
        generator.input
        for generator in generators
        if issubclass(generator.output, PythonSourceField)
    )
    fields = [
        field
        for target in all_targets
        for field in target.field_values.values()
        if isinstance(field, SourcesField) and isinstance(field, inputs)
    ]
    if not fields:
        return GeneratedPythonSources(())
    stripped = await Get(
        StrippedSourceFiles,
        SourceFilesRequest(fields, for_sources_types=(PythonSourceField,), enable_codegen=True),
    )
    contents = await Get(DigestContents, Digest, stripped.snapshot.digest)
    return GeneratedPythonSources(tuple((file.path, file.content) for file in contents))


@rule(desc="Plan the export")
async def plan_export(request: PlanRequest, platform: Platform) -> Plan:
    resolve = request.roots.resolve
    lock = await Get(ManagedLock, LockOfRequest(resolve))
    assert lock.slicer is not None, "the rule refuses other locks"
    check_environment(lock.slicer.lock, request.python, platform.value)
    reached = await Get(ReachedRequirements, NamedRoots, request.roots)
    wanted = SliceRequest(lock.path, reached.requirements, request.python, platform.value)
    cut, roots, generated, faults = await MultiGet(
        Get(SliceText, SliceRequest, wanted),
        Get(AllSourceRoots),
        Get(GeneratedPythonSources, GeneratedSourcesRequest()),
        Get(LockFaults, LockFaultsRequest(resolve)),
    )
    folders = tuple(root.path for root in roots)
    content = Content(lock.path, cut.text, cut.size, folders, generated.files)
    return Plan(content, faults.lines)


def rules() -> Iterable[Rule]:
    return collect_rules()
