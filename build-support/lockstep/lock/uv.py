"""Compiles inputs with uv, for all declared environments at once."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Iterable

from packaging.utils import canonicalize_name
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.core.util_rules.system_binaries import SEARCH_PATHS
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.option.global_options import GlobalOptions
from pants.util.logging import LogLevel

from lockstep.core import lock_codec
from lockstep.core.cut_off import CutOff
from lockstep.core.inputs import InputRequirement
from lockstep.core.lock import Pin
from lockstep.core.universal import Declared, simplified
from lockstep.lock import resolver_log
from lockstep.lock.inputs import ResolveInputs
from lockstep.slices.sandbox import InstallingProcess, Mode

_OUTPUT = "lock.txt"
_UNDATED = re.compile(r"`([^`\s]+)` is missing an upload date")
_INPUTS = "inputs"
"""The folder of the input files: by their names alone uv would read some as projects."""


@dataclass(frozen=True)
class UvCompileRequest:
    """Compile the inputs of a resolve for several environments.

    Attributes:
        inputs: the inputs.
        environments: what the pins must hold for; at least one.
        python: an interpreter of one of them, to build source distributions with.
        kept: pins to keep where they fit, in requirements.txt format.
        cut_off: which releases are seen; all where there is none.
        partial: whether these are only some of the inputs, to learn if they can be resolved: no
            hashes are wanted then, and nobody is told of it.
    """

    inputs: ResolveInputs
    environments: tuple[Declared, ...]
    python: PythonExecutable
    kept: str = ""
    cut_off: CutOff | None = None
    partial: bool = False


@dataclass(frozen=True)
class UvCompiled:
    """What uv chose.

    Attributes:
        pins: sorted by name, with markers as short as they can be; empty where there is a fault.
        fault: what uv told where it failed, else empty.
        undated: the projects of which it met files without an upload time, under a cut-off.
    """

    pins: tuple[Pin, ...]
    fault: str = ""
    undated: tuple[str, ...] = ()


@rule(desc="Compile with uv")
async def uv_compile(request: UvCompileRequest, global_options: GlobalOptions) -> UvCompiled:
    inputs = request.inputs
    verbose = resolver_log.is_asked_for(global_options) and not request.partial
    required = _files("requirements", inputs.requirements)
    cut_off = request.cut_off
    younger = cut_off.bounds if cut_off is not None else ()
    bounding = _files("constraints", (*inputs.constraints, *younger))
    markers = json.dumps(list(dict.fromkeys(e.marker for e in request.environments)))
    files = [
        *required,
        *bounding,
        FileContent("overrides.in", _lines(inputs.overrides)),
        FileContent("exclusions.in", _lines(inputs.exclusions)),
        FileContent("pyproject.toml", f"[tool.uv]\nenvironments = {markers}\n".encode()),
        FileContent(_OUTPUT, request.kept.encode()),
    ]
    environ = await Get(EnvironmentVars, EnvironmentVarsRequest(["PATH"]))
    process = Process(
        (
            *("pip", "compile"),
            # What it says of files without an upload time, it says only where it is not quiet.
            *(["--verbose"] if verbose else [] if cut_off is not None else ["--quiet"]),
            *("--universal", "--no-header", "--no-sources"),
            *("--annotation-style", "split", "--python", request.python.path),
            *("--python-version", min(e.python for e in request.environments)),
            *("--output-file", _OUTPUT, "--overrides", "overrides.in"),
            *("--excludes", "exclusions.in"),
            *([] if request.partial else ["--generate-hashes"]),
            *(["--exclude-newer", cut_off.moment] if cut_off is not None else []),
            *(
                f"--exclude-newer-package={project}=false"
                for project in (cut_off.exempt if cut_off is not None else ())
            ),
            *(
                word
                for setting in inputs.settings
                for word in _option(setting.option, setting.value)
            ),
            *(word for file in bounding for word in ("--constraints", file.path)),
            *(file.path for file in required),
        ),
        description=f"Resolve {inputs.lock_path} with uv",
        level=LogLevel.DEBUG if request.partial else LogLevel.INFO,
        input_digest=await Get(Digest, CreateDigest(files)),
        output_files=(_OUTPUT,),
        env={"PATH": environ.get("PATH", ":".join(SEARCH_PATHS))},
        append_only_caches=request.python.append_only_caches,
        # What an index offers changes by the hour, so only this call may use the result.
        cache_scope=ProcessCacheScope.PER_SESSION,
    )
    starting = InstallingProcess(process, Mode.UV, request.python.path)
    result = await Get(
        FallibleProcessResult, Process, await Get(Process, InstallingProcess, starting)
    )
    if verbose:
        resolver_log.show(f"uv on {inputs.lock_path}", result.stderr, global_options)
    if result.exit_code != 0:
        told = result.stderr.decode(errors="replace")
        fault = told[max(0, told.find("error: ")) :] or "uv told no reason"
        return UvCompiled((), fault, undated(told))
    compiled = await Get(DigestContents, Digest, result.output_digest)
    text = compiled[0].content.decode()
    pins = lock_codec.parse(text, f"uv's {_OUTPUT}").pins if text.strip() else ()
    named = (replace(pin, via=tuple(sorted(map(_via, pin.via)))) for pin in pins)
    return UvCompiled(simplified(named, request.environments))


def undated(told: str) -> tuple[str, ...]:
    """The projects of which uv says that files have no upload time, by their normalised names."""
    files = _UNDATED.findall(told)
    return tuple(sorted({str(canonicalize_name(_project(file))) for file in files}))


def _project(file: str) -> str:
    """The project of a distribution, by its file name."""
    name, _, rest = file.partition("-")
    return name if file.endswith(".whl") or not rest else file.rpartition("-")[0]


def _files(folder: str, stated: Iterable[InputRequirement]) -> list[FileContent]:
    by_path: dict[str, list[str]] = defaultdict(list)
    for requirement in stated:
        by_path[requirement.path].append(requirement.text)
    return [
        FileContent(f"{_INPUTS}/{folder}/{path}.in", _lines(lines))
        for path, lines in by_path.items()
    ]


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _via(entry: str) -> str:
    """An annotation that names the input where it lies."""
    option, _, path = entry.partition(f" {_INPUTS}/")
    return f"{option} {path.partition('/')[2].removesuffix('.in')}" if path else entry


def _option(option: str, value: str) -> tuple[str, ...]:
    """One of pip's options, as uv has it."""
    if option == "pre" or (option == "all-releases" and value == ":all:"):
        return ("--prerelease", "allow")
    if option == "all-releases":
        return ("--prerelease-package", f"{value}=allow")
    if option in ("only-binary", "no-binary"):
        return (f"--{option}", value)
    return ()  # uv prefers wheels and final releases anyway


def rules() -> Iterable[Rule]:
    return collect_rules()
