"""The rule behind `./pants package` of a deployable: all outputs, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping

from pants.backend.python.target_types import PexCompletePlatformsField, PythonResolveField
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.base.build_root import BuildRoot
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
)
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule

from lockstep.core.deployables import (
    BILL,
    ENDINGS,
    IMAGE,
    PEX,
    PROVENANCE,
    TARBALL,
    Sources,
    provenance,
)
from lockstep.core.hosts import check_hosts
from lockstep.deploy.images import build_image
from lockstep.deploy.materials import DeployableVersion, write_bill
from lockstep.deploy.parts import (
    Content,
    ContentRequest,
    ThirdParty,
    build_first_party,
    build_single_file,
    build_tarball,
    build_third_party,
)
from lockstep.deploy.sources import SourcesRequest
from lockstep.deploy.subsystem import Deploy
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
    def kinds(self) -> tuple[str, ...]:
        """What is built, each kind once."""
        return tuple(sorted(set(self.outputs.value or ())))

    @property
    def content(self) -> ContentRequest:
        """The request for what it is made of."""
        entries = EntryFieldSet(self.address, self.procfile, self.dependencies, self.resolve)
        return ContentRequest(
            entries, self.service, self.defaults, self.health, self.complete_platforms
        )


async def _outputs(
    field_set: DeployableFieldSet,
    content: Content,
    version: str,
    third_party: ThirdParty,
    base_images: Path | None,
) -> Mapping[str, Digest]:
    """Build the outputs that a target asks for, by their kinds."""
    kinds = field_set.kinds
    built = {}
    if PEX in kinds:
        built[PEX] = await build_single_file(content)
    if {TARBALL, IMAGE}.isdisjoint(kinds):
        return built
    first_party = await build_first_party(content)
    if TARBALL in kinds:
        name = f"{content.deployable.name}-{version}"
        built[TARBALL] = await build_tarball(content, name, first_party, third_party.digest)
    if IMAGE in kinds:
        built[IMAGE] = await build_image(
            content,
            version,
            first_party,
            third_party.digest,
            field_set.root_filesystem,
            field_set.base_image,
            base_images,
        )
    return built


@rule(desc="Package a deployable")
async def package_deployable(
    field_set: DeployableFieldSet, deploy: Deploy, root: BuildRoot, uv: Uv, pex_cli: PexCli
) -> BuiltPackage:
    content = await Get(Content, ContentRequest, field_set.content)
    name = content.deployable.name
    check_hosts(name, field_set.kinds, content.hosts)
    sources = await Get(Sources, SourcesRequest(content.paths))
    version = DeployableVersion.of(content, sources)
    stem = f"{name}-{version.text}"
    third_party = await build_third_party(content, field_set.built_here.value or ())
    bill = await write_bill(content, third_party.wheels, version.text, deploy.lock)
    built = await _outputs(
        field_set, content, version.text, third_party, _base_images(deploy, root)
    )
    named = [
        (stem + BILL, bill),
        *((stem + ENDINGS[kind], built[kind]) for kind in field_set.kinds),
    ]
    entries = await MultiGet(Get(DigestEntries, Digest, digest) for _, digest in named)
    files = [
        FileEntry(name, entry.file_digest, entry.is_executable)
        for (name, _), found in zip(named, entries)
        for entry in found
        if isinstance(entry, FileEntry)
    ]
    told = provenance(
        {file.path: file.file_digest.fingerprint for file in files},
        {"target": field_set.address.spec, "outputs": list(field_set.kinds)},
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


def _base_images(deploy: Deploy, root: BuildRoot) -> Path | None:
    return Path(root.path, Path(deploy.base_images).expanduser()) if deploy.base_images else None


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
