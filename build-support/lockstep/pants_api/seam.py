"""Replaces a built-in rule in place: the one way that Pants leaves to change what a rule does.

A second rule with the same input and output is ambiguous, and replacing the function that carries
the rule comes too late, since backends have collected the rule itself by then. So the rule object
that the engine will read gets another coroutine, which may await the original one.
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable

from pants.engine.internals.rule_visitor import collect_awaitables
from pants.engine.rules import TaskRule
from pants.util.ordered_set import FrozenOrderedSet

Coroutine = Callable[..., Awaitable[Any]]


def replace(rule_function: Any, replacement: Coroutine, also: tuple[type, ...] = ()) -> None:
    """Let a built-in rule run `replacement(original, *arguments)` instead of its own coroutine.

    It can be called any number of times, in any order of backends; a rule is replaced once for the
    life of the process.

    Args:
        rule_function: the function that `@rule` decorated.
        replacement: a coroutine function at module level, whose first argument is the original
            coroutine function and whose others are the rule's own, then those of `also`.
        also: further types that the engine is to pass, such as subsystems.
    """
    rule: TaskRule = rule_function.rule
    if getattr(rule.func, "replaced_by", None) is replacement:
        return
    original = rule.func

    async def seam(*arguments: Any) -> Any:
        return await replacement(original, *arguments)

    seam.replaced_by = replacement  # type: ignore[attr-defined]
    seam.__name__ = original.__name__
    seam.__module__ = original.__module__
    seam.__line_number__ = replacement.__code__.co_firstlineno  # type: ignore[attr-defined]
    gets = FrozenOrderedSet([*rule.input_gets, *collect_awaitables(replacement)])
    # Rules are frozen: whoever builds them hands them to the engine and to nobody else.
    object.__setattr__(rule, "func", seam)
    object.__setattr__(rule, "input_gets", gets)
    object.__setattr__(rule, "input_selectors", (*rule.input_selectors, *also))
