"""Fail-safe causes: what can change the result of every target in its reach."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable, Iterator

from pants.backend.python.goals.coverage_py import CoverageSubsystem
from pants.backend.python.lint.black.subsystem import Black
from pants.backend.python.subsystems.pytest import PyTest
from pants.backend.python.subsystems.python_tool_base import PythonToolBase
from pants.backend.python.typecheck.mypy.subsystem import MyPy
from pants.base.build_root import BuildRoot
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.option.global_options import GlobalOptions

from lockstep.affected.revision import BaseContents, BaseContentsRequest
from lockstep.affected.roots import Revision, Roots
from lockstep.core.affected import Cause, CauseKind, Reach
from lockstep.core.option_changes import option_changes, tool_changes
from lockstep.subsystem import Lockstep

_CONFIGURATIONS = {
    ".coveragerc": Reach.TEST,
    ".mypy.ini": Reach.CHECK,
    "mypy.ini": Reach.CHECK,
    "pytest.ini": Reach.TEST,
    "setup.cfg": Reach.ALL,
    "tox.ini": Reach.TEST,
}
"""The files at the root that tools read, beside pyproject.toml, and who reads them."""

_TESTS = ("_test.py", "conftest.py")


@dataclass(frozen=True)
class FailSafeCausesRequest:
    """Find the causes that make everything in their reach count."""

    revision: Revision


@dataclass(frozen=True)
class FailSafeCauses:
    """What they are."""

    roots: Roots


@dataclass(frozen=True)
class ToolRequirements:
    """The requirement targets that tools are installed from, by the reach of the tool."""

    reaches: tuple[tuple[str, str, Reach], ...]

    def cause(self, address: Address, cause: Cause) -> Cause | None:
        """What a changed requirement target means for a tool that is installed from it."""
        for spec, scope, reach in self.reaches:
            if spec == address.spec.removeprefix("//"):
                return Cause(f"{cause.text} ← [{scope}]", CauseKind.TOOL, reach)
        return None


@rule
async def find_tool_requirements(
    pytest: PyTest, coverage: CoverageSubsystem, black: Black, mypy: MyPy
) -> ToolRequirements:
    tools: tuple[tuple[PythonToolBase, Reach], ...] = (
        (pytest, Reach.TEST),
        (coverage, Reach.TEST),
        (black, Reach.FORMAT),
        (mypy, Reach.CHECK),
    )
    return ToolRequirements(
        tuple(
            (requirement.removeprefix("//"), tool.options_scope, reach)
            for tool, reach in tools
            if tool.install_from_resolve
            for requirement in tool.requirements
        )
    )


@rule(desc="Compare the configuration with the base")
async def find_fail_safe_causes(
    request: FailSafeCausesRequest,
    options: GlobalOptions,
    lockstep: Lockstep,
    root: BuildRoot,
    black: Black,
    mypy: MyPy,
    coverage: CoverageSubsystem,
) -> FailSafeCauses:
    changed = request.revision.paths()
    within = (os.path.relpath(path, root.path) for path in options.pants_config_files)
    settings = sorted(changed & {*within, "pyproject.toml"})
    before, after = await MultiGet(
        Get(BaseContents, BaseContentsRequest(request.revision.commit, tuple(settings))),
        Get(DigestContents, PathGlobs(settings)),
    )
    now = {file.path: file.content for file in after}
    causes: list[Cause] = []
    for path in settings:
        old, new = (files.get(path, b"").decode(errors="replace") for files in (before.files, now))
        compare = tool_changes if path == "pyproject.toml" else option_changes
        causes.extend(compare(old, new, path))
    named = {
        path: reach
        for path, reach in (
            (black.config, Reach.FORMAT),
            (mypy.config, Reach.CHECK),
            (coverage.config, Reach.TEST),
        )
        if path and path != "pyproject.toml"
    }
    for path, reach in {**_CONFIGURATIONS, **named}.items():
        if path in changed:
            causes.append(Cause(f"{path} changed", CauseKind.CONFIGURATION, reach))
    plugin = [os.path.relpath(path, root.path) for path in options.pythonpath]
    setup = os.path.dirname(lockstep.pip_tools_lock)
    for path in sorted(_of_the_build(changed, plugin, setup)):
        causes.append(Cause(f"{path} changed, which Pants itself runs on", CauseKind.PLUGIN))
    return FailSafeCauses(Roots(everywhere=tuple(causes)))


def _of_the_build(changed: Iterable[str], plugin: Iterable[str], setup: str) -> Iterator[str]:
    """The changed files that decide how Pants works: plugins, and what `./pants` is made from."""
    for path in changed:
        is_test = path.endswith(_TESTS) or "/tests/" in path or "/acceptance/" in path
        if is_test or os.path.basename(path) == "BUILD" or path.endswith((".md", ".in")):
            continue
        of_setup = bool(setup) and path.startswith(f"{setup}/")
        of_plugin = path.endswith(".py") and any(path.startswith(f"{p}/") for p in plugin)
        if path == "pants" or of_setup or of_plugin:
            yield path


def rules() -> Iterable[Rule]:
    return (*collect_rules(), *Black.rules(), *MyPy.rules())
