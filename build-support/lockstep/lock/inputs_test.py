"""The inputs of a resolve are found through targets of every kind, and what is not read is told."""

from __future__ import annotations

from typing import Callable

import pytest
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from lockstep.core.inputs import InputRequirement, Setting
from lockstep.lock.inputs import ResolveInputs, ResolveInputsRequest


@pytest.fixture
def rule_runner(make_rule_runner: Callable[..., RuleRunner]) -> RuleRunner:
    return make_rule_runner(
        QueryRule(ResolveInputs, [ResolveInputsRequest]),
        options=(
            "--python-enable-resolves",
            "--no-python-enable-lockfile-targets",
            "--python-default-resolve=one",
            "--python-resolves={'one': 'one.txt', 'two': 'two.txt'}",
            "--python-interpreter-constraints=['CPython==3.11.*']",
        ),
    )


def inputs(runner: RuleRunner, resolve: str) -> ResolveInputs:
    return runner.request(ResolveInputs, [ResolveInputsRequest(resolve)])


def test_every_kind(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "a/BUILD": (
                'python_requirements(name="file", source="a.in")\n'
                'python_requirements(name="project", source="pyproject.toml")\n'
                'python_requirements(name="script", source="tool.py")\n'
                'python_requirement(name="stated", requirements=["idna"])\n'
            ),
            "a/a.in": "-r b.in\n",
            "a/b.in": "\nsix\n",
            "a/pyproject.toml": (
                '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "a"\n'
                'dependencies = ["click"]\n[dependency-groups]\ndev = ["black"]\n'
            ),
            "a/tool.py": '# /// script\n# dependencies = ["rich"]\n# ///\n',
        }
    )
    found = inputs(rule_runner, "one")
    assert [f"{stated.place} {stated.text}" for stated in found.requirements] == [
        "a/BUILD idna",
        "a/b.in:2 six",
        "a/pyproject.toml:2 hatchling",
        "a/pyproject.toml:5 click",
        "a/pyproject.toml:7 black",
        "a/tool.py:2 rich",
    ]
    assert inputs(rule_runner, "two").requirements == ()


def test_an_input_that_requires_nothing_counts_for_its_resolve(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "a/BUILD": 'python_requirements(source="a.in")\n',
            "a/a.in": "--pre\n",
            "b/BUILD": '__defaults__(all={"resolve": "two"})\npython_requirements(source="b.in")\n',
            "b/b.in": "-c c.txt\n",
            "b/c.txt": "six<2\n",
            "d/BUILD": 'python_requirements(source="d.in", resolve=parametrize("one", "two"))\n',
            "d/d.in": "--prefer-binary\n",
        }
    )
    prefer = Setting("d/d.in", 1, "prefer-binary")
    one, two = inputs(rule_runner, "one"), inputs(rule_runner, "two")
    assert (one.constraints, one.settings) == ((), (Setting("a/a.in", 1, "pre"), prefer))
    assert (two.constraints, two.settings) == (
        (InputRequirement("b/c.txt", 1, "six<2"),),
        (prefer,),
    )
    assert one.digest != two.digest


@pytest.mark.parametrize(
    "target,text,fault",
    [
        (
            "python_requirements",
            '[project]\nname = "a"\nrequires-python = ">=3.12"\ndependencies = ["six"]\n',
            "a/pyproject.toml:3: the file is for Python `>=3.12`, and its resolve is for 3.11.",
        ),
        (
            "poetry_requirements",
            '[tool.poetry.dependencies]\nsix = "^1"\n',
            "a/pyproject.toml:1: the file is an input of the kind `poetry_requirements`, which is"
            " not supported. State its requirements in a pyproject.toml or in requirements.txt"
            " format.",
        ),
        (
            "python_requirements",
            '[tool.poetry.dependencies]\nsix = "^1"\n',
            "a/pyproject.toml:1: `tool.poetry.dependencies` states requirements for one tool alone.",
        ),
    ],
)
def test_what_is_refused(rule_runner: RuleRunner, target: str, text: str, fault: str) -> None:
    rule_runner.write_files(
        {"a/BUILD": f'{target}(source="pyproject.toml")\n', "a/pyproject.toml": text}
    )
    with pytest.raises(ExecutionError) as caught:
        inputs(rule_runner, "one")
    assert fault in str(caught.value)
