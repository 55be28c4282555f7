"""The target `deployable`: what a service is shipped as."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PexCompletePlatformsField, PythonResolveField
from pants.backend.python.dependency_inference.module_mapper import (
    PythonModuleOwners,
    PythonModuleOwnersRequest,
)
from pants.core.goals.package import OutputPathField
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    AsyncFieldMixin,
    Dependencies,
    DependenciesRequest,
    DictStringToStringField,
    ExplicitlyProvidedDependencies,
    FieldSet,
    HydratedSources,
    HydrateSourcesRequest,
    InferDependenciesRequest,
    InferredDependencies,
    SingleSourceField,
    SpecialCasedDependencies,
    StringField,
    StringSequenceField,
    Target,
)
from pants.engine.unions import UnionRule
from pants.util.strutil import help_text

from lockstep.core.deployables import IMAGE, PEX, TARBALL
from lockstep.core.errors import LockstepError
from lockstep.core.procfile import Process, parse_procfile


class ProcfileField(SingleSourceField):
    default = "Procfile"
    required = False
    uses_source_roots = False
    help = help_text("""
        The Procfile: a line `NAME: python -m MODULE ARG...` for each process, or `NAME: SCRIPT
        ARG...` with a console script of the slice. A word may hold variables such as `$PORT`. The
        process that is started where none is named is `web`, or the only one.
        """)


class DeployableDependencies(Dependencies):
    help = help_text("""
        What is shipped beside the modules that the Procfile names and all that these import, which
        are found out.
        """)


class ServiceNameField(StringField, AsyncFieldMixin):
    alias = "service"
    help = help_text("""
        What the service is called in the names of artifacts, in lower case. By default the folder
        of the BUILD file.
        """)


class OutputsField(StringSequenceField):
    alias = "outputs"
    default = (PEX, TARBALL)
    valid_choices = (PEX, TARBALL, IMAGE)
    help = help_text("""
        What is built. `pex`: one executable file that unpacks itself at its first start, into a
        temporary folder where it finds no other. `tarball`: the installed layout, which starts
        fastest and writes nothing. Both need a CPython of the same minor version on the host.
        `image`: an OCI image in an archive (skopeo's `oci-archive`), whose layers are the
        interpreter, the slice and the first-party code; it needs `root_filesystem` or `base_image`.
        """)


class DefaultsField(DictStringToStringField):
    alias = "defaults"
    help = help_text("""
        Variables of the environment, for whatever the environment of the process does not set. They
        are in the artifact for all to read, so they hold no secrets. `PORT` is also where the health
        check asks, and what an image exposes.
        """)


class HealthField(StringField):
    alias = "health"
    help = help_text("""
        The path that answers 200 to GET while the service is healthy, such as `/healthz`. `start
        --healthy` asks it, on 127.0.0.1 and `PORT`.
        """)


class RootFilesystemField(SpecialCasedDependencies):
    alias = "root_filesystem"
    help = help_text("""
        The address of a `file` target: a tar archive, maybe compressed by gzip, that is the lowest
        layer of the image. It holds a `pythonX.Y` on `/usr/local/bin:/usr/bin:/bin`. Packages of a
        distribution can be put into one by debootstrap. Not together with `base_image`.
        """)


class BaseImageField(StringField, AsyncFieldMixin):
    alias = "base_image"
    help = help_text("""
        The digest (`sha256:HEX`) of an image that this one is built on, or of an index of images for
        several machines. It stands in the OCI layout that `[deploy].base_images` names, where
        `skopeo copy docker://IMAGE oci:FOLDER` puts it. Not together with `root_filesystem`.
        """)


class BuiltHereField(StringSequenceField):
    alias = "built_here"
    help = help_text("""
        Projects without a wheel for other machines, whose wheel was built from source on this one
        and may be shipped all the same, since the hosts are like it. Any other one fails the build.
        """)


class DeployableTarget(Target):
    alias = "deployable"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        ProcfileField,
        DeployableDependencies,
        PythonResolveField,
        ServiceNameField,
        OutputsField,
        DefaultsField,
        HealthField,
        PexCompletePlatformsField,
        RootFilesystemField,
        BaseImageField,
        BuiltHereField,
        OutputPathField,
    )
    help = help_text("""
        What a service is shipped as: its processes, its first-party code and its slice of the lock,
        built once for test, staging and production. `./pants package` writes the outputs, a bill of
        materials (CycloneDX) and the provenance (SLSA); `./pants publish` signs and uploads them.
        """)


def service_name(field: ServiceNameField) -> str:
    """The name of a service in names of artifacts."""
    return field.value or posixpath.basename(field.address.spec_path) or field.address.target_name


@dataclass(frozen=True)
class ProcessesRequest:
    """Read a Procfile."""

    field: ProcfileField


@dataclass(frozen=True)
class Processes:
    """What a Procfile holds."""

    processes: tuple[Process, ...]


@rule
async def read_processes(request: ProcessesRequest) -> Processes:
    hydrated = await Get(HydratedSources, HydrateSourcesRequest(request.field))
    path = request.field.file_path
    contents = await Get(DigestContents, Digest, hydrated.snapshot.digest)
    if not contents:
        raise LockstepError(
            f"{request.field.address} has no Procfile: {path} is not there",
            mend="Write it, or name another one in the field `source`",
        )
    return Processes(parse_procfile(contents[0].content.decode(errors="replace"), path))


@dataclass(frozen=True)
class EntryFieldSet(FieldSet):
    required_fields = (ProcfileField, DeployableDependencies)

    procfile: ProcfileField
    dependencies: DeployableDependencies
    resolve: PythonResolveField


@dataclass(frozen=True)
class EntriesRequest:
    """Find the modules that a Procfile starts."""

    field_set: EntryFieldSet


@dataclass(frozen=True)
class Entries:
    """What processes start.

    Attributes:
        owners: the targets that have the modules.
        unowned: processes whose module no target has.
    """

    owners: tuple[Address, ...]
    unowned: tuple[Process, ...]


@rule(desc="Find the modules that a Procfile starts")
async def find_entries(request: EntriesRequest, python_setup: PythonSetup) -> Entries:
    fields = request.field_set
    told, explicit = await MultiGet(
        Get(Processes, ProcessesRequest(fields.procfile)),
        Get(ExplicitlyProvidedDependencies, DependenciesRequest(fields.dependencies)),
    )
    found: list[Address] = []
    unowned = []
    for process in told.processes:
        if process.module is None:
            continue
        resolve = fields.resolve.normalized_value(python_setup)
        owners: tuple[Address, ...] = ()
        for module in (f"{process.module}.__main__", process.module):
            owned = await Get(
                PythonModuleOwners,
                PythonModuleOwnersRequest(module, resolve, fields.address.spec_path),
            )
            owners = owned.unambiguous or tuple(
                address for address in owned.ambiguous if address in explicit.includes
            )
            if owners:
                break
        found.extend(owners)
        unowned.extend([] if owners else [process])
    return Entries(tuple(found), tuple(unowned))


class InferEntries(InferDependenciesRequest[EntryFieldSet]):
    infer_from = EntryFieldSet


@rule
async def infer_entries(request: InferEntries) -> InferredDependencies:
    # Who depends on what is asked of all targets at once, so that one bad Procfile would keep
    # everybody from everything. Whoever builds the deployable is told.
    try:
        entries = await Get(Entries, EntriesRequest(request.field_set))
    except LockstepError:
        return InferredDependencies([])
    return InferredDependencies(entries.owners)


def check_owned(procfile: ProcfileField, entries: Entries) -> None:
    """Raises LockstepError where a process starts a module that nothing provides."""
    for process in entries.unowned:
        raise LockstepError(
            f"{procfile.file_path}:{process.line}: `python -m {process.module}` starts a module"
            " that no target of the repository and no pin provides",
            mend="Correct its name, or run `./pants tailor ::` if it has no target yet",
        )


def rules() -> Iterable[Rule | UnionRule]:
    return (*collect_rules(), UnionRule(InferDependenciesRequest, InferEntries))
