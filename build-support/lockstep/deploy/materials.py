"""The rules that tell what a deployable is made of: its version, bill of materials and provenance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.process import Process, ProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule

from lockstep.core.bill import bill_document
from lockstep.core.deployables import Sources, Wheel, version_of
from lockstep.deploy.parts import Content
from lockstep.deploy.sources import SourcesRequest
from lockstep.deploy.subsystem import Deploy
from lockstep.deployables.shipping import source_of
from lockstep.slices.locks import LockRequest, ManagedLock, SliceRequest, SliceText
from lockstep.slices.sandbox import ENVIRONMENT, InstallingProcess, Mode, slice_file

_BILL = "bill.json"
_REQUEST = "request.json"
_PROGRAM = "bill.py"


@dataclass(frozen=True)
class VersionRequest:
    """Tell the version of a deployable."""

    content: Content


@dataclass(frozen=True)
class DeployableVersion:
    """A version, and what it was derived from."""

    text: str
    sources: Sources
    slice_digest: str


@rule
async def find_version(request: VersionRequest) -> DeployableVersion:
    content = request.content
    sources = await Get(Sources, SourcesRequest(content.paths))
    slice_digest = hashlib.sha256(content.slice_text.encode()).hexdigest()
    text = version_of(sources, slice_digest, content.source_digest)
    return DeployableVersion(text, sources, slice_digest)


@dataclass(frozen=True)
class BillRequest:
    """Write the bill of materials of a deployable.

    Attributes:
        content: of the deployable.
        wheels: what of the slice is in it.
        version: of the deployable.
    """

    content: Content
    wheels: tuple[Wheel, ...]
    version: str


@dataclass(frozen=True)
class Bill:
    """The bill, in CycloneDX's JSON."""

    digest: Digest


@rule(desc="Write the bill of materials")
async def write_bill(request: BillRequest, deploy: Deploy) -> Bill:
    content = request.content
    tools, python, lock = await MultiGet(
        Get(
            SliceText,
            SliceRequest(deploy.lock, ("cyclonedx-python-lib",), content.slice.python),
        ),
        Get(PythonExecutable, InterpreterConstraints, content.constraints),
        Get(ManagedLock, LockRequest(content.slice.path)),
    )
    assert lock.slicer is not None, "a slice of it was cut"
    name = content.deployable.name
    asked = bill_document(name, request.version, request.wheels, lock.slicer.lock.pins)
    inputs = await MultiGet(
        Get(Digest, CreateDigest, slice_file(tools.text)),
        Get(
            Digest,
            CreateDigest(
                [
                    FileContent(_PROGRAM, source_of("lockstep.deployables.bill")),
                    FileContent(_REQUEST, asked.encode()),
                ]
            ),
        ),
    )
    process = Process(
        (f"{ENVIRONMENT}/bin/python", "-BI", _PROGRAM, _REQUEST, _BILL),
        input_digest=await Get(Digest, MergeDigests(inputs)),
        output_files=(_BILL,),
        append_only_caches=python.append_only_caches,
        description=f"Writing the bill of materials of {name}",
    )
    starting = InstallingProcess(process, Mode.VENV, python.path)
    result = await Get(ProcessResult, Process, await Get(Process, InstallingProcess, starting))
    return Bill(result.output_digest)


def rules() -> Iterable[Rule]:
    return collect_rules()
