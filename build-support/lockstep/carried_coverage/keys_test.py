"""The key changes with all that coverage follows from, and with nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Mapping

import pytest
from pants.backend.python.goals.pytest_runner import TestMetadata
from pants.backend.python.subsystems.pytest import PythonTestFieldSet
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.engine.addresses import Address
from pants.engine.rules import QueryRule
from pants.testutil.rule_runner import RuleRunner

from lockstep.carried_coverage.keys import CoverageKey, CoverageKeyRequest


def pin(name: str, version: str, digit: int) -> str:
    return f"{name}=={version} \\\n    --hash=sha256:{str(digit) * 64}\n    # via -r inputs.in\n"


LOCK = pin("idna", "3.10", 1) + pin("pytest", "9.0", 2) + pin("six", "1.17", 3)
FILES: Mapping[str, str] = {
    "lock.txt": LOCK,
    "inputs.in": "idna\npytest\nsix\n",
    "BUILD": "python_requirements(name='inputs', source='inputs.in')\n",
    "lib/BUILD": "python_sources()\nresources(name='data', sources=['*.txt'])\n",
    "lib/near.py": "import far\n",
    "lib/far.py": "import six\n",
    "lib/apart.py": "import idna\n",
    "lib/data.txt": "data\n",
    "lib/other.txt": "other\n",
    "app/BUILD": (
        "python_test_utils(name='utils')\n"
        "python_tests(name='tests', dependencies=['//lib/data.txt:data'])\n"
    ),
    "app/conftest.py": "",
    "app/near_test.py": "import near\n",
    "app/apart_test.py": "import apart\n",
}
OPTIONS = (
    "--python-enable-resolves",
    "--python-resolves={'python-default': 'lock.txt'}",
    "--python-interpreter-constraints=['CPython==3.11.*']",
    "--source-root-patterns=['lib', 'app']",
    "--pytest-install-from-resolve=python-default",
    "--pytest-requirements=//:inputs#pytest",
    "--coverage-py-install-from-resolve=python-default",
    "--coverage-py-requirements=//:inputs#pytest",
)


@pytest.fixture(scope="module")
def runner(make_rule_runner: Callable[..., RuleRunner]) -> RuleRunner:
    made = make_rule_runner(QueryRule(CoverageKey, [CoverageKeyRequest]), options=OPTIONS)
    made.write_files(FILES)
    return made


def key(
    runner: RuleRunner,
    *options: str,
    env: Mapping[str, str] = {},
    extra_env_vars: tuple[str, ...] = (),
) -> str:
    launcher = {name: value for name, value in os.environ.items() if name.startswith("PANTS_")}
    runner.set_options(
        ["--python-infer-use-rust-parser", *OPTIONS, *options],
        env={**launcher, **env},
        env_inherit={"PATH", "HOME", "PYENV_ROOT"},
    )
    target = runner.get_target(
        Address("app", target_name="tests", relative_file_path="near_test.py")
    )
    constraints = InterpreterConstraints(["CPython==3.11.*"])
    metadata = TestMetadata(constraints, extra_env_vars, None, "python-default", "__local__")
    request = CoverageKeyRequest((PythonTestFieldSet.create(target),), metadata)
    return runner.request(CoverageKey, [request]).text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/near_test.py", "import near  # x\n"),
        ("app/conftest.py", "import os\n"),
        ("app/__init__.py", ""),
        ("lib/far.py", "import six  # x\n"),
        ("lib/far.py", ""),
        ("lib/near.py", ""),
        ("lib/data.txt", "date\n"),
        ("lock.txt", LOCK.replace("1.17", "1.18")),
        ("lock.txt", LOCK.replace("3" * 64, "4" * 64)),
        ("lock.txt", LOCK.replace("9.0", "9.1")),
        (".coveragerc", "[run]\nbranch = True\n"),
        ("pytest.ini", "[pytest]\n"),
    ],
)
def test_what_the_key_follows_from(runner: RuleRunner, path: str, text: str) -> None:
    before = key(runner)
    runner.write_files({path: text})
    changed = key(runner)
    restore(runner, path)
    assert changed != before
    assert key(runner) == before


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/apart_test.py", "import near\n"),
        ("lib/apart.py", ""),
        ("lib/other.txt", ""),
        ("lib/BUILD", FILES["lib/BUILD"].replace("sources()", "sources(description='x')")),
        ("lock.txt", "# a remark\n" + LOCK.replace("3.10", "3.11").replace("1" * 64, "5" * 64)),
        ("inputs.in", "six>=1\nidna # x\npytest\n"),
        ("README.md", ""),
    ],
)
def test_what_it_does_not_follow_from(runner: RuleRunner, path: str, text: str) -> None:
    before = key(runner)
    runner.write_files({path: text})
    changed = key(runner)
    restore(runner, path)
    assert changed == before


def restore(runner: RuleRunner, path: str) -> None:
    if path in FILES:
        runner.write_files({path: FILES[path]})
    else:
        Path(runner.build_root, path).unlink()
        runner.scheduler.scheduler.invalidate_files({path})


def test_options_and_variables(runner: RuleRunner) -> None:
    different: tuple[Mapping[str, Any], ...] = (
        {},
        {"options": ("--pytest-args=-q",)},
        {"options": ("--pytest-args=--quiet",)},
        {"options": ("--coverage-py-filter=lib",)},
        {"options": ("--test-extra-env-vars=A=1",)},
        {"options": ("--test-extra-env-vars=A=2",)},
        {"extra_env_vars": ("A",), "env": {"A": "3"}},
        {"extra_env_vars": ("A",), "env": {"A": "4"}},
        {"env": {"LANG": "C"}},
    )

    def of(case: Mapping[str, Any]) -> str:
        named = {name: value for name, value in case.items() if name != "options"}
        return key(runner, *case.get("options", ()), **named)

    keys = [of(case) for case in different]
    assert len(set(keys)) == len(keys)
    same: tuple[Mapping[str, Any], ...] = (
        {"env": {"UNRELATED": "1"}},
        {"options": ("--coverage-py-fail-under=100", "--coverage-py-report=html")},
        {"options": ("--test-timeout-default=60", "--test-output=all", "--test-force")},
    )
    assert {of(case) for case in same} == {keys[0]}
