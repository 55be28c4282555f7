"""Compiles inputs with pip-tools, which runs under the interpreter that the resolve is for."""

from __future__ import annotations

import shlex
from collections import defaultdict
from dataclasses import dataclass
from itertools import takewhile
from typing import Iterable

from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.core.util_rules.system_binaries import SEARCH_PATHS
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent, MergeDigests
from pants.engine.platform import Platform
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.option.global_options import GlobalOptions

from lockstep.core import lock_codec
from lockstep.core.errors import LockstepError
from lockstep.core.index_faults import index_error, is_of_index, without_traceback
from lockstep.core.lock import Pin
from lockstep.lock import resolver_log
from lockstep.lock.inputs import ResolveInputs
from lockstep.slices.locks import SliceRequest, SliceText
from lockstep.slices.sandbox import ENVIRONMENT, InstallingProcess, Mode, slice_file
from lockstep.subsystem import Lockstep

_OUTPUT = "lock.txt"
_ALL_INPUTS = "inputs.in"


@dataclass(frozen=True)
class PipCompileRequest:
    """Compile the inputs of a resolve for the environment at hand.

    Attributes:
        inputs: the inputs.
        python: the interpreter to resolve for.
        version: its version, such as `3.11`.
        kept: pins to keep where they fit, in requirements.txt format.
        hashes: whether the hashes of every file are wanted, which takes longest.
        cut_off: the moment before which a release has to be uploaded (RFC 3339), or empty.
    """

    inputs: ResolveInputs
    python: PythonExecutable
    version: str
    kept: str
    hashes: bool
    cut_off: str = ""


@dataclass(frozen=True)
class PipCompiled:
    """What pip-tools chose.

    Attributes:
        pins: sorted by name; empty where there is a fault.
        fault: what pip told where it failed, else empty.
    """

    pins: tuple[Pin, ...]
    fault: str = ""

    def error(self, lock_path: str) -> LockstepError:
        """The fault, for the lock that was to be written."""
        if is_of_index(self.fault):
            return index_error(lock_path, "pip-tools", self.fault)
        return LockstepError(
            f"{lock_path} stands as it was, since pip-tools cannot resolve its inputs",
            mend="Change the requirements that pip-tools names, then run `./pants lock` again",
            detail=self.fault,
        )


@dataclass(frozen=True)
class PipToolsRequest:
    """Tell which pip-tools resolves for a Python, such as `3.11`."""

    version: str


@dataclass(frozen=True)
class PipTools:
    """The resolver.

    Attributes:
        slice: what is installed to run it.
        name: how a lock's header calls it.
    """

    slice: str
    name: str


@rule
async def find_pip_tools(
    request: PipToolsRequest, lockstep: Lockstep, platform: Platform
) -> PipTools:
    tool_slice = await Get(
        SliceText,
        SliceRequest(lockstep.pip_tools_lock, ("pip-tools",), request.version, platform.value),
    )
    pins = lock_codec.parse(tool_slice.text, "slice").by_name()
    return PipTools(
        tool_slice.text,
        f"pip-tools {pins['pip-tools'][0].version} with pip {pins['pip'][0].version}",
    )


@rule(desc="Compile with pip-tools")
async def pip_compile(request: PipCompileRequest, global_options: GlobalOptions) -> PipCompiled:
    lock_path = request.inputs.lock_path
    tools, environ = await MultiGet(
        Get(PipTools, PipToolsRequest(request.version)),
        Get(EnvironmentVars, EnvironmentVarsRequest(["PATH"])),
    )
    files = [*_input_files(request.inputs), FileContent(_OUTPUT, request.kept.encode())]
    sandbox = await MultiGet(
        Get(Digest, CreateDigest(files)),
        Get(Digest, CreateDigest, slice_file(tools.slice)),
    )
    arguments = _arguments(request.hashes)
    if request.cut_off:
        arguments = (f"--uploaded-prior-to={request.cut_off}", *arguments)
    if resolver_log.is_asked_for(global_options):
        arguments = ("--verbose", *arguments)
    process = await Get(
        Process,
        InstallingProcess(
            Process(
                (f"{ENVIRONMENT}/bin/python", "-m", "piptools", "compile", *arguments),
                description=f"{'Resolve' if request.hashes else 'Judge'} {lock_path} with pip-tools",
                input_digest=await Get(Digest, MergeDigests(sandbox)),
                output_files=(_OUTPUT,),
                env={"PATH": environ.get("PATH", ":".join(SEARCH_PATHS))},
                append_only_caches={"lockstep_pip_tools": ".lockstep/pip-tools"},
                # What an index offers changes by the hour, so only this call may use the result.
                cache_scope=ProcessCacheScope.PER_SESSION,
            ),
            Mode.VENV,
            request.python.path,
        ),
    )
    result = await Get(FallibleProcessResult, Process, process)
    resolver_log.show(f"pip-tools on {lock_path}", result.stderr, global_options)
    if result.exit_code != 0:
        return PipCompiled((), _told(result))
    compiled = await Get(DigestContents, Digest, result.output_digest)
    text = compiled[0].content.decode()
    pins = lock_codec.parse(text, f"pip-tools' {_OUTPUT}").pins if text.strip() else ()
    return PipCompiled(pins)


def _arguments(hashes: bool) -> tuple[str, ...]:
    return (
        "--no-config",
        *(["--generate-hashes"] if hashes else []),
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


def _told(result: FallibleProcessResult) -> str:
    """pip's error, without the progress before it and the traceback behind it."""
    told = result.stderr.decode(errors="replace")
    lines = [line.strip() for line in told.splitlines()]
    errors = [at for at, line in enumerate(lines) if line.startswith("ERROR")]
    if not errors:
        return "\n".join(f"  {line}" for line in without_traceback(told).splitlines()[-25:])
    until = takewhile(lambda line: not line.startswith("Traceback"), lines[errors[0] :])
    return "\n".join(f"  {line}" for line in until)


def rules() -> Iterable[Rule]:
    return collect_rules()
