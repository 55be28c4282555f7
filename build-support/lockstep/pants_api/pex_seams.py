"""The seams through which each PEX is built from a slice instead of a whole lock."""

from __future__ import annotations

import dataclasses
from typing import Any, Sequence

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules import pex, pex_cli, pex_requirements
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import BuildPexResult, PexRequest
from pants.backend.python.util_rules.pex_cli import PexCliProcess
from pants.backend.python.util_rules.pex_environment import PexSubsystem, PythonExecutable
from pants.backend.python.util_rules.pex_requirements import (
    LoadedLockfile,
    LoadedLockfileRequest,
    PexRequirements,
)
from pants.engine.fs import EMPTY_DIGEST, CreateDigest, Digest, MergeDigests
from pants.engine.process import Process
from pants.engine.rules import Get

from lockstep.pants_api.seam import Coroutine, replace
from lockstep.slices.drawn import DrawnSlice, DrawnSliceRequest
from lockstep.slices.locks import LockRequest, ManagedLock, SliceRequest, SliceText
from lockstep.slices.pex import SlicePex, SlicePexRequest
from lockstep.slices.sandbox import SLICE, InstallingProcess, Mode, slice_file

_RESOLVED_BY_PEX = ("-r", SLICE, "--no-transitive", "--use-pip-config")


async def build_pex(
    original: Coroutine, request: PexRequest, python_setup: PythonSetup, pex_subsystem: PexSubsystem
) -> BuildPexResult:
    """Put a slice in the place of a request's requirements, where they come from our lock."""
    drawn = await Get(DrawnSlice, DrawnSliceRequest(request))
    wanted = drawn.wanted
    if wanted is None:
        return await _build(original, request, python_setup, pex_subsystem)
    if not request.python:
        request = dataclasses.replace(request, interpreter_constraints=drawn.constraints)
    args: tuple[str, ...] = ()
    inputs = request.additional_inputs
    if wanted.requirements == ():
        pass  # nothing to install
    elif _is_slice_request(request):
        python = request.python
        if python is None:
            python = await Get(PythonExecutable, InterpreterConstraints, drawn.constraints)
        name = request.output_filename
        pex_request = SlicePexRequest(
            wanted, python, name, request.cache_scope, request.description
        )
        made = await Get(SlicePex, SlicePexRequest, pex_request)
        return BuildPexResult(made.result, name, made.result.output_digest, python)
    elif _for_one_interpreter(request, drawn.versions):
        # Apart from the rest, so that a change of the sources does not install the slice again.
        slice_pex = await Get(BuildPexResult, PexRequest, _slice_request(request))
        inputs = await Get(Digest, MergeDigests([inputs, slice_pex.digest]))
        args = ("--requirements-pex", slice_pex.pex_filename)
    else:
        cut = await Get(SliceText, SliceRequest, wanted)
        slice_digest = await Get(Digest, CreateDigest, slice_file(cut.text))
        inputs = await Get(Digest, MergeDigests([inputs, slice_digest]))
        args = _RESOLVED_BY_PEX
    sliced = dataclasses.replace(
        request,
        requirements=PexRequirements(),
        additional_args=(*request.additional_args, *args),
        additional_inputs=inputs,
    )
    return await _build(original, sliced, python_setup, pex_subsystem)


def _for_one_interpreter(request: PexRequest, versions: Sequence[str]) -> bool:
    """Whether the PEX is for one interpreter of this machine, so that uv can install for it."""
    if request.platforms or request.complete_platforms:
        return False
    return request.internal_only or len(versions) == 1


def _is_slice_request(request: PexRequest) -> bool:
    """Whether nothing but the slice goes into the PEX, so that it is made without running PEX."""
    nothing_else = PexRequest(
        output_filename=request.output_filename,
        internal_only=True,
        python=request.python,
        requirements=request.requirements,
        interpreter_constraints=request.interpreter_constraints,
        cache_scope=request.cache_scope,
    )
    if request.sources == EMPTY_DIGEST:
        request = dataclasses.replace(request, sources=None)
    return request == nothing_else


def _slice_request(request: PexRequest) -> PexRequest:
    """The PEX of a request's slice alone."""
    return PexRequest(
        output_filename="slice.pex",
        internal_only=True,
        python=request.python,
        requirements=request.requirements,
        interpreter_constraints=request.interpreter_constraints,
    )


async def _build(original: Coroutine, *arguments: Any) -> BuildPexResult:
    result: BuildPexResult = await original(*arguments)
    return result


async def load_lockfile(
    original: Coroutine, request: LoadedLockfileRequest, python_setup: PythonSetup
) -> LoadedLockfile:
    """Let Pants treat our lock as one that can be subsetted, as it does with PEX's own format."""
    url = request.lockfile.url
    lock = await Get(ManagedLock, LockRequest(url)) if "://" not in url else None
    if lock is None or lock.slicer is None:
        result: LoadedLockfile = await original(request, python_setup)
        return result
    return LoadedLockfile(
        lockfile_digest=await Get(Digest, CreateDigest([])),
        lockfile_path=lock.path,
        metadata=None,
        requirement_estimate=len(lock.slicer.lock.pins),
        is_pex_native=True,
        as_constraints_strings=None,
        original_lockfile=request.lockfile,
    )


async def setup_pex_cli_process(original: Coroutine, request: PexCliProcess, *rest: Any) -> Process:
    """Keep PEX's cache among the named caches, and give it the index that pip is configured with.

    The pex tool drops `PEX_ROOT` when it starts, so it must be told again.
    """
    resolves_slice = SLICE in request.extra_args
    if resolves_slice:
        args = tuple(arg for arg in request.extra_args if not _names_index(arg))
        request = dataclasses.replace(request, extra_args=args)
    process: Process = await original(request, *rest)
    if not request.subcommand:
        python, pex_tool, *argv = process.argv
        root = process.env["PEX_ROOT"]
        argv = [python, pex_tool, "--pex-root", root, *argv]
        process = dataclasses.replace(process, argv=tuple(argv))
    if resolves_slice:
        return await Get(Process, InstallingProcess(process, Mode.SETTINGS, process.argv[0]))
    return process


def _names_index(arg: str) -> bool:
    """Whether an argument is Pants' own index setting, whose default is a public index."""
    return arg == "--no-pypi" or arg.startswith(("--index=", "--find-links="))


def install() -> None:
    """Put the seams in place."""
    replace(pex.build_pex, build_pex)
    replace(pex_requirements.load_lockfile, load_lockfile)
    replace(pex_cli.setup_pex_cli_process, setup_pex_cli_process)
