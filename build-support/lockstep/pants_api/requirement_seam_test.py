"""Targets are generated from what Lockstep reads of an input, whatever its kind."""

from __future__ import annotations

from typing import Callable, Mapping

import pytest
from pants.backend.python.target_types import PythonRequirementsField
from pants.engine.addresses import Address, Addresses
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import (
    AllTargets,
    Dependencies,
    DependenciesRequest,
    Tags,
)
from pants.testutil.rule_runner import QueryRule, RuleRunner


@pytest.fixture
def rule_runner(make_rule_runner: Callable[..., RuleRunner]) -> RuleRunner:
    return make_rule_runner(
        QueryRule(AllTargets, []),
        QueryRule(Addresses, [DependenciesRequest]),
        options=(
            "--source-root-patterns=/",
            "--python-enable-resolves",
            "--no-python-enable-lockfile-targets",
            "--python-resolves={'python-default': 'lock.txt'}",
            "--python-interpreter-constraints=['CPython==3.11.*']",
            "--python-infer-ambiguity-resolution=by_source_root",
        ),
    )


def requirements(runner: RuleRunner, files: Mapping[str, str]) -> Mapping[str, list[str]]:
    """The requirements of all generated targets by their addresses."""
    runner.write_files(files)
    return {
        target.address.spec: [str(r) for r in target[PythonRequirementsField].value]
        for target in runner.request(AllTargets, [])
        if target.has_field(PythonRequirementsField)
    }


def dependencies(runner: RuleRunner, address: Address) -> list[str]:
    target = runner.get_target(address)
    request = DependenciesRequest(target[Dependencies])
    return sorted(found.spec for found in runner.request(Addresses, [request]))


def test_a_requirements_file_with_includes_bounds_hashes_and_settings(
    rule_runner: RuleRunner,
) -> None:
    files = {
        "a/BUILD": 'python_requirements(name="r", source="r.in", tags=["ours"])\n',
        "a/r.in": f"Click>=8 --hash=sha256:{'0' * 64}\n--pre\n-c c.txt\n-r more/b.in\n-r ../d.in\n",
        "a/c.txt": "attrs<30\n-i https://index.example/simple\n",
        "a/more/b.in": "rich \\\n  >=13 ; os_name == 'posix'\nclick[x]<9\n",
        "d.in": "six @ https://files.example/six.whl\n",
    }
    assert requirements(rule_runner, files) == {
        "a:r#Click": ["Click>=8", "Click[x]<9"],
        "a:r#rich": ['rich>=13; os_name == "posix"'],
        "a:r#six": ["six@ https://files.example/six.whl"],
    }
    click = Address("a", target_name="r", generated_name="Click")
    assert rule_runner.get_target(click)[Tags].value == ("ours",)
    # Files elsewhere can belong to targets of their own folder only.
    assert dependencies(rule_runner, click) == ["a/c.txt:r", "a/more/b.in:../r", "a/r.in:r"]


def test_every_table_of_a_project(rule_runner: RuleRunner) -> None:
    files = {
        "BUILD": 'python_requirements(name="p", source="pyproject.toml", overrides={"six": {"tags": ["o"]}})',
        "pyproject.toml": (
            '[build-system]\nrequires = ["hatchling"]\n'
            '[project]\nname = "p"\ndependencies = ["six"]\n'
            '[project.optional-dependencies]\nweb = ["httpx"]\n'
            '[dependency-groups]\ndev = [{include-group = "lint"}]\nlint = ["black", "httpx<1"]\n'
        ),
    }
    assert requirements(rule_runner, files) == {
        "//:p#black": ["black"],
        "//:p#hatchling": ["hatchling"],
        "//:p#httpx": ["httpx", "httpx<1"],
        "//:p#six": ["six"],
    }
    six = rule_runner.get_target(Address("", target_name="p", generated_name="six"))
    assert six[Tags].value == ("o",)


def test_what_requires_nothing_generates_nothing(rule_runner: RuleRunner) -> None:
    files = {
        "BUILD": 'python_requirements(name="r", source="r.in")',
        "r.in": "--pre\n-c c\n",
        "c": "",
    }
    assert requirements(rule_runner, files) == {}


@pytest.mark.parametrize(
    "text,fault",
    [
        ("six\n-e .\n", "r.in:2: `-e .` is editable"),
        ("six\n-r no.in\n", "r.in:2: `no.in` is included, but there is no such file."),
    ],
)
def test_what_cannot_be_read_is_an_error(rule_runner: RuleRunner, text: str, fault: str) -> None:
    with pytest.raises(ExecutionError, match=fault):
        requirements(
            rule_runner, {"BUILD": 'python_requirements(name="r", source="r.in")', "r.in": text}
        )


SCRIPT = '# /// script\n# dependencies = ["{}"]\n# ///\nimport {}\n'


def test_a_script_is_served_by_what_it_states_itself(rule_runner: RuleRunner) -> None:
    files = {
        "t/BUILD": (
            "python_sources()\n"
            'python_requirements(name="all", source="requirements.in")\n'
            'python_requirements(name="one-requirements", source="one.py")\n'
            'python_requirements(name="two-requirements", source="two.py")\n'
        ),
        "t/requirements.in": "six\n",
        "t/one.py": SCRIPT.format("six>=1", "six\nimport rich"),
        "t/two.py": SCRIPT.format("rich[x]", "six, rich"),
        "t/three.py": "import six\n",
    }
    assert requirements(rule_runner, files) == {
        "t:all#six": ["six"],
        "t:one-requirements#six": ["six>=1"],
        "t:two-requirements#rich": ["rich[x]"],
    }

    def of(name: str) -> list[str]:
        return dependencies(rule_runner, Address("t", relative_file_path=name))

    assert of("one.py") == ["t:one-requirements#six", "t:two-requirements#rich"]
    assert of("two.py") == ["t:all#six", "t:two-requirements#rich"]
    assert of("three.py") == ["t:all#six"]


def test_a_script_is_served_by_the_spec_beside_it(rule_runner: RuleRunner) -> None:
    files = {
        "t/BUILD": (
            "python_sources()\n"
            'python_requirements(name="a-spec", source="one.py.spec")\n'
            'python_requirements(name="all", source="requirements.in")\n'
        ),
        "t/requirements.in": "six\n",
        "t/one.py.spec": "six>=1  # ours\n-r more.in\n",
        "t/more.in": "rich[x]\n",
        "t/one.py": "import six, rich\n",
        "t/two.py": "import six\n",
    }
    assert requirements(rule_runner, files) == {
        "t:a-spec#six": ["six>=1"],
        "t:a-spec#rich": ["rich[x]"],
        "t:all#six": ["six"],
    }

    def of(name: str) -> list[str]:
        return dependencies(rule_runner, Address("t", relative_file_path=name))

    assert of("one.py") == ["t:a-spec#rich", "t:a-spec#six"]
    assert of("two.py") == ["t:all#six"]
