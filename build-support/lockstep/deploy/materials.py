"""What is told of a deployable: its version, and its bill of materials."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.process import Process, ProcessResult
from pants.engine.rules import Get, MultiGet

from lockstep.core.bill import bill_document
from lockstep.core.deployables import Sources, Wheel, version_of
from lockstep.deploy.parts import Content
from lockstep.deployables.shipping import source_of
from lockstep.slices.locks import LockRequest, ManagedLock, SliceRequest, SliceText
from lockstep.slices.sandbox import ENVIRONMENT, InstallingProcess, Mode, slice_file

_BILL = "bill.json"
_REQUEST = "request.json"
_PROGRAM = "bill.py"


@dataclass(frozen=True)
class DeployableVersion:
    """A version, and what it was derived from."""

    text: str
    sources: Sources
    slice_digest: str

    @classmethod
    def of(cls, content: Content, sources: Sources) -> DeployableVersion:
        """The version of what is made of some content, whose sources stand somewhere in git."""
        slice_digest = hashlib.sha256(content.slice_text.encode()).hexdigest()
        text = version_of(sources, slice_digest, content.source_digest)
        return cls(text, sources, slice_digest)


async def write_bill(
    content: Content, wheels: Iterable[Wheel], version: str, lock_of_tools: str
) -> Digest:
    """Write the bill of materials, in CycloneDX's JSON; a part of the rule that packages.

    Args:
        content: of the deployable.
        wheels: what of the slice is in it.
        version: of the deployable.
        lock_of_tools: the path of the lock that has cyclonedx-python-lib.
    """
    tools, python, lock = await MultiGet(
        Get(
            SliceText,
            SliceRequest(lock_of_tools, ("cyclonedx-python-lib",), content.slice.python),
        ),
        Get(PythonExecutable, InterpreterConstraints, content.constraints),
        Get(ManagedLock, LockRequest(content.slice.path)),
    )
    assert lock.slicer is not None, "a slice of it was cut"
    name = content.deployable.name
    asked = bill_document(name, version, wheels, lock.slicer.lock.pins)
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
    return result.output_digest
