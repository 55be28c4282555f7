"""Tells at once which part of Pants has moved under a seam."""

from __future__ import annotations

from typing import Any

import pytest
from pants.backend.python.dependency_inference import module_mapper, parse_python_dependencies
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.goals import lockfile, run_pex_binary
from pants.backend.python.typecheck.mypy import rules as mypy
from pants.backend.python.util_rules import pex, pex_cli, pex_from_targets, pex_requirements
from pants.backend.visibility import rules as visibility
from pants.core.goals import generate_lockfiles
from pants.core.util_rules import adhoc_binaries

from lockstep.pants_api import (
    import_seams,
    lock_seams,
    mypy_seam,
    owner_seam,
    pex_seams,
    python_seams,
    visibility_seam,
)
from lockstep.register import rules

RULES = [
    (pex.build_pex, "BuildPexResult", "PexRequest PythonSetup PexSubsystem"),
    (pex_requirements.load_lockfile, "LoadedLockfile", "LoadedLockfileRequest PythonSetup"),
    (
        pex_cli.setup_pex_cli_process,
        "Process",
        "PexCliProcess PexPEX PexEnvironment PythonBuildStandaloneBinary EnvironmentAware"
        " GlobalOptions PexSubsystem PythonSetup",
    ),
    (pex.setup_venv_pex_process, "Process", "VenvPexProcess PexEnvironment"),
    (
        pex.find_interpreter,
        "PythonExecutable",
        "InterpreterConstraints PexSubsystem EnvironmentTarget UnionMembership",
    ),
    (
        adhoc_binaries.get_python_for_scripts,
        "PythonBuildStandaloneBinary",
        "EnvironmentTarget",
    ),
    (run_pex_binary.create_pex_binary_run_request, "RunRequest", "PexBinaryFieldSet"),
    (
        module_mapper.map_module_to_address,
        "PythonModuleOwners",
        "PythonModuleOwnersRequest FirstPartyPythonModuleMapping ThirdPartyPythonModuleMapping",
    ),
    (
        parse_python_dependencies.parse_python_dependencies,
        "ParsedPythonDependencies",
        "ParsePythonDependenciesRequest ParserScript UnionMembership PythonInferSubsystem",
    ),
    (
        dependency_inference.infer_python_dependencies_via_source,
        "InferredDependencies",
        "InferPythonImportDependencies PythonInferSubsystem PythonSetup",
    ),
    (
        pex_from_targets.determine_requirement_strings_in_closure,
        "PexRequirements",
        "_PexRequirementsRequest GlobalRequirementConstraints",
    ),
    (
        lockfile.generate_lockfile,
        "GenerateLockfileResult",
        "GeneratePythonLockfile GenerateLockfilesSubsystem PythonSetup",
    ),
    (
        generate_lockfiles.generate_lockfiles_goal,
        "GenerateLockfilesGoal",
        "Workspace UnionMembership GenerateLockfilesSubsystem ChosenLocalEnvironmentName Console"
        " GlobalOptions",
    ),
    (
        mypy.mypy_typecheck_partition,
        "CheckResult",
        "MyPyPartition MyPyConfigFile MyPyFirstPartyPlugins BuildRoot",
    ),
    (
        visibility.build_file_visibility_implementation,
        "BuildFileDependencyRulesImplementation",
        "BuildFileVisibilityImplementationRequest",
    ),
]


@pytest.mark.parametrize("function,output,inputs", RULES, ids=lambda value: str(value)[:30])
def test_the_rules_that_are_replaced_take_and_return_what_the_seams_expect(
    function: Any, output: str, inputs: str
) -> None:
    assert callable(function)
    assert function.rule.output_type.__name__ == output
    names = [selector.__name__ for selector in function.rule.input_selectors]
    assert names[: len(inputs.split())] == inputs.split()


def test_registering_replaces_each_rule_once() -> None:
    rules()
    functions = [function.rule.func for function, _, _ in RULES]
    selectors = [function.rule.input_selectors for function, _, _ in RULES]
    rules()
    assert [function.rule.func for function, _, _ in RULES] == functions
    assert [function.rule.input_selectors for function, _, _ in RULES] == selectors
    assert [function.replaced_by for function in functions] == [
        pex_seams.build_pex,
        pex_seams.load_lockfile,
        pex_seams.setup_pex_cli_process,
        pex_seams.setup_venv_pex_process,
        python_seams.find_interpreter,
        python_seams.get_python_for_scripts,
        python_seams.create_pex_binary_run_request,
        owner_seam.map_module_to_address,
        import_seams.parse_python_dependencies,
        import_seams.infer_python_dependencies_via_source,
        import_seams.determine_requirement_strings_in_closure,
        lock_seams.generate_lockfile,
        lock_seams.generate_lockfiles_goal,
        mypy_seam.mypy_typecheck_partition,
        visibility_seam.build_file_visibility_implementation,
    ]
