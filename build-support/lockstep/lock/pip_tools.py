"""Resolves a lock with pip-tools, which runs under the interpreter that the resolve is for."""

from __future__ import annotations

import logging
import shlex
from collections import defaultdict
from dataclasses import dataclass
from itertools import takewhile
from typing import Iterable

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.core.util_rules.system_binaries import SEARCH_PATHS
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent, MergeDigests
from pants.engine.fs import PathGlobs
from pants.engine.platform import Platform
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.util.frozendict import FrozenDict

from lockstep.core import graph_codec, lock_codec
from lockstep.core.errors import LockstepError, TextError
from lockstep.core.graph import LockGraph
from lockstep.core.lock import Header, inputs_digest
from lockstep.core.stated_hashes import vetted
from lockstep.lock.inputs import ResolveInputs, ResolveInputsRequest, minor_version
from lockstep.slices.graphs import DeriveGraphRequest, GraphRequest, StoredGraph
from lockstep.slices.locks import SliceRequest, SliceText
from lockstep.slices.sandbox import ENVIRONMENT, InstallingProcess, Mode, slice_file
from lockstep.subsystem import Lockstep

logger = logging.getLogger(__name__)

_OUTPUT = "lock.txt"
_ALL_INPUTS = "inputs.in"


@dataclass(frozen=True)
class ResolveLockRequest:
    """Resolve a lock anew, keeping the pins that still fit.

    Attributes:
        resolve: a name of `[python].resolves`.
    """

    resolve: str


@dataclass(frozen=True)
class ResolvedLock:
    """A lock's new text, not yet written.

    Attributes:
        resolve: the resolve it is for.
        before: the text it replaces; empty where there is none that can be read.
        pins: how many pins it holds.
        files: the texts of lock and graph by their paths, relative to the build root.
    """

    resolve: str
    before: str
    pins: int
    files: FrozenDict[str, str]

    @property
    def path(self) -> str:
        """The lock, relative to the build root."""
        return next(iter(self.files))

    @property
    def text(self) -> str:
        """The whole lock."""
        return self.files[self.path]


@rule(desc="Resolve the lock")
async def resolve_lock(
    request: ResolveLockRequest, lockstep: Lockstep, platform: Platform
) -> ResolvedLock:
    inputs = await Get(ResolveInputs, ResolveInputsRequest(request.resolve))
    constraints = InterpreterConstraints(inputs.interpreters)
    version = minor_version(inputs)
    python, tool_slice, environ, current, stored = await MultiGet(
        Get(PythonExecutable, InterpreterConstraints, constraints),
        Get(
            SliceText,
            SliceRequest(lockstep.pip_tools_lock, ("pip-tools",), version, platform.value),
        ),
        Get(EnvironmentVars, EnvironmentVarsRequest(["PATH"])),
        Get(DigestContents, PathGlobs([inputs.lock_path])),
        Get(StoredGraph, GraphRequest(inputs.lock_path)),
    )
    before = _readable(current)
    files = [*_input_files(inputs), FileContent(_OUTPUT, before.encode())]
    sandbox = await MultiGet(
        Get(Digest, CreateDigest(files)),
        Get(Digest, CreateDigest, slice_file(tool_slice.text)),
    )
    process = await Get(
        Process,
        InstallingProcess(
            Process(
                (f"{ENVIRONMENT}/bin/python", "-m", "piptools", "compile", *_arguments()),
                description=f"Resolve {inputs.lock_path} with pip-tools",
                input_digest=await Get(Digest, MergeDigests(sandbox)),
                output_files=(_OUTPUT,),
                env={"PATH": environ.get("PATH", ":".join(SEARCH_PATHS))},
                append_only_caches={"lockstep_pip_tools": ".lockstep/pip-tools"},
                # What an index offers changes by the hour, so only this call may use the result.
                cache_scope=ProcessCacheScope.PER_SESSION,
            ),
            Mode.VENV,
            python.path,
        ),
    )
    result = await Get(FallibleProcessResult, Process, process)
    if result.exit_code != 0:
        raise LockstepError(
            f"{inputs.lock_path} stands as it was, since its inputs cannot be resolved",
            mend="Change the requirements that pip-tools names, then run `./pants lock` again",
            detail=_told(result),
        )
    compiled = await Get(DigestContents, Digest, result.output_digest)
    header = Header(
        resolve=inputs.resolve,
        inputs=inputs_digest(((r.path, r.text) for r in inputs.requirements), inputs.interpreters),
        resolver=_resolver(tool_slice.text),
        environments=(f"CPython {version} on {platform.value}",),
    )
    pins = lock_codec.parse(compiled[0].content.decode(), f"pip-tools' {_OUTPUT}").pins
    pins = vetted(pins, (*inputs.requirements, *inputs.constraints))
    lock = lock_codec.finished(inputs.lock_path, header, pins)
    known = stored.graph or LockGraph(())
    graph = await Get(LockGraph, DeriveGraphRequest(lock, known, python, version))
    return ResolvedLock(
        inputs.resolve,
        before=before,
        pins=len(pins),
        files=FrozenDict(
            {inputs.lock_path: lock_codec.render(lock), stored.path: graph_codec.render(graph)}
        ),
    )


def _arguments() -> tuple[str, ...]:
    return (
        "--no-config",
        "--generate-hashes",
        "--strip-extras",
        "--allow-unsafe",
        "--annotation-style=split",
        "--resolver=backtracking",
        "--no-header",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-emit-trusted-host",
        "--no-emit-options",
        "--cache-dir=.lockstep/pip-tools",
        f"--output-file={_OUTPUT}",
        _ALL_INPUTS,
    )


def _input_files(inputs: ResolveInputs) -> Iterable[FileContent]:
    """The inputs as pip reads them, each at its own path, so that annotations name them.

    Whatever an input's format, its requirements stand in that file, on their lines where they can;
    including it from another file makes pip-tools read it as requirements even where it is called
    pyproject.toml.
    """
    options = [setting.argument for setting in inputs.settings]
    for option, stated in (("-r", inputs.requirements), ("-c", inputs.constraints)):
        by_path: dict[str, list[str]] = defaultdict(list)
        for requirement in stated:
            lines = by_path[requirement.path]
            lines.extend([""] * (requirement.line - 1 - len(lines)))
            lines.append(requirement.text)
        for path, lines in by_path.items():
            yield FileContent(path, "".join(f"{line}\n" for line in lines).encode())
            options.append(f"{option} {shlex.quote(path)}")
    yield FileContent(_ALL_INPUTS, "".join(f"{line}\n" for line in options).encode())


def _readable(contents: DigestContents) -> str:
    """The lock at hand, whose pins are kept where they fit; nothing where it cannot be read."""
    for content in contents:
        text = content.content.decode(errors="replace")
        try:
            lock_codec.parse(text, content.path)
        except TextError as error:
            logger.warning(f"None of the lock's pins can be kept, since it is damaged. {error}")
            return ""
        return text
    return ""


def _resolver(tool_slice: str) -> str:
    pins = lock_codec.parse(tool_slice, "slice").by_name()
    return f"pip-tools {pins['pip-tools'][0].version} with pip {pins['pip'][0].version}"


def _told(result: FallibleProcessResult) -> str:
    """pip's error, without the progress before it and the traceback behind it."""
    lines = [line.strip() for line in result.stderr.decode(errors="replace").splitlines()]
    errors = [at for at, line in enumerate(lines) if line.startswith("ERROR")]
    if not errors:
        return "\n".join(f"  {line}" for line in lines[-25:])
    told = takewhile(lambda line: not line.startswith("Traceback"), lines[errors[0] :])
    return "\n".join(f"  {line}" for line in told)


def rules() -> Iterable[Rule]:
    return collect_rules()
