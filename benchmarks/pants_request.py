"""Asks Pants for environments, in a process of its own since seams stay for a process's life.

Reads a `Job` as JSON from its standard input, and prints a `Measurement` as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pants.backend.python import register as python_backend
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import Pex
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_from_targets import RequirementsPexRequest
from pants.core import register as core_backend
from pants.engine.addresses import Address
from pants.engine.internals.native_engine import PyExecutor
from pants.engine.internals.selectors import Get, MultiGet
from pants.engine.rules import QueryRule, collect_rules, rule
from pants.testutil import rule_runner
from pants.testutil.rule_runner import RuleRunner

from measuring import Folders, Measurement

CONSTRAINTS = "CPython=={}.*"


@dataclass(frozen=True)
class Job:
    """What to ask for.

    Attributes:
        plugin: whether Lockstep is loaded.
        python: the version of the interpreter, such as `3.11`.
        files: of the build root, by path.
        options: further options of Pants.
        slices: for each environment the projects that it is for.
        folder: where it is done.
    """

    plugin: bool
    python: str
    files: dict[str, str]
    options: list[str]
    slices: list[list[str]]
    folder: str


@dataclass(frozen=True)
class EnvironmentsRequest:
    """Environments for these requirements, all at once."""

    slices: tuple[tuple[Address, ...], ...]


@dataclass(frozen=True)
class Environments:
    """The environments as Pants uses them."""

    pexes: tuple[Pex, ...]


@rule
async def build_environments(request: EnvironmentsRequest) -> Environments:
    pexes = await MultiGet(
        Get(Pex, RequirementsPexRequest(addresses)) for addresses in request.slices
    )
    return Environments(pexes)


def main() -> None:
    job = Job(**json.load(sys.stdin))
    folders = Folders.below(Path(job.folder))
    runner = _runner(job, folders)
    empty = folders.on_disk()
    begun = time.perf_counter()
    _start(runner, job)
    started = time.perf_counter()
    start_bytes = folders.on_disk() - empty
    addresses = tuple(
        tuple(Address("", target_name="requirements", generated_name=name) for name in names)
        for names in job.slices
    )
    asked = time.perf_counter()
    result = runner.request(Environments, [EnvironmentsRequest(addresses)])
    seconds = time.perf_counter() - asked
    if len({pex.digest for pex in result.pexes}) != len(job.slices):
        raise SystemExit("Pants built fewer environments than it was asked for")
    added = folders.on_disk() - empty - start_bytes
    print(json.dumps(dataclasses.asdict(Measurement(started - begun, seconds, start_bytes, added))))


def _runner(job: Job, folders: Folders) -> RuleRunner:
    cores = os.cpu_count() or 1
    rule_runner.EXECUTOR = PyExecutor(core_threads=cores, max_threads=4 * cores)  # as Pants does
    places = (
        f"--local-store-dir={folders.built}",
        f"--named-caches-dir={folders.caches}",
        f"--local-execution-root-dir={folders.sandboxes}",
    )
    runner = RuleRunner(
        rules=[
            *core_backend.rules(),
            *python_backend.rules(),
            *collect_rules(),
            *_plugin_rules(job),
            QueryRule(Environments, [EnvironmentsRequest]),
            QueryRule(PythonExecutable, [InterpreterConstraints]),
        ],
        target_types=[*core_backend.target_types(), *python_backend.target_types()],
        bootstrap_args=places,
    )
    runner.write_files(job.files)
    environ = {name: value for name, value in os.environ.items() if name != "PANTS_CONFIG_FILES"}
    runner.set_options([*places, *job.options], env=environ)
    return runner


def _plugin_rules(job: Job) -> list[Any]:
    if not job.plugin:
        return []
    from lockstep import register
    from lockstep.slices.sandbox import Installer, InstallerRequest

    return [*register.rules(), QueryRule(Installer, [InstallerRequest])]


def _start(runner: RuleRunner, job: Job) -> None:
    """What is done once for all environments: find the interpreter, take in the tools."""
    constraints = InterpreterConstraints([CONSTRAINTS.format(job.python)])
    runner.request(PythonExecutable, [constraints])
    if job.plugin:
        from lockstep.slices.sandbox import Installer, InstallerRequest

        runner.request(Installer, [InstallerRequest()])


if __name__ == "__main__":
    main()
