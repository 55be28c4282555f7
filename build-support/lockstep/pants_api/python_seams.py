"""The seams that keep the paths of a machine's interpreters out of cache keys and results.

So that another machine, user or checkout finds what one has cached, a process is started by an
interpreter's stand-in (see `envs/stand_in.py`), and the virtual environment of a PEX lies where its
content says, not where its interpreter does.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import shlex
import sys
from pathlib import Path, PurePath
from typing import Any, Callable, Mapping

from pants.backend.python.goals import run_pex_binary
from pants.backend.python.util_rules import pex
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import VenvScript, VenvScriptWriter
from pants.backend.python.util_rules.pex_environment import CompletePexEnvironment, PythonExecutable
from pants.core.goals.run import RunRequest
from pants.core.util_rules import adhoc_binaries
from pants.core.util_rules.adhoc_binaries import PythonBuildStandaloneBinary
from pants.core.util_rules.environments import EnvironmentTarget, LocalEnvironmentTarget
from pants.core.util_rules.system_binaries import BashBinary
from pants.engine.process import Process, ProcessCacheScope, ProcessResult
from pants.engine.rules import Get
from pants.util.logging import LogLevel

from lockstep.envs import stand_in
from lockstep.pants_api.seam import Coroutine, replace
from lockstep.slices.interpreters import CACHES, StandIn, StandInRequest

_TELL = (
    "import platform, sys, sysconfig;"
    "print(sys.version, sysconfig.get_config_var('SOABI'), sysconfig.get_platform(),"
    " platform.libc_ver(), platform.mac_ver()[0])"
)
"""Tells what decides which wheels an interpreter takes, and what its shared library is."""

_RESEED = "PEX_INTERPRETER=1 ${execute_pex_args} -c ''"
_TELL_VENV = "import os, sys; print(os.path.realpath(sys.prefix))"


async def find_interpreter(
    original: Coroutine,
    constraints: InterpreterConstraints,
    pex_subsystem: Any,
    target: EnvironmentTarget,
    *rest: Any,
) -> PythonExecutable:
    """Find an interpreter, and give its stand-in, named by all that tells it from others."""
    found: PythonExecutable = await original(constraints, pex_subsystem, target, *rest)
    if not _is_local(target):
        return found
    told = await Get(
        ProcessResult,
        Process(
            (found.path, "-IS", "-c", _TELL),
            description=f"Ask {found.path} what it is",
            level=LogLevel.DEBUG,
            cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
        ),
    )
    identity = hashlib.sha256(f"{found.fingerprint}\n".encode() + told.stdout).hexdigest()
    written = await Get(StandIn, StandInRequest(stand_in.path_of(identity[:20]), found.path))
    # Pants wants absolute paths, since PEX does; PEX gets one from the stand-in it is started by.
    python = PythonExecutable("/", identity, {**found.append_only_caches, **CACHES})
    object.__setattr__(python, "path", written.path)
    return python


async def get_python_for_scripts(
    original: Coroutine, target: EnvironmentTarget
) -> PythonBuildStandaloneBinary:
    """The stand-in of the Python that Pants runs on.

    It has one name whatever its release: what the pex tool makes does not depend on who runs it. So
    the one of another checkout, whose Pants has its own Python, serves as well.
    """
    if not _is_local(target):
        result: PythonBuildStandaloneBinary = await original(target)
        return result
    path = stand_in.path_of("lockstep", stand_in.PANTS_FOLDER)
    written = await Get(StandIn, StandInRequest(path, sys.executable, replaces=False))
    return PythonBuildStandaloneBinary(written.path)


def _is_local(target: EnvironmentTarget) -> bool:
    return target.val is None or isinstance(target.val, LocalEnvironmentTarget)


# -- Outside of sandboxes -------------------------------------------------------------------------


async def create_pex_binary_run_request(original: Coroutine, *arguments: Any) -> RunRequest:
    """Start a PEX by the stand-in that is in the folder which Pants makes for it."""
    request: RunRequest = await original(*arguments)
    python, *rest = request.args
    return dataclasses.replace(
        request,
        args=(f"{{chroot}}/{python}", *rest),
        append_only_caches={**(request.append_only_caches or {}), **CACHES},
    )


def create_argv(
    original: Callable[..., tuple[str, ...]], self: CompletePexEnvironment, *args: str
) -> tuple[str, ...]:
    """The absolute path of the stand-in where there is no sandbox, as in `./pants run`."""
    python, *rest = original(self, *args)
    return (_reachable(python, self), *rest)


def environment_dict(
    original: Callable[..., Mapping[str, str]], self: CompletePexEnvironment, **options: Any
) -> Mapping[str, str]:
    """Likewise for the interpreter that PEX is told by variable."""
    variables = dict(original(self, **options))
    if "PEX_PYTHON" in variables:
        variables["PEX_PYTHON"] = _reachable(variables["PEX_PYTHON"], self)
    return variables


def _reachable(path: str, environment: CompletePexEnvironment) -> str:
    if not environment.pex_root.is_absolute():
        return path
    return stand_in.absolute(path, Path(environment.pex_root.parent))


# -- Virtual environments -------------------------------------------------------------------------


def create_venv_script(
    original: Callable[..., VenvScript], self: Any, bash: BashBinary, **paths: PurePath
) -> VenvScript:
    """Let the script make its environment at first use, at the place that it was given.

    PEX names an environment by the path of its interpreter among others, so it is PEX that is asked
    where the environment is, and a link stands at the place that does not depend on the machine.
    """
    script = original(self, bash, **paths)
    content = script.content.content.decode()
    if content.count(_RESEED) != 1:
        raise AssertionError("Pants' script for environments does not make them as it used to")
    run_pex = " ".join(
        f'"$(adjust_relative_paths {shlex.quote(arg)})"'
        for arg in self.complete_pex_env.create_argv(self.pex.name)
    )
    make = (
        f"made=$(PEX_INTERPRETER=1 {run_pex} -c {shlex.quote(_TELL_VENV)})\n"
        '    mkdir -p "${venv_dir%/*}"\n'
        '    ln -sfn "${made}" "${venv_dir}" || [ -e "${venv_dir}" ]'
    )
    content = content.replace(_RESEED, make)
    return VenvScript(script.script, dataclasses.replace(script.content, content=content.encode()))


def _wrap(owner: type, name: str, replacement: Callable[..., Any]) -> None:
    """Let a method run `replacement(original, self, *arguments)`; once for the life of the process."""
    original = getattr(owner, name)
    if getattr(original, "replaced_by", None) is replacement:
        return

    @functools.wraps(original)
    def method(*arguments: Any, **options: Any) -> Any:
        return replacement(original, *arguments, **options)

    method.replaced_by = replacement  # type: ignore[attr-defined]
    setattr(owner, name, method)


def install() -> None:
    """Put the seams in place."""
    replace(pex.find_interpreter, find_interpreter)
    replace(adhoc_binaries.get_python_for_scripts, get_python_for_scripts)
    replace(run_pex_binary.create_pex_binary_run_request, create_pex_binary_run_request)
    _wrap(CompletePexEnvironment, "create_argv", create_argv)
    _wrap(CompletePexEnvironment, "environment_dict", environment_dict)
    _wrap(VenvScriptWriter, "_create_venv_script", create_venv_script)
