"""The seams through which each PEX is built from a slice instead of a whole lock."""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable, Iterator, Sequence

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules import pex, pex_cli, pex_requirements
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import BuildPexResult, PexRequest, ReqStrings
from pants.backend.python.util_rules.pex_cli import PexCliProcess
from pants.backend.python.util_rules.pex_environment import PexSubsystem, PythonExecutable
from pants.backend.python.util_rules.pex_requirements import (
    EntireLockfile,
    LoadedLockfile,
    LoadedLockfileRequest,
    PexRequirements,
    Resolve,
)
from pants.engine.fs import EMPTY_DIGEST, CreateDigest, Digest, MergeDigests
from pants.engine.process import Process
from pants.engine.rules import Get
from pants.util.frozendict import FrozenDict
from pants.util.strutil import pluralize

from lockstep.pants_api.seam import Coroutine, replace
from lockstep.slices.locks import LockRequest, ManagedLock, SliceRequest, SliceText
from lockstep.slices.sandbox import ENVIRONMENT, SLICE, InstallingProcess, slice_files

_INSTALLED = ("--venv-repository", ENVIRONMENT, "-r", SLICE)
_RESOLVED_BY_PEX = ("-r", SLICE, "--no-transitive", "--use-pip-config")


async def build_pex(
    original: Coroutine, request: PexRequest, python_setup: PythonSetup, pex_subsystem: PexSubsystem
) -> BuildPexResult:
    """Put a slice in the place of a request's requirements, where they come from our lock."""
    lock_path = _lock_path(request.requirements, python_setup)
    lock = await Get(ManagedLock, LockRequest(lock_path)) if lock_path else None
    if lock is None or lock.slicer is None:
        return await _build(original, request, python_setup, pex_subsystem)
    constraints = request.interpreter_constraints or _constraints(request, python_setup)
    if not request.python:
        request = dataclasses.replace(request, interpreter_constraints=constraints)
    versions = constraints.partition_into_major_minor_versions(
        python_setup.interpreter_versions_universe
    )
    subset = _subset(request)
    roots = (await Get(ReqStrings, PexRequirements, subset)).req_strings if subset else None
    args: tuple[str, ...] = ()
    inputs, description = request.additional_inputs, None
    if roots == ():
        pass  # nothing to install
    elif _by_uv(request, versions) and not _only_requirements(request):
        # Apart from the rest, so that a change of the sources does not install the slice again.
        slice_pex = await Get(BuildPexResult, PexRequest, _slice_request(request))
        inputs = await Get(Digest, MergeDigests([request.additional_inputs, slice_pex.digest]))
        args, description = ("--requirements-pex", slice_pex.pex_filename), None
    else:
        cut = await Get(SliceText, SliceRequest(lock.path, roots, versions[0]))
        python = request.python
        if python is None and _by_uv(request, versions):
            python = await Get(PythonExecutable, InterpreterConstraints, constraints)
        files = await Get(
            Digest, CreateDigest, slice_files(cut.text, python.path if python else None)
        )
        inputs = await Get(Digest, MergeDigests([request.additional_inputs, files]))
        args = _INSTALLED if python else _RESOLVED_BY_PEX
        description = (
            f"Building {request.output_filename}: {pluralize(cut.size, 'pin')} of {lock.path}"
            f" for {', '.join(roots or ['all of it'])}"
        )
    sliced = dataclasses.replace(
        request,
        requirements=PexRequirements(),
        additional_args=(*request.additional_args, *args),
        additional_inputs=inputs,
        description=request.description or description,
    )
    return await _build(original, sliced, python_setup, pex_subsystem)


def _only_requirements(request: PexRequest) -> bool:
    """Whether nothing but the slice goes into the PEX, so that one step can build it."""
    return request.internal_only and request.sources in (None, EMPTY_DIGEST)


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


def _lock_path(
    requirements: PexRequirements | EntireLockfile, python_setup: PythonSetup
) -> str | None:
    """The lock a request draws from; None for built-in ones and for requests with no lock."""
    if isinstance(requirements, EntireLockfile):
        url = requirements.lockfile.url
        return None if "://" in url else url
    if isinstance(requirements.from_superset, Resolve):
        return python_setup.resolves.get(requirements.from_superset.name)
    return None


def _subset(request: PexRequest) -> PexRequirements | None:
    """The requirements to cut the slice for; None for the whole lock."""
    requirements = request.requirements
    if isinstance(requirements, EntireLockfile):
        return None
    superset = requirements.from_superset
    return None if isinstance(superset, Resolve) and superset.use_entire_lockfile else requirements


def _constraints(request: PexRequest, python_setup: PythonSetup) -> InterpreterConstraints:
    """The interpreter constraints of the resolve that a request draws from."""
    requirements = request.requirements
    if isinstance(requirements, EntireLockfile):
        name = requirements.lockfile.resolve_name
    else:
        assert isinstance(requirements.from_superset, Resolve)
        name = requirements.from_superset.name
    return InterpreterConstraints(
        python_setup.resolves_to_interpreter_constraints.get(
            name, python_setup.interpreter_constraints
        )
    )


def _by_uv(request: PexRequest, versions: Sequence[str]) -> bool:
    """Whether the PEX is for one interpreter of this machine, so that uv can install for it."""
    if request.platforms or request.complete_platforms:
        return False
    return request.internal_only or len(versions) == 1


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
    """Install the slice right before PEX packages it, in the same sandbox.

    In one process, so that the files of the environment are never captured, only the PEX is.
    """
    if SLICE not in request.extra_args:
        process: Process = await original(request, *rest)
        return process
    python = _interpreter(request)
    args = tuple(_slice_args(request.extra_args))
    process = await original(dataclasses.replace(request, extra_args=args), *rest)
    if python is not None:
        process = dataclasses.replace(
            process,
            argv=(python, *process.argv[1:]),
            env=FrozenDict({**process.env, "PEX_PYTHON": python}),
        )
    return await Get(Process, InstallingProcess(process))


def _interpreter(request: PexCliProcess) -> str | None:
    """The interpreter that the slice is installed for, if it is.

    PEX runs under it and so builds for it. PEX must not be told of it as a target: it would then
    refuse any wheel that supports another interpreter as well (such as `py2.py3`).
    """
    args = request.extra_args
    return args[args.index("--python") + 1] if ENVIRONMENT in args else None


def _slice_args(args: Iterable[str]) -> Iterator[str]:
    """PEX's arguments without those that a slice settles otherwise.

    Index settings come from pip's configuration; Pants' default would name a public index.
    """
    arguments = list(args)
    installed = ENVIRONMENT in arguments
    while arguments:
        arg = arguments.pop(0)
        if installed and arg == "--python":
            arguments.pop(0)
        elif arg != "--no-pypi" and not arg.startswith(("--index=", "--find-links=")):
            yield arg


def install() -> None:
    """Put the seams in place."""
    replace(pex.build_pex, build_pex)
    replace(pex_requirements.load_lockfile, load_lockfile)
    replace(pex_cli.setup_pex_cli_process, setup_pex_cli_process)
