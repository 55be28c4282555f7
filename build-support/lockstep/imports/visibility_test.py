"""Each import rule of this repository, broken once, and what is said then."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from pants.engine.addresses import Address, Addresses
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import (
    Dependencies,
    DependenciesRequest,
    Target,
    WrappedTarget,
    WrappedTargetRequest,
)
from pants.testutil.rule_runner import QueryRule, RuleRunner

from lockstep.imports.references import FileReferencesRequest, ForbiddenReferences

RULES = Path(__file__).resolve().parents[3] / "BUILD"

SERVICE = (
    "A service imports nothing but itself, libs and external."
    " Move what two services need to libs/internal, or let one ask the other over HTTP."
)
SHARED = (
    "A shared library is published, so it imports nothing but libs/shared and external."
    " Move what it needs there, or the library to libs/internal."
)
INTERNAL = (
    "An internal library imports nothing but libs and external."
    " Move what it needs to libs/internal."
)
EXTERNAL = "Vendored code imports nothing but external. Make it a library in libs if it needs more."
INFRA = (
    "The base infrastructure imports nothing but itself, services/*/infra, libs/shared and external."
    " Move what it needs of a service to that service's infra."
)
COMMAND = (
    "A command imports nothing but cmd, libs and external."
    " Move what it needs of a service to libs/internal."
)
OUTSIDE = (
    "Nothing imports a service, the base infrastructure or a command from outside."
    " Move what is needed to libs."
)

PLACES = {
    "a": "services/a/src/a/a.py",
    "a_infra": "services/a/infra/a_infra.py",
    "b": "services/b/src/b/b.py",
    "b_tests": "services/b/tests/test_b.py",
    "b_infra": "services/b/infra/b_infra.py",
    "shared": "libs/shared/one/src/shared.py",
    "other_shared": "libs/shared/two/src/other_shared.py",
    "internal": "libs/internal/one/src/internal.py",
    "vendored": "external/vendored/vendored.py",
    "infra": "infra/infra.py",
    "command": "cmd/command.py",
    "tool": "build-support/tool.py",
}
"""Files by a name for them; each is in a source root of its own."""

ALLOWED = {
    "a": {"a_infra", "shared", "other_shared", "internal", "vendored"},
    "b_tests": {"b", "b_infra", "shared", "other_shared", "internal", "vendored"},
    "a_infra": {"a", "shared", "other_shared", "internal", "vendored"},
    "shared": {"other_shared", "vendored"},
    "internal": {"shared", "other_shared", "vendored"},
    "vendored": set(),
    "infra": {"a_infra", "b_infra", "shared", "other_shared", "vendored"},
    "command": {"shared", "other_shared", "internal", "vendored"},
    "tool": {"shared", "other_shared", "internal", "vendored"},
}

TOLD = {
    "a": SERVICE,
    "b_tests": SERVICE,
    "a_infra": SERVICE,
    "shared": SHARED,
    "internal": INTERNAL,
    "vendored": EXTERNAL,
    "infra": INFRA,
    "command": COMMAND,
    "tool": OUTSIDE,
}


@pytest.fixture(scope="module")
def rule_runner(make_rule_runner: Callable[..., RuleRunner]) -> RuleRunner:
    roots = sorted({"/" + path.rpartition("/")[0] for path in PLACES.values()})
    runner = make_rule_runner(
        QueryRule(Addresses, [DependenciesRequest]),
        QueryRule(WrappedTarget, [WrappedTargetRequest]),
        QueryRule(ForbiddenReferences, [FileReferencesRequest]),
        options=(f"--source-root-patterns={roots}",),
    )
    runner.write_files({"BUILD": RULES.read_text()})
    for path in PLACES.values():
        folder, _, name = path.rpartition("/")
        runner.write_files({path: "", f"{folder}/BUILD": f"python_sources(sources=['{name}'])\n"})
    return runner


def dependencies(runner: RuleRunner, path: str) -> set[str]:
    folder, _, name = path.rpartition("/")
    request = WrappedTargetRequest(Address(folder, relative_file_path=name), "a test")
    target: Target = runner.request(WrappedTarget, [request]).target
    found = runner.request(Addresses, [DependenciesRequest(target[Dependencies])])
    return {address.filename for address in found if address.is_file_target}


@pytest.mark.parametrize("importer", TOLD)
def test_what_may_be_imported_and_what_is_said_of_all_else(
    rule_runner: RuleRunner, importer: str
) -> None:
    path = PLACES[importer]
    for imported in sorted(set(PLACES) - {importer}):
        rule_runner.write_files({path: f"import {Path(PLACES[imported]).stem}\n"})
        if imported in ALLOWED[importer]:
            assert dependencies(rule_runner, path) == {PLACES[imported]}
            continue
        with pytest.raises(ExecutionError) as caught:
            dependencies(rule_runner, path)
        assert str(list(caught.value.wrapped_exceptions)[0]) == (
            f"{path} has 1 dependency violation:\n\n"
            f"  * {path} must not depend on {PLACES[imported]}. {TOLD[importer]}"
        )
    rule_runner.write_files({path: ""})


def test_files_that_are_not_python_obey_the_same_rules(rule_runner: RuleRunner) -> None:
    content = b"# services/b/src/b/b.py\nown: ../src/a\nshared: libs/shared/one\nrun: ../../b/src/b/b.py\n"
    request = FileReferencesRequest("services/a/infra/deploy.yaml", content)
    assert rule_runner.request(ForbiddenReferences, [request]).lines == (
        "services/a/infra/deploy.yaml:4: `../../b/src/b/b.py` must not be referred to. " + SERVICE,
    )


def test_a_file_that_is_no_text_refers_to_nothing(rule_runner: RuleRunner) -> None:
    request = FileReferencesRequest("services/a/infra/logo.png", b"\xff services/b/src/b/b.py")
    assert rule_runner.request(ForbiddenReferences, [request]).lines == ()
