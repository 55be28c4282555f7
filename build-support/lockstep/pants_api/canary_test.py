"""Tells at once which part of Pants has moved under a seam."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from pants.backend.python.dependency_inference import module_mapper, parse_python_dependencies
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.goals import lockfile
from pants.backend.python.macros import common_requirements_rule, python_requirements
from pants.backend.python.typecheck.mypy import rules as mypy
from pants.backend.python.util_rules import pex, pex_cli, pex_from_targets, pex_requirements
from pants.backend.visibility import rules as visibility
from pants.bin import local_pants_runner
from pants.core.goals import generate_lockfiles
from pants.engine.internals import build_files
from pants.init import specs_calculator

from lockstep.pants_api import (
    import_seams,
    lock_seams,
    module_seam,
    mypy_seam,
    owner_seam,
    pex_seams,
    requirement_seam,
    selection_seam,
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
    (
        module_mapper.map_module_to_address,
        "PythonModuleOwners",
        "PythonModuleOwnersRequest FirstPartyPythonModuleMapping ThirdPartyPythonModuleMapping",
    ),
    (
        dependency_inference.resolve_parsed_dependencies,
        "ResolvedParsedPythonDependencies",
        "ResolvedParsedPythonDependenciesRequest PythonInferSubsystem",
    ),
    (
        python_requirements.generate_from_python_requirement,
        "GeneratedTargets",
        "GenerateFromPythonRequirementsRequest UnionMembership PythonSetup",
    ),
    (
        module_mapper.map_third_party_modules_to_addresses,
        "ThirdPartyPythonModuleMapping",
        "AllPythonTargets PythonSetup",
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
        owner_seam.map_module_to_address,
        owner_seam.resolve_parsed_dependencies,
        requirement_seam.generate_from_python_requirement,
        module_seam.map_third_party_modules_to_addresses,
        import_seams.parse_python_dependencies,
        import_seams.infer_python_dependencies_via_source,
        import_seams.determine_requirement_strings_in_closure,
        lock_seams.generate_lockfile,
        lock_seams.generate_lockfiles_goal,
        mypy_seam.mypy_typecheck_partition,
        visibility_seam.build_file_visibility_implementation,
    ]


def test_the_helper_that_makes_requirement_targets_takes_what_the_seam_hands_it() -> None:
    helper = inspect.signature(common_requirements_rule._generate_requirements)
    assert list(helper.parameters) == [
        *("request", "union_membership", "python_setup", "parse_requirements_callback"),
    ]


def test_what_a_call_is_about_is_decided_where_the_seam_is() -> None:
    decided = inspect.signature(specs_calculator.calculate_specs)
    assert list(decided.parameters) == [
        *("options_bootstrapper", "options", "session", "working_dir"),
    ]
    rules()
    runner: Any = local_pants_runner
    assert runner.calculate_specs is selection_seam.calculate_specs
    assert "calculate_specs(" in inspect.getsource(local_pants_runner.LocalPantsRunner.create)


@pytest.mark.parametrize(
    ("function", "inputs"),
    [
        (build_files.evaluate_preludes, "BuildFileOptions Parser"),
        (
            build_files.parse_address_family,
            "Parser BootstrapStatus BuildFileOptions BuildFilePreludeSymbols AddressFamilyDir"
            " RegisteredTargetTypes UnionMembership MaybeBuildFileDependencyRulesImplementation"
            " SessionValues",
        ),
    ],
)
def test_build_files_of_another_revision_are_evaluated_by_rules_as_they_are(
    function: Any, inputs: str
) -> None:
    names = [selector.__name__ for selector in function.rule.input_selectors]
    assert names == inputs.split()
