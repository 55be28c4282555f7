"""The PEX of a slice, and of nothing else: what every environment is made of."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Iterable

from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.fs import CreateDigest, Digest
from pants.engine.platform import Platform
from pants.engine.process import Process, ProcessCacheScope, ProcessResult
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.util.strutil import pluralize

from lockstep.slices.locks import SliceRequest, SliceText
from lockstep.slices.sandbox import InstallingProcess, Mode, slice_file


@dataclass(frozen=True)
class SlicePexRequest:
    """Make the PEX of a slice.

    Attributes:
        wanted: the slice.
        python: the interpreter to install it for.
        filename: what to call the PEX, a folder in packed layout.
        cache_scope: how long the result may be used.
        description: for the user; None for one that names the lock and the requirements.
    """

    wanted: SliceRequest
    python: PythonExecutable
    filename: str
    cache_scope: ProcessCacheScope
    description: str | None = field(compare=False)


@dataclass(frozen=True)
class SlicePex:
    """The process that made a PEX; its output is the PEX."""

    result: ProcessResult


@rule
async def make_slice_pex(request: SlicePexRequest, platform: Platform) -> SlicePex:
    wanted = dataclasses.replace(request.wanted, platform=platform.value)
    cut = await Get(SliceText, SliceRequest, wanted)
    process = Process(
        (request.filename,),
        input_digest=await Get(Digest, CreateDigest, slice_file(cut.text)),
        output_directories=(request.filename,),
        append_only_caches=request.python.append_only_caches,
        description=request.description
        or f"Building {request.filename}: {pluralize(cut.size, 'pin')} of {wanted.path}"
        f" for {', '.join(wanted.requirements or ['all of it'])}",
        cache_scope=request.cache_scope,
    )
    starting = InstallingProcess(process, Mode.PEX, request.python.path)
    return SlicePex(
        await Get(ProcessResult, Process, await Get(Process, InstallingProcess, starting))
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
