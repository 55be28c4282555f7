"""Tells at once which part of Pants has moved under a seam."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from pants.backend.python.dependency_inference import module_mapper, parse_python_dependencies
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.goals import export as python_export
from pants.backend.python.goals import lockfile, pytest_runner, run_pex_binary
from pants.backend.python.macros import common_requirements_rule, python_requirements
from pants.backend.python.typecheck.mypy import rules as mypy
from pants.backend.python.util_rules import pex, pex_cli, pex_environment, pex_from_targets
from pants.backend.python.util_rules import pex_requirements
from pants.backend.visibility import rules as visibility
from pants.bin import local_pants_runner
from pants.core.goals import export, generate_lockfiles, test
from pants.core.util_rules import adhoc_binaries
from pants.engine.internals import build_files, nodes, scheduler
from pants.init import specs_calculator

from lockstep.pants_api import (
    coverage_seams,
    error_seam,
    export_seams,
    import_seams,
    lock_seams,
    module_seam,
    mypy_seam,
    owner_seam,
    pex_seams,
    python_seams,
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
        export.export,
        "Export",
        "Console FilteredTargets Workspace UnionMembership BuildRoot DistDir ExportSubsystem",
    ),
    (
        python_export.export_virtualenvs,
        "ExportResults",
        "ExportVenvsRequest PythonSetup DistDir UnionMembership ExportSubsystem",
    ),
    (
        test.run_tests,
        "Test",
        "Console TestSubsystem DebugAdapterSubsystem Workspace UnionMembership DistDir RunId"
        " ChosenLocalEnvironmentName",
    ),
    (pytest_runner.run_python_tests, "TestResult", "Batch TestSubsystem"),
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


@pytest.mark.parametrize(
    "function,output,inputs", RULES, ids=lambda value: getattr(value, "__name__", str(value)[:30])
)
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
        owner_seam.resolve_parsed_dependencies,
        requirement_seam.generate_from_python_requirement,
        module_seam.map_third_party_modules_to_addresses,
        import_seams.parse_python_dependencies,
        import_seams.infer_python_dependencies_via_source,
        import_seams.determine_requirement_strings_in_closure,
        lock_seams.generate_lockfile,
        lock_seams.generate_lockfiles_goal,
        export_seams.export,
        export_seams.export_virtualenvs,
        coverage_seams.run_tests,
        coverage_seams.run_python_tests,
        mypy_seam.mypy_typecheck_partition,
        visibility_seam.build_file_visibility_implementation,
    ]


def test_exporting_reads_no_option_but_the_resolves() -> None:
    """What the seams leave out of these is exported by Lockstep; what they hand on is like them."""
    goal = inspect.getsource(export)
    assert "set(export_subsys.resolve) - resolves_exported" in goal
    assert goal.count("export_subsys.") == 1
    rule = inspect.getsource(python_export).partition("async def export_virtualenvs(")[2]
    assert re.findall(r"export_subsys\.[\w.]+", rule) == ["export_subsys.options.resolve"] * 2


def test_the_helper_that_makes_requirement_targets_takes_what_the_seam_hands_it() -> None:
    helper = inspect.signature(common_requirements_rule._generate_requirements)
    assert list(helper.parameters) == [
        *("request", "union_membership", "python_setup", "parse_requirements_callback"),
    ]


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (pex_environment.CompletePexEnvironment.create_argv, "self pex_filepath args"),
        (pex_environment.CompletePexEnvironment.environment_dict, "self python"),
        (pex.VenvScriptWriter._create_venv_script, "self bash script_path venv_executable"),
    ],
)
def test_the_methods_that_are_wrapped_take_what_they_used_to(method: Any, parameters: str) -> None:
    assert list(inspect.signature(method).parameters) == parameters.split()


def test_what_a_call_is_about_is_decided_where_the_seam_is() -> None:
    decided = inspect.signature(specs_calculator.calculate_specs)
    assert list(decided.parameters) == [
        *("options_bootstrapper", "options", "session", "working_dir"),
    ]
    rules()
    runner: Any = local_pants_runner
    assert runner.calculate_specs is selection_seam.calculate_specs
    assert "calculate_specs(" in inspect.getsource(local_pants_runner.LocalPantsRunner.create)


def test_what_test_works_on_is_asked_for_where_the_seam_is() -> None:
    seams: Any = coverage_seams
    asked = inspect.signature(seams._get_test_batches)
    assert inspect.getsourcefile(seams._get_test_batches) == test.__file__
    assert list(asked.parameters) == [
        *("core_request_types", "targets_to_field_sets", "local_environment_name"),
        "test_subsystem",
    ]
    rules()
    goal: Any = test
    assert goal._get_test_batches is coverage_seams.planned_test_batches
    assert "await _get_test_batches(" in inspect.getsource(test.run_tests)


def test_what_a_failure_says_is_put_together_where_the_seam_is() -> None:
    session: Any = scheduler.SchedulerSession
    assert list(inspect.signature(error_seam._original).parameters) == ["self", "throws"]
    assert {"exc", "python_traceback"} <= set(nodes.Throw.__dataclass_fields__)
    rules()
    assert session._raise_on_error is error_seam.raise_on_error
    assert "self._raise_on_error(" in inspect.getsource(session.execute)
    assert "self.execute(" in inspect.getsource(session.product_request)
    make: Any = scheduler.ExecutionError
    error = make("text", wrapped_exceptions=(KeyError(),))
    assert str(error) == "text" and len(error.wrapped_exceptions) == 1


def test_results_without_an_exit_code_count_for_coverage_alone() -> None:
    source = inspect.getsource(test.run_tests)
    assert "if result.exit_code is None:" in source
    assert "result.coverage_data for result in results" in source


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
