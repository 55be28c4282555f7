"""What the engine is told of Lockstep's rules."""

from __future__ import annotations

import inspect
from typing import Any

from pants.engine.internals.rule_visitor import collect_awaitables
from pants.engine.rules import TaskRule

from lockstep import register
from lockstep.deploy import package


def test_the_engine_knows_each_get_of_a_rule_and_of_the_coroutines_it_awaits() -> None:
    """They are read when a rule is defined: those of a coroutine further down would be missed, which
    shows at run time, where that one is reached.
    """
    memoized: Any = collect_awaitables
    memoized.clear()  # what was read while modules were loaded
    rules = [
        rule
        for rule in register.rules()
        if isinstance(rule, TaskRule) and inspect.isfunction(rule.func)  # not those of subsystems
    ]
    assert package.package_deployable.rule in rules
    for rule in rules:
        missed = {str(get) for get in collect_awaitables(rule.func)} - set(
            map(str, rule.input_gets)
        )
        assert not missed, f"{rule.canonical_name} awaits coroutines that stand below it: {missed}"
