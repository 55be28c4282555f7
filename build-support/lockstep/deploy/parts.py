"""What a deployable is made of, and its parts: the slice's wheels and the code, as archives.

What makes a part is a coroutine of the rule that packages, not a rule: the engine lays out each rule anew
for each way that leads to it, and to what packages there are dozens.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from pants.backend.python.target_types import EntryPoint, PexCompletePlatformsField, PexLayout
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import BuildPexResult, CompletePlatforms, PexRequest
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_from_targets import (
    ChosenPythonResolve,
    ChosenPythonResolveRequest,
    InterpreterConstraintsRequest,
)
from pants.backend.python.util_rules.pex_requirements import PexRequirements, Resolve
from pants.backend.python.util_rules.python_sources import (
    PythonSourceFiles,
    PythonSourceFilesRequest,
    StrippedPythonSourceFiles,
)
from pants.engine.addresses import Address, Addresses
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestContents,
    FileContent,
    MergeDigests,
    Snapshot,
)
from pants.engine.platform import Platform
from pants.engine.process import FallibleProcessResult, Process, ProcessExecutionFailure
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import TransitiveTargets, TransitiveTargetsRequest
from pants.util.frozendict import FrozenDict

from lockstep.core.deployables import (
    Deployable,
    Wheel,
    check_portable,
    check_scripts,
    no_wheels,
    source_digest,
)
from lockstep.core.errors import LockstepError
from lockstep.core.hosts import Host
from lockstep.deploy.named_files import find_named_files
from lockstep.deploy.target_types import (
    DefaultsField,
    Entries,
    EntriesRequest,
    EntryFieldSet,
    HealthField,
    Processes,
    ProcessesRequest,
    ServiceNameField,
    check_owned,
    service_name,
)
from lockstep.deployables.shipping import builder, source_of
from lockstep.deployables.tree import DESCRIPTION, START
from lockstep.imports.unowned import OwnedClosure, OwnedClosureRequest
from lockstep.slices.drawn import DrawnSlice, DrawnSliceRequest
from lockstep.slices.interpreters import CACHES
from lockstep.slices.locks import SliceRequest, SliceText

_BUILDER = ".lockstep/builder"
_SOURCES = "sources"
_SLICE_PEX = "slice.pex"
_TARBALL = "deployable.tar.gz"
THIRD_PARTY = "third-party.tar"
FIRST_PARTY = "first-party.tar"


@dataclass(frozen=True)
class ContentRequest:
    """Tell what a deployable is made of.

    Attributes:
        entries: what tells of the modules that are started.
        service, defaults, health, complete_platforms: fields of the target.
    """

    entries: EntryFieldSet
    service: ServiceNameField
    defaults: DefaultsField
    health: HealthField
    complete_platforms: PexCompletePlatformsField


@dataclass(frozen=True)
class Content:
    """What a deployable is made of, before anything is built.

    Attributes:
        address: of the target.
        deployable: what it says of itself.
        start: the program that starts it and what that reads, at the top of the code.
        sources: the code, each import root at the top.
        source_digest: of all of these, in hex.
        paths: of the sources in the repository.
        slice: of the lock.
        slice_text: its text.
        constraints: of the interpreter.
        hosts: that it is for.
        platforms: theirs, where they are not like this machine.
        pex: the request for a PEX of the slice.
    """

    address: Address
    deployable: Deployable
    start: Digest
    sources: Digest
    source_digest: str
    paths: tuple[str, ...]
    slice: SliceRequest
    slice_text: str
    constraints: InterpreterConstraints
    hosts: tuple[Host, ...]
    platforms: CompletePlatforms
    pex: PexRequest


@rule(desc="Find what a deployable is made of")
async def find_content(request: ContentRequest, platform: Platform) -> Content:
    address, procfile = request.entries.address, request.entries.procfile
    check_owned(procfile, await Get(Entries, EntriesRequest(request.entries)))
    addresses = Addresses([address])
    await Get(OwnedClosure, OwnedClosureRequest(addresses))
    processes, closure, resolve, constraints = await MultiGet(
        Get(Processes, ProcessesRequest(procfile)),
        Get(TransitiveTargets, TransitiveTargetsRequest(addresses)),
        Get(ChosenPythonResolve, ChosenPythonResolveRequest(addresses)),
        Get(InterpreterConstraints, InterpreterConstraintsRequest(addresses)),
    )
    named = await find_named_files(request.complete_platforms)
    platforms = CompletePlatforms()
    hosts: tuple[Host, ...] = (Host.like_this(platform.value),)
    if named.files:
        # Pants compares platforms by their paths alone, so these have to tell what they hold.
        prefix = f"platforms-{named.digest.fingerprint}"
        renamed = await Get(Snapshot, AddPrefix(named.digest, prefix))
        platforms = CompletePlatforms.from_snapshot(renamed)
        described = await Get(DigestContents, Digest, renamed.digest)
        hosts = tuple(Host.described(file.path, file.content) for file in described)
    # Not by `PexFromTargetsRequest`: through local distributions that leads to all that packages,
    # this rule included, which takes the engine seconds to lay out at its start.
    pex = PexRequest(
        output_filename=_SLICE_PEX,
        internal_only=not platforms,
        requirements=PexRequirements(
            addresses,
            from_superset=Resolve(resolve.name, False),
            description_of_origin=address.spec,
        ),
        interpreter_constraints=constraints,
        layout=PexLayout.PACKED if platforms else None,
        complete_platforms=platforms,
        additional_args=("--no-pre-install-wheels",) if platforms else (),
    )
    drawn = await Get(DrawnSlice, DrawnSliceRequest(pex))
    if drawn.wanted is None:
        raise LockstepError(
            f"{address} draws from no lock that Lockstep writes",
            mend="Name one in `[python].resolves`, and run `./pants lock`",
        )
    wanted = dataclasses.replace(drawn.wanted, platform=None if platforms else platform.value)
    cut, files = await MultiGet(
        Get(SliceText, SliceRequest, wanted),
        Get(
            PythonSourceFiles,
            PythonSourceFilesRequest(closure.dependencies, include_files=True),
        ),
    )
    stripped = await Get(StrippedPythonSourceFiles, PythonSourceFiles, files)
    sources = stripped.stripped_source_files.snapshot.digest
    deployable = Deployable(
        service_name(request.service),
        processes.processes,
        request.defaults.value or FrozenDict(),
        request.health.value or "",
        wanted.python,
    )
    start_program = source_of("lockstep.deployables.start")
    start = await Get(
        Digest,
        CreateDigest(
            [
                FileContent(START, start_program),
                FileContent(DESCRIPTION, deployable.document().encode()),
            ]
        ),
    )
    return Content(
        address,
        deployable,
        start,
        sources,
        source_digest(
            deployable.document(),
            (sources.fingerprint, start.fingerprint, platforms.digest.fingerprint),
        ),
        (procfile.file_path, *files.source_files.files),
        wanted,
        cut.text,
        InterpreterConstraints([f"CPython=={wanted.python}.*"]),
        hosts,
        platforms,
        pex,
    )


@dataclass(frozen=True)
class BuilderCall:
    """A call of the builder of deployables.

    Attributes:
        arguments: mode and more.
        inputs: what it reads.
        output: the file that it writes.
        description: for the user.
    """

    arguments: tuple[str, ...]
    inputs: Digest
    output: str
    description: str


@dataclass(frozen=True)
class Built:
    """What the builder wrote and told."""

    digest: Digest
    told: Mapping[str, Any]


async def run_builder(content: Content, *calls: BuilderCall) -> tuple[Built, ...]:
    """Run the builder for each call, at once, under the Python of a deployable.

    Raises:
        LockstepError: one failed.
    """
    program = [FileContent(f"{_BUILDER}/{path}", text) for path, text in builder().items()]
    python, program_digest = await MultiGet(
        Get(PythonExecutable, InterpreterConstraints, content.constraints),
        Get(Digest, CreateDigest(program)),
    )
    inputs = await MultiGet(
        Get(Digest, MergeDigests([call.inputs, program_digest])) for call in calls
    )
    results = await MultiGet(
        Get(
            FallibleProcessResult,
            Process(
                (python.path, "-BSs", _BUILDER, *call.arguments),
                input_digest=digest,
                output_files=(call.output,),
                env={"PYTHONHASHSEED": "0"},
                append_only_caches=FrozenDict({**python.append_only_caches, **CACHES}),
                description=call.description,
            ),
        )
        for call, digest in zip(calls, inputs)
    )
    for call, result in zip(calls, results):
        if result.exit_code != 0:
            told = result.stderr.decode(errors="replace").strip()
            raise LockstepError(
                f"{call.description} failed", mend="See to what is told below", detail=told
            )
    return tuple(Built(one.output_digest, json.loads(one.stdout)) for one in results)


@dataclass(frozen=True)
class ThirdParty:
    """The third-party code.

    Attributes:
        digest: the archive.
        wheels: what is in it.
        clashes: files that several wheels hold.
    """

    digest: Digest
    wheels: tuple[Wheel, ...]
    clashes: tuple[str, ...]


async def build_third_party(content: Content, built_here: Iterable[str]) -> ThirdParty:
    """Build the archive of the third-party code.

    Args:
        content: of the deployable.
        built_here: projects that may be built for this machine alone.

    Raises:
        LockstepError: the slice cannot be had for the hosts, or lacks what a process starts.
    """
    service = content.deployable.name
    try:
        pex = await Get(BuildPexResult, PexRequest, content.pex)
    except ProcessExecutionFailure as error:
        raise no_wheels(service, tuple(content.platforms), error.stderr.decode(errors="replace"))
    call = BuilderCall(
        ("third-party", f"{pex.pex_filename}/.deps", THIRD_PARTY),
        pex.digest,
        THIRD_PARTY,
        f"Installing the slice of {service}",
    )
    (built,) = await run_builder(content, call)
    wheels = tuple(
        Wheel(**{**told, "scripts": tuple(told["scripts"])}) for told in built.told["wheels"]
    )
    check_portable(service, wheels, built_here)
    check_scripts(content.deployable, wheels)
    return ThirdParty(built.digest, wheels, tuple(built.told["clashes"]))


async def build_first_party(content: Content) -> Digest:
    """Build the archive of the first-party code."""
    sources = await Get(Digest, AddPrefix(content.sources, _SOURCES))
    call = BuilderCall(
        ("first-party", _SOURCES, START, DESCRIPTION, FIRST_PARTY),
        await Get(Digest, MergeDigests([sources, content.start])),
        FIRST_PARTY,
        f"Compiling the code of {content.deployable.name}",
    )
    (built,) = await run_builder(content, call)
    return built.digest


async def build_tarball(content: Content, name: str, *archives: Digest) -> Digest:
    """Build the tarball of the installed layout, below a folder of the name.

    Args:
        content: of the deployable.
        name: of the folder.
        archives: the first-party and the third-party code.
    """
    call = BuilderCall(
        ("tarball", f"{name}/", _TARBALL, FIRST_PARTY, THIRD_PARTY),
        await Get(Digest, MergeDigests(archives)),
        _TARBALL,
        f"Packing {name}.tar.gz",
    )
    (built,) = await run_builder(content, call)
    return built.digest


async def build_single_file(content: Content) -> Digest:
    """Build the PEX."""
    sources = await Get(Digest, MergeDigests([content.sources, content.start]))
    pex = PexRequest(
        output_filename="deployable.pex",
        internal_only=False,
        layout=PexLayout.ZIPAPP,
        requirements=content.pex.requirements,
        interpreter_constraints=content.pex.interpreter_constraints,
        complete_platforms=content.platforms,
        sources=sources,
        main=EntryPoint(START[: -len(".py")]),
        additional_args=("--no-emit-warnings",),  # they would stand among the logs
    )
    return (await Get(BuildPexResult, PexRequest, pex)).digest


def rules() -> Iterable[Rule]:
    return collect_rules()
