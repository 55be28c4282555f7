"""Runs rules as the repository does: with the backends that it uses and Lockstep."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Sequence

import pytest
from hypothesis import HealthCheck, settings
from pants.backend.python import register as python
from pants.backend.visibility import rules as visibility
from pants.core import register as core
from pants.engine.internals.parametrize import Parametrize
from pants.engine.rules import QueryRule
from pants.testutil.rule_runner import RuleRunner

from lockstep import register as lockstep

# How long a case takes is no property: a busy machine is none of the code's faults.
settings.register_profile("lockstep", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lockstep")

MakeRuleRunner = Callable[..., RuleRunner]


@pytest.fixture(scope="session")
def make_rule_runner() -> MakeRuleRunner:
    """Called with queries and options, gives a rule runner with an empty build root.

    Setting up the engine takes longer than most tests, so the next call with the same queries gets the
    same one, emptied.
    """
    made: list[tuple[Sequence[QueryRule], RuleRunner]] = []

    def make(*queries: QueryRule, options: tuple[str, ...] = ()) -> RuleRunner:
        if made and made[0][0] == queries:
            runner = made[0][1]
            _empty(runner)
        else:
            runner = _new(queries)
            made[:] = [(queries, runner)]
        runner.set_options(
            ["--python-infer-use-rust-parser", *options],
            env={name: value for name, value in os.environ.items() if name.startswith("PANTS_")},
            env_inherit={"PATH", "HOME", "PYENV_ROOT"},
        )
        return runner

    return make


def _new(queries: Sequence[QueryRule]) -> RuleRunner:
    rules = (core.rules(), python.rules(), visibility.rules(), lockstep.rules(), queries)
    return RuleRunner(
        rules=[rule for some in rules for rule in some],
        target_types=[*core.target_types(), *python.target_types(), *lockstep.target_types()],
        objects={"parametrize": Parametrize},
    )


def _empty(runner: RuleRunner) -> None:
    """Remove all that tests wrote to the build root."""
    root = Path(runner.build_root)
    found = [path for path in root.rglob("*") if path.relative_to(root).parts[0] != ".pants.d"]
    for path in sorted(found, reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    gone = {path.relative_to(root).as_posix() for path in found}
    runner.scheduler.invalidate_files({*gone, *(os.path.dirname(path) for path in gone)})
