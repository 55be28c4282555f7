"""Rules that write a slice in the formats that other tools read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import ReqStrings
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_requirements import PexRequirements
from pants.engine.addresses import Addresses
from pants.engine.fs import PathGlobs, Paths
from pants.engine.platform import Platform
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.util.strutil import pluralize
from packaging.version import Version

from lockstep.core import lock_codec, pylock
from lockstep.core.environments import locked_environments
from lockstep.core.errors import LockstepError
from lockstep.core.universal import Declared
from lockstep.imports.unowned import OwnedClosure, OwnedClosureRequest
from lockstep.lock.inputs import minor_versions
from lockstep.lock_export.index_files import IndexFiles, IndexFilesRequest
from lockstep.slices.locks import LockRequest, ManagedLock, SliceRequest, SliceText


class Format(Enum):
    """What a slice is written as."""

    REQUIREMENTS = "requirements"
    PYLOCK = "pylock"


@dataclass(frozen=True)
class ExportRequest:
    """Write the slice of some targets, or a whole lock.

    Attributes:
        resolve: a name of `[python].resolves`.
        named: the targets as the user named them; none for the whole lock.
        roots: the targets' addresses.
        format: what to write it as.
    """

    resolve: str
    named: tuple[str, ...]
    roots: Addresses
    format: Format


@dataclass(frozen=True)
class ExportedSlice:
    """The text of the file."""

    text: str


# Pants sees the `Get`s of helpers that stand above their rule.
async def _lock_path(request: ExportRequest, python_setup: PythonSetup) -> str:
    path = python_setup.resolves[request.resolve]
    if not (await Get(Paths, PathGlobs([path]))).files:
        raise LockstepError(
            f"The lock of `{request.resolve}`, {path}, is missing", mend="Run `./pants lock`"
        )
    return path


async def _requirements(request: ExportRequest) -> tuple[str, ...] | None:
    """The third-party requirements that the targets reach; None for the whole lock."""
    if not request.named:
        return None
    await Get(OwnedClosure, OwnedClosureRequest(request.roots))
    reached = await Get(ReqStrings, PexRequirements(request.roots, description_of_origin="--slice"))
    if not reached.req_strings:
        raise LockstepError(
            f"Nothing that {', '.join(request.named)} reaches requires third-party code, so the"
            " slice is empty",
            mend="Name a target that does, or leave out `--slice` for the whole lock",
        )
    return tuple(reached.req_strings)


@rule(desc="Export the slice")
async def export_slice(
    request: ExportRequest, python_setup: PythonSetup, platform: Platform
) -> ExportedSlice:
    lock = await Get(ManagedLock, LockRequest(await _lock_path(request, python_setup)))
    if lock.slicer is None:
        raise LockstepError(
            f"{lock.path} is in PEX's format, so Pants wrote it",
            mend="Run `./pants lock` to write it anew",
        )
    interpreters = python_setup.resolves_to_interpreter_constraints.get(
        request.resolve, python_setup.interpreter_constraints
    )
    pythons = minor_versions(request.resolve, interpreters)
    here = Declared(pythons[0], platform.value)
    roots = await _requirements(request)
    cut = await Get(SliceText, SliceRequest(lock.path, roots, here.python, here.platform))
    if request.format is Format.REQUIREMENTS:
        return ExportedSlice(_header(request, lock.path, cut.size, here) + cut.text)
    environments = (here.variables,) if request.named else locked_environments(lock.slicer.lock)
    stated = {environment["python_version"] for environment in environments}
    pythons = tuple(sorted(stated, key=Version)) or pythons
    pins = lock_codec.parse(cut.text, lock.path).pins
    interpreter = await Get(
        PythonExecutable, InterpreterConstraints, InterpreterConstraints(interpreters)
    )
    request_files = IndexFilesRequest(*pylock.question(pins), pythons[0], interpreter)
    files = await Get(IndexFiles, IndexFilesRequest, request_files)
    text = pylock.render(
        pins,
        pylock.read_answer(files.pylock),
        lock_path=lock.path,
        pythons=pythons,
        environments=environments,
    )
    return ExportedSlice(text)


def _header(request: ExportRequest, lock_path: str, size: int, here: Declared) -> str:
    pins = pluralize(size, "pin")
    if request.named:
        lines = [f"A slice of {lock_path}, {pins}, for {here}:"]
        lines += [f"  {named}" for named in request.named]
    else:
        lines = [f"All of {lock_path}, {pins}."]
    install = "`pip install --no-deps --require-hashes -r FILE` or `uv pip sync FILE`"
    return "".join(f"# {line}\n" for line in [*lines, f"Install it with {install}."]) + "\n"


def rules() -> Iterable[Rule]:
    return collect_rules()
