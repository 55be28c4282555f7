"""Many inputs over one resolve: no import is ambiguous, and no edge is lost."""

from __future__ import annotations

from typing import Callable

import pytest
from pants.engine.addresses import Address, Addresses
from pants.engine.target import (
    Dependencies,
    DependenciesRequest,
    Target,
    WrappedTarget,
    WrappedTargetRequest,
)
from pants.testutil.rule_runner import QueryRule, RuleRunner

SERVICES = 100
PROJECTS = 20
STATED = 15
"""Of the projects, each service states and imports this many, the last of them being its own."""


@pytest.fixture(scope="module")
def rule_runner(make_rule_runner: Callable[..., RuleRunner]) -> RuleRunner:
    return make_rule_runner(
        QueryRule(Addresses, [DependenciesRequest]),
        QueryRule(WrappedTarget, [WrappedTargetRequest]),
        options=(
            "--python-enable-resolves",
            "--python-default-resolve=all",
            "--python-resolves={'all': 'lock.txt'}",
            "--python-infer-ambiguity-resolution=by_source_root",
            "--source-root-patterns=['services/*', 'plain']",
        ),
    )


def project(number: int) -> str:
    return f"project-{number % PROJECTS}"


def module(name: str) -> str:
    return name.replace("-", "_")


def dependencies(runner: RuleRunner, folder: str) -> list[str]:
    wanted = WrappedTargetRequest(Address(folder, relative_file_path="app.py"), "a test")
    target: Target = runner.request(WrappedTarget, [wanted]).target
    found = runner.request(Addresses, [DependenciesRequest(target[Dependencies])])
    return sorted(address.spec for address in found)


def test_a_hundred_inputs_that_overlap(
    rule_runner: RuleRunner, caplog: pytest.LogCaptureFixture
) -> None:
    stated = {
        f"services/s{service:02}": [project(service + step) for step in range(STATED)]
        for service in range(SERVICES)
    }
    for folder, names in stated.items():
        imports = "".join(f"import {module(name)}\n" for name in names)
        rule_runner.write_files(
            {
                f"{folder}/BUILD": "python_sources()\n"
                "python_requirements(name='inputs', source='requirements.in')\n",
                f"{folder}/requirements.in": "".join(f"{name}\n" for name in names),
                f"{folder}/app.py": imports,
            }
        )
    everything = [project(number) for number in range(PROJECTS)]
    rule_runner.write_files(
        {
            "plain/BUILD": "python_sources()\n",
            "plain/app.py": "".join(f"import {module(name)}\n" for name in everything),
        }
    )
    assert {folder: dependencies(rule_runner, folder) for folder in stated} == {
        folder: sorted(f"{folder}:inputs#{name}" for name in names)
        for folder, names in stated.items()
    }
    first = {name: min(f for f, names in stated.items() if name in names) for name in everything}
    assert dependencies(rule_runner, "plain") == sorted(
        f"{folder}:inputs#{name}" for name, folder in first.items()
    )
    assert caplog.messages == []


def test_what_two_projects_provide_is_ambiguous(
    rule_runner: RuleRunner, caplog: pytest.LogCaptureFixture
) -> None:
    """Which also shows that a warning would be seen above."""
    rule_runner.write_files(
        {
            "plain/BUILD": "python_sources()\n"
            "python_requirement(name='one', requirements=['one'], modules=['same'])\n"
            "python_requirement(name='two', requirements=['two'], modules=['same'])\n",
            "plain/app.py": "import same\n",
        }
    )
    assert dependencies(rule_runner, "plain") == []
    assert caplog.messages[0].startswith(
        "The target plain/app.py imports `same`, but Pants cannot safely infer a dependency because"
        " more than one target owns this module"
    )
