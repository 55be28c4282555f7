"""The key of a test's coverage: all that the coverage follows from, with no environment built.

What goes into the process that runs the test goes into the key, but for the slices it is installed
from in the place of what was installed. Paths of this machine are left out, so that machines share.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from pants.backend.python.goals.coverage_py import CoverageConfig, CoverageSubsystem
from pants.backend.python.goals.pytest_runner import (
    AllPytestPluginSetups,
    AllPytestPluginSetupsRequest,
    TestMetadata,
)
from pants.backend.python.subsystems.pytest import PyTest, PythonTestFieldSet
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.subsystems.setuptools import PythonDistributionFieldSet
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.local_dists import LocalDistsPex, LocalDistsPexRequest
from pants.backend.python.util_rules.pex import Pex, PexRequest, ReqStrings
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_from_targets import (
    PexFromTargetsRequest,
    RequirementsPexRequest,
)
from pants.backend.python.util_rules.pex_requirements import EntireLockfile, PexRequirements
from pants.backend.python.util_rules.python_sources import (
    PythonSourceFiles,
    PythonSourceFilesRequest,
)
from pants.core.goals.test import TestExtraEnv
from pants.core.util_rules.config_files import ConfigFiles, ConfigFilesRequest
from pants.core.util_rules.environments import EnvironmentTarget
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.core.util_rules.subprocess_environment import SubprocessEnvironmentVars
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import EMPTY_DIGEST, Digest, MergeDigests
from pants.engine.platform import Platform
from pants.engine.process import Process, ProcessCacheScope, ProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import Target, TransitiveTargets, TransitiveTargetsRequest
from pants.version import VERSION

from lockstep.core.coverage_baseline import key_of
from lockstep.slices.drawn import DrawnSlice, DrawnSliceRequest, lock_path_of
from lockstep.slices.locks import LockRequest, ManagedLock, SliceRequest, SliceText

_TELL_INTERPRETER = (
    "import platform, sys;"
    "print(platform.python_implementation(), *sys.version_info, sys.platform, platform.machine())"
)


@dataclass(frozen=True)
class CoverageKeyRequest:
    """Tell the key of tests that run together."""

    field_sets: tuple[PythonTestFieldSet, ...]
    metadata: TestMetadata


@dataclass(frozen=True)
class CoverageKey:
    """The key, 64 hexadecimal digits."""

    text: str


@dataclass(frozen=True)
class InstalledRequest:
    """Tell what a PEX request installs."""

    pex: PexRequest


@dataclass(frozen=True)
class Installed:
    """What is installed: the digest of a slice, or what takes the place of one."""

    text: str


@dataclass(frozen=True)
class InterpreterRequest:
    """Tell which interpreter serves constraints."""

    constraints: InterpreterConstraints


@dataclass(frozen=True)
class Interpreter:
    """Its implementation, version and platform."""

    text: str


@rule(desc="Tell the key of coverage")
async def find_coverage_key(
    request: CoverageKeyRequest,
    pytest: PyTest,
    coverage: CoverageSubsystem,
    coverage_config: CoverageConfig,
    extra_env: TestExtraEnv,
    subprocess_env: SubprocessEnvironmentVars,
    environment: EnvironmentTarget,
) -> CoverageKey:
    addresses = tuple(field_set.address for field_set in request.field_sets)
    constraints = request.metadata.interpreter_constraints
    closure, plugins, tests, own_env, interpreter, of_targets = await MultiGet(
        Get(TransitiveTargets, TransitiveTargetsRequest(addresses)),
        Get(AllPytestPluginSetups, AllPytestPluginSetupsRequest(addresses)),
        Get(SourceFiles, SourceFilesRequest([fields.source for fields in request.field_sets])),
        Get(EnvironmentVars, EnvironmentVarsRequest(request.metadata.extra_env_vars)),
        Get(Interpreter, InterpreterRequest(constraints)),
        Get(PexFromTargetsRequest, RequirementsPexRequest(addresses)),
    )
    sources, configuration, requirements_pex, set_up = await MultiGet(
        Get(PythonSourceFiles, PythonSourceFilesRequest(closure.closure, include_files=True)),
        Get(ConfigFiles, ConfigFilesRequest, pytest.config_request(tests.snapshot.dirs)),
        Get(PexRequest, PexFromTargetsRequest, of_targets),
        Get(Digest, MergeDigests(setup.digest for setup in plugins)),
    )
    distributions = EMPTY_DIGEST
    if any(PythonDistributionFieldSet.is_applicable(target) for target in closure.closure):
        built = await Get(
            LocalDistsPex,
            LocalDistsPexRequest(
                addresses, internal_only=True, interpreter_constraints=constraints, sources=sources
            ),
        )
        distributions = built.pex.digest
    tool = pytest.to_pex_request(interpreter_constraints=constraints)
    requirements, of_pytest, of_coverage = await MultiGet(
        Get(Installed, InstalledRequest(requirements_pex)),
        Get(Installed, InstalledRequest(tool)),
        Get(Installed, InstalledRequest(coverage.to_pex_request())),
    )
    options = (pytest.config, pytest.main, pytest.xdist_enabled, pytest.execution_slot_var)
    return CoverageKey(
        key_of(
            {
                "pants": VERSION,
                "interpreter": interpreter.text,
                "tests": tests.files,
                "sources": sources.source_files.snapshot.digest.fingerprint,
                "source roots": sources.source_roots,
                "requirements": requirements.text,
                "distributions": distributions.fingerprint,
                "set up": set_up.fingerprint,
                "pytest": of_pytest.text,
                "pytest arguments": pytest.args,
                "pytest options": [str(option) for option in options],
                "pytest configuration": configuration.snapshot.digest.fingerprint,
                "coverage": of_coverage.text,
                "coverage configuration": coverage_config.digest.fingerprint,
                "coverage filter": coverage.filter,
                "concurrency": str(request.metadata.xdist_concurrency),
                "environment": _fields(environment.val),
                "variables": {**subprocess_env.vars, **extra_env.env, **own_env},
            }
        )
    )


@rule
async def find_installed(
    request: InstalledRequest, python_setup: PythonSetup, platform: Platform
) -> Installed:
    drawn = await Get(DrawnSlice, DrawnSliceRequest(request.pex))
    if drawn.wanted is not None:
        wanted = dataclasses.replace(drawn.wanted, platform=platform.value)
        cut = await Get(SliceText, SliceRequest, wanted)
        return Installed(f"slice {_sha256(cut.text)}")
    requirements = request.pex.requirements
    path = lock_path_of(requirements, python_setup)
    lock = _sha256((await Get(ManagedLock, LockRequest(path))).text) if path else "no lock"
    if isinstance(requirements, EntireLockfile):
        return Installed(f"{lock} {requirements.lockfile.url}")
    stated = await Get(ReqStrings, PexRequirements, requirements)
    superset = requirements.from_superset
    repository = superset.digest.fingerprint if isinstance(superset, Pex) else ""
    pinned = (*stated.req_strings, *requirements.constraints_strings)
    return Installed(f"{lock} {repository} {_sha256(chr(10).join(pinned))}")


@rule
async def find_interpreter(request: InterpreterRequest) -> Interpreter:
    python = await Get(PythonExecutable, InterpreterConstraints, request.constraints)
    digests: Any = python.immutable_input_digests  # of another type than it is annotated with
    told = await Get(
        ProcessResult,
        Process(
            (python.path, "-c", _TELL_INTERPRETER),
            description=f"Ask {python.path} for its version",
            append_only_caches=python.append_only_caches,
            immutable_input_digests=digests,
            cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
        ),
    )
    return Interpreter(told.stdout.decode().strip())


def _fields(target: Target | None) -> Mapping[str, str]:
    """What an environment is, such as an image; nothing for the machine itself."""
    values = target.field_values.values() if target else ()
    return {field.alias: str(field.value) for field in values if hasattr(field, "value")}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rules() -> Iterable[Rule]:
    return collect_rules()
