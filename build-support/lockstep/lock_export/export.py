"""Rules that write a slice in the formats that other tools read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.platform import Platform
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.util.strutil import pluralize
from packaging.version import Version

from lockstep.core import lock_codec, pylock
from lockstep.core.environments import locked_environments
from lockstep.core.universal import Declared
from lockstep.lock.index_files import IndexFiles, IndexFilesRequest
from lockstep.lock.inputs import minor_versions
from lockstep.lock_export.named_roots import LockOfRequest, NamedRoots, ReachedRequirements
from lockstep.slices.locks import ManagedLock, SliceRequest, SliceText


class Format(Enum):
    """What a slice is written as."""

    REQUIREMENTS = "requirements"
    PYLOCK = "pylock"


@dataclass(frozen=True)
class ExportRequest:
    """Write the slice of some targets, or a whole lock.

    Attributes:
        roots: those targets; none for the whole lock.
        format: what to write it as.
    """

    roots: NamedRoots
    format: Format


@dataclass(frozen=True)
class ExportedSlice:
    """The text of the file."""

    text: str


@rule(desc="Export the slice")
async def export_slice(
    request: ExportRequest, python_setup: PythonSetup, platform: Platform
) -> ExportedSlice:
    resolve = request.roots.resolve
    lock = await Get(ManagedLock, LockOfRequest(resolve))
    assert lock.slicer is not None, "the rule refuses other locks"
    interpreters = python_setup.resolves_to_interpreter_constraints.get(
        resolve, python_setup.interpreter_constraints
    )
    pythons = minor_versions(resolve, interpreters)
    here = Declared(pythons[0], platform.value)
    reached = (await Get(ReachedRequirements, NamedRoots, request.roots)).requirements
    cut = await Get(SliceText, SliceRequest(lock.path, reached, here.python, here.platform))
    if request.format is Format.REQUIREMENTS:
        return ExportedSlice(_header(request, lock.path, cut.size, here) + cut.text)
    environments = (
        (here.variables,) if request.roots.named else locked_environments(lock.slicer.lock)
    )
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
    if request.roots.named:
        lines = [f"A slice of {lock_path}, {pins}, for {here}:"]
        lines += [f"  {named}" for named in request.roots.named]
    else:
        lines = [f"All of {lock_path}, {pins}."]
    install = "`pip install --no-deps --require-hashes -r FILE` or `uv pip sync FILE`"
    return "".join(f"# {line}\n" for line in [*lines, f"Install it with {install}."]) + "\n"


def rules() -> Iterable[Rule]:
    return collect_rules()
