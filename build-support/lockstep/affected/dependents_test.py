from __future__ import annotations

from typing import Any, Callable

import pytest
from pants.backend.project_info.dependents import AddressToDependents
from pants.engine.fs import Digest, PathGlobs, Paths
from pants.engine.target import InferDependenciesRequest
from pants.engine.unions import UnionMembership, UnionRule
from pants.testutil.rule_runner import MockGet, QueryRule, RuleRunner, run_rule_with_mocks

from lockstep.affected import dependents
from lockstep.affected.dependents import (
    DependencyInputs,
    Dependents,
    MaybeDependencyInputs,
    Memory,
)
from lockstep.core import graph_codec
from lockstep.core.graph import Entry, LockGraph

LOCK = "six=={version} \\\n    --hash=sha256:{hash}\n    # via -r requirements.txt\n"
OPTIONS = (
    "--source-root-patterns=/",
    "--python-enable-resolves",
    "--no-python-enable-lockfile-targets",
    "--python-resolves={'python-default': 'lock.txt'}",
)
FILES = {
    "BUILD": (
        "python_sources()\n"
        "python_requirements(name='r')\n"
        "resources(name='data', sources=['*.txt', '!lock.txt'])\n"
        "deployable(name='deploy')\n"
    ),
    "Procfile": "web: python -m a\n",
    "a.py": "import b\n",
    "b.py": "",
    "data.txt": "data\n",
    "requirements.txt": "six\n",
}


def lock(version: str, digit: str = "0", modules: tuple[str, ...] = ("six",)) -> dict[str, str]:
    """The lock of one pin, and its graph."""
    text = LOCK.format(version=version, hash=digit * 64)
    entry = Entry(f"six=={version}", digit * 64, modules=modules)
    return {"lock.txt": text, "lock.graph.json": graph_codec.render(LockGraph((entry,)))}


@pytest.fixture
def rule_runner(make_rule_runner: Callable[..., RuleRunner]) -> RuleRunner:
    runner = make_rule_runner(
        QueryRule(MaybeDependencyInputs, []), QueryRule(AddressToDependents, []), options=OPTIONS
    )
    runner.write_files({**FILES, **lock("1.16.0")})
    return runner


def inputs(runner: RuleRunner) -> DependencyInputs:
    found = runner.request(MaybeDependencyInputs, []).inputs
    assert found is not None
    return found


@pytest.mark.parametrize(
    "files",
    [
        lock("1.17.0"),
        lock("1.16.0", digit="1"),
        {"lock.txt": "# a remark\n"},
        {"data.txt": "other data\n"},
        {"requirements.txt": "six  # why\n"},
        {"BUILD": f"# a remark\n{FILES['BUILD']}"},
    ],
    ids=["pin", "hash", "lock", "data", "input", "BUILD"],
)
def test_what_dependencies_do_not_follow_from(
    rule_runner: RuleRunner, files: dict[str, str]
) -> None:
    before = inputs(rule_runner)
    mapping = rule_runner.request(AddressToDependents, [])
    rule_runner.write_files(files)
    assert inputs(rule_runner) == before
    assert rule_runner.request(AddressToDependents, []) == mapping


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "import b, six\n"},
        {"folder/new.py": ""},
        {"unowned.md": ""},
        {"BUILD": FILES["BUILD"].replace("python_sources(", "python_sources(tags=['t'], ")},
        {"requirements.txt": "six>1\n"},
        {"Procfile": "web: python -m b\n"},
        lock("1.16.0", modules=("b", "six")),
    ],
    ids=["source", "folder", "file", "BUILD", "input", "Procfile", "modules"],
)
def test_what_they_follow_from(rule_runner: RuleRunner, files: dict[str, str]) -> None:
    before = inputs(rule_runner)
    old = {path: rule_runner.read_file(path) for path in files if path in {*FILES, *lock("")}}
    rule_runner.write_files(files)
    assert inputs(rule_runner) != before
    if old.keys() == files.keys():
        rule_runner.write_files(old)
        assert inputs(rule_runner) == before


def test_options_and_environment(rule_runner: RuleRunner) -> None:
    def inputs_with(*options: str, **variables: str) -> DependencyInputs:
        rule_runner.set_options((*OPTIONS, *options), env=variables, env_inherit={"PATH", "HOME"})
        return inputs(rule_runner)

    plain = inputs_with()
    assert inputs_with("--no-python-infer-imports") != plain
    assert inputs_with(DATABASE="test") != plain
    assert inputs_with() == plain


def _never(globs: PathGlobs) -> Any:
    raise AssertionError(globs)


def test_a_plugin_may_infer_from_anything() -> None:
    of_a_plugin = type("Infer", (InferDependenciesRequest,), {"__module__": "company.rules"})
    unions = UnionMembership.from_rules([UnionRule(InferDependenciesRequest, of_a_plugin)])
    told = run_rule_with_mocks(
        dependents.find_dependency_inputs,
        rule_args=[{}, unions, None, None, None],
        mock_gets=[MockGet(asked, (PathGlobs,), _never) for asked in (Paths, Digest)],
    )
    assert told == MaybeDependencyInputs(None)


def test_what_is_known_is_recalled_for_the_same_inputs(rule_runner: RuleRunner) -> None:
    first = inputs(rule_runner)
    rule_runner.write_files({"a.py": "import six\n"})
    second = inputs(rule_runner)
    mapping = rule_runner.request(AddressToDependents, []).mapping
    memory = Memory((Dependents(second, mapping),), found=Dependents(second, mapping))
    assert (memory.recalled(first), memory.recalled(second)) == (None, mapping)
    memory.forget()
    assert (memory.recalled(second), memory.found) == (None, None)
