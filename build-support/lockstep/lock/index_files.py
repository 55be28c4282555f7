"""Asks the index that pip is configured with where the files of pins are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Get, Rule, collect_rules, rule

from lockstep.core.errors import LockstepError
from lockstep.slices.sandbox import InstallingProcess, Mode

_REQUIREMENTS = ".lockstep/pins.in"
_CONFIGURATION = ".lockstep/uv.toml"


@dataclass(frozen=True)
class IndexFilesRequest:
    """Ask where the files of some pins are.

    Attributes:
        requirements: the pins, in requirements.txt format.
        configuration: uv's.
        python: the lowest Python they are for, such as `3.11`.
        interpreter: the interpreter that starts uv.
        transitive: whether to ask for all that they require, too; they need not be pins then.
    """

    requirements: str
    configuration: str
    python: str
    interpreter: PythonExecutable
    transitive: bool = False


@dataclass(frozen=True)
class IndexFiles:
    """What uv says, as the text of a pylock.toml."""

    pylock: str


@rule(desc="Ask the index where files are")
async def ask_index(request: IndexFilesRequest) -> IndexFiles:
    files = (
        FileContent(_REQUIREMENTS, request.requirements.encode()),
        FileContent(_CONFIGURATION, request.configuration.encode()),
    )
    process = Process(
        _arguments(request),
        description="Ask the index where the files of the pins are",
        input_digest=await Get(Digest, CreateDigest(files)),
        append_only_caches=request.interpreter.append_only_caches,
        # What an index offers changes by the hour, so only this call may use the result.
        cache_scope=ProcessCacheScope.PER_SESSION,
    )
    starting = InstallingProcess(process, Mode.UV, request.interpreter.path)
    result = await Get(
        FallibleProcessResult, Process, await Get(Process, InstallingProcess, starting)
    )
    if result.exit_code != 0:
        raise LockstepError(
            "The index does not tell where the files of all pins are",
            mend="Mend what uv names, in pip's configuration (docs/setup.md) or in the lock",
            detail=result.stderr.decode(errors="replace").rstrip(),
        )
    return IndexFiles(result.stdout.decode())


def _arguments(request: IndexFilesRequest) -> tuple[str, ...]:
    """Universal, so that the answer does not depend on the machine that asks."""
    return (
        *("pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        *([] if request.transitive else ["--no-deps"]),
        *("--format", "pylock.toml", "--config-file", _CONFIGURATION),
        *("--python", request.interpreter.path, "--python-version", request.python),
        _REQUIREMENTS,
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
