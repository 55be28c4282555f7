"""The rule behind `./pants package` of a deployable: all outputs, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from pants.backend.python.target_types import (
    EntryPoint,
    PexCompletePlatformsField,
    PexLayout,
    PythonResolveField,
)
from pants.backend.python.util_rules.pex import BuildPexResult, PexRequest
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestEntries,
    FileContent,
    FileEntry,
    MergeDigests,
)
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule

from lockstep.core.deployables import BILL, ENDINGS, PEX, PROVENANCE, TARBALL, provenance
from lockstep.core.hosts import check_hosts
from lockstep.deploy.images import BuiltImage, ImageRequest
from lockstep.deploy.materials import Bill, BillRequest, DeployableVersion, VersionRequest
from lockstep.deploy.parts import (
    FIRST_PARTY,
    THIRD_PARTY,
    BuilderRequest,
    Built,
    Content,
    ContentRequest,
    FirstParty,
    FirstPartyRequest,
    ThirdParty,
    ThirdPartyRequest,
)
from lockstep.deploy.target_types import (
    BaseImageField,
    BuiltHereField,
    DefaultsField,
    DeployableDependencies,
    EntryFieldSet,
    HealthField,
    OutputsField,
    ProcfileField,
    RootFilesystemField,
    ServiceNameField,
)
from lockstep.deployables.tree import START
from lockstep.subsystem import Uv


@dataclass(frozen=True)
class DeployableFieldSet(PackageFieldSet):
    required_fields = (ProcfileField, OutputsField)

    procfile: ProcfileField
    dependencies: DeployableDependencies
    resolve: PythonResolveField
    service: ServiceNameField
    outputs: OutputsField
    defaults: DefaultsField
    health: HealthField
    complete_platforms: PexCompletePlatformsField
    root_filesystem: RootFilesystemField
    base_image: BaseImageField
    built_here: BuiltHereField
    output_path: OutputPathField

    @property
    def content(self) -> ContentRequest:
        """The request for what it is made of."""
        entries = EntryFieldSet(self.address, self.procfile, self.dependencies, self.resolve)
        return ContentRequest(
            entries, self.service, self.defaults, self.health, self.complete_platforms
        )


@dataclass(frozen=True)
class SingleFilePexRequest:
    """Build the executable file of a deployable."""

    content: Content


@dataclass(frozen=True)
class SingleFilePex:
    """The file."""

    digest: Digest


@rule(desc="Build the PEX of a deployable")
async def build_single_file(request: SingleFilePexRequest) -> SingleFilePex:
    content = request.content
    pex_request = await Get(
        PexRequest,
        PexFromTargetsRequest(
            [content.address],
            output_filename="deployable.pex",
            internal_only=False,
            layout=PexLayout.ZIPAPP,
            main=EntryPoint(START[: -len(".py")]),
            additional_sources=content.start,
            complete_platforms=content.platforms,
            additional_args=("--no-emit-warnings",),  # they would stand among the logs
        ),
    )
    return SingleFilePex((await Get(BuildPexResult, PexRequest, pex_request)).digest)


@dataclass(frozen=True)
class OutputRequest:
    """Build one output of a deployable.

    Attributes:
        kind: such as `pex`.
        content: what it is made of.
        version: of the deployable.
        third_party: the third-party code.
        root_filesystem, base_image: fields of the target.
    """

    kind: str
    content: Content
    version: str
    third_party: ThirdParty
    root_filesystem: RootFilesystemField
    base_image: BaseImageField


@dataclass(frozen=True)
class Output:
    """One file."""

    digest: Digest


@rule
async def build_output(request: OutputRequest) -> Output:
    content = request.content
    name = f"{content.deployable.name}-{request.version}"
    if request.kind == PEX:
        return Output((await Get(SingleFilePex, SingleFilePexRequest(content))).digest)
    first_party = await Get(FirstParty, FirstPartyRequest(content))
    if request.kind == TARBALL:
        both = await Get(Digest, MergeDigests([first_party.digest, request.third_party.digest]))
        output = "deployable.tar.gz"
        built = await Get(
            Built,
            BuilderRequest(
                ("tarball", f"{name}/", output, FIRST_PARTY, THIRD_PARTY),
                both,
                output,
                content.constraints,
                f"Packing {name}.tar.gz",
            ),
        )
        return Output(built.digest)
    image = await Get(
        BuiltImage,
        ImageRequest(
            content,
            request.version,
            first_party.digest,
            request.third_party.digest,
            request.root_filesystem,
            request.base_image,
        ),
    )
    return Output(image.digest)


@rule(desc="Package a deployable")
async def package_deployable(
    field_set: DeployableFieldSet, uv: Uv, pex_cli: PexCli
) -> BuiltPackage:
    content = await Get(Content, ContentRequest, field_set.content)
    kinds = sorted(set(field_set.outputs.value or ()))
    check_hosts(content.deployable.name, kinds, content.hosts)
    version, third_party = await MultiGet(
        Get(DeployableVersion, VersionRequest(content)),
        Get(ThirdParty, ThirdPartyRequest(content, tuple(field_set.built_here.value or ()))),
    )
    bill, *outputs = await MultiGet(
        Get(Bill, BillRequest(content, third_party.wheels, version.text)),
        *(
            Get(
                Output,
                OutputRequest(
                    kind,
                    content,
                    version.text,
                    third_party,
                    field_set.root_filesystem,
                    field_set.base_image,
                ),
            )
            for kind in kinds
        ),
    )
    stem = f"{content.deployable.name}-{version.text}"
    named = [(stem + BILL, bill.digest)]
    named += [(stem + ENDINGS[kind], output.digest) for kind, output in zip(kinds, outputs)]
    entries = await MultiGet(Get(DigestEntries, Digest, digest) for _, digest in named)
    files = [
        FileEntry(name, entry.file_digest, entry.is_executable)
        for (name, _), found in zip(named, entries)
        for entry in found
        if isinstance(entry, FileEntry)
    ]
    told = provenance(
        {file.path: file.file_digest.fingerprint for file in files},
        _parameters(field_set, kinds),
        _dependencies(content, version, {"pex": pex_cli.version, "uv": uv.version}),
    )
    folder = field_set.output_path.value_or_default(file_ending=None)
    written = await Get(
        Digest, CreateDigest([*files, FileContent(stem + PROVENANCE, told.encode())])
    )
    lines = [f"  {name}" for name in sorted([*(file.path for file in files), stem + PROVENANCE])]
    if len(content.hosts) == 1:  # else the wheels of each host would be told of
        lines += [
            f"  warning: {clash} is another in an earlier wheel" for clash in third_party.clashes
        ]
    return BuiltPackage(
        await Get(Digest, AddPrefix(written, folder)),
        (BuiltPackageArtifact(folder, tuple(lines)),),
    )


def _parameters(field_set: DeployableFieldSet, kinds: Iterable[str]) -> Mapping[str, Any]:
    return {"target": field_set.address.spec, "outputs": list(kinds)}


def _dependencies(
    content: Content, version: DeployableVersion, tools: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """What a deployable was made from, as resource descriptors of in-toto."""
    sources = version.sources
    return [
        {
            "name": "sources",
            "digest": {"gitCommit": sources.commit} if sources.commit else {},
            "annotations": {"described": sources.described, "dirty": sources.dirty},
        },
        {"name": "first-party code", "digest": {"sha256": content.source_digest}},
        {"name": f"slice of {content.slice.path}", "digest": {"sha256": version.slice_digest}},
        {"name": "cpython", "annotations": {"version": content.slice.python}},
        *(
            {"name": tool, "annotations": {"version": pinned}}
            for tool, pinned in sorted(tools.items())
        ),
    ]


def rules() -> Iterable[Rule | UnionRule]:
    return (*collect_rules(), UnionRule(PackageFieldSet, DeployableFieldSet))
