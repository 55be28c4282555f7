"""The largest set of changes that passes, and how few trials it takes to find it."""

from __future__ import annotations

import random
from typing import AbstractSet, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.green_set import GreenSet, OutOfBudget, Trial, green_set

Broken = Sequence[AbstractSet[int]]
"""Sets of changes that fail whenever all of a set are there."""


def found(count: int, broken: Broken, reach: int = 0, budget: int = 10**6) -> GreenSet[int]:
    """Search, where each failure casts suspicion on its causes and on `reach` others."""
    tried: list[frozenset[int]] = []

    def attempt(changes: tuple[int, ...]) -> Trial[int]:
        if len(tried) >= budget:
            raise OutOfBudget
        assert frozenset(changes) not in tried, "the same is tried twice"
        tried.append(frozenset(changes))
        causes = [one for one in broken if one <= {*changes}]
        suspects = {change for one in causes for change in one}
        others = random.Random(f"{causes}").sample(range(count), min(reach, count))
        return Trial(not causes, frozenset({*suspects, *others} if reach else ()))

    return green_set(range(count), attempt)


def passes(changes: Sequence[int], broken: Broken) -> bool:
    return not any(one <= {*changes} for one in broken)


@given(
    st.integers(0, 40).flatmap(
        lambda count: st.tuples(
            st.just(count),
            st.lists(
                st.frozensets(st.integers(0, max(count - 1, 0)), min_size=1, max_size=3),
                max_size=5 if count else 0,
            ),
            st.integers(0, 5),
        )
    )
)
def test_nothing_can_be_added_to_what_is_taken(drawn: tuple[int, Broken, int]) -> None:
    count, broken, reach = drawn
    result = found(count, broken, reach)
    assert sorted([*result.taken, *result.held]) == list(range(count))
    assert [*result.taken] == sorted(result.taken) and result.held == sorted(result.held)
    assert passes(result.taken, broken)
    assert all(not passes([*result.taken, one], broken) for one in result.held)
    assert result.untried == ()


@pytest.mark.parametrize("reach", [0, 6])
@pytest.mark.parametrize("seed", range(200))
def test_one_that_fails_alone_and_two_together_take_few_trials(seed: int, reach: int) -> None:
    alone, one, other = random.Random(seed).sample(range(200), 3)
    result = found(200, [{alone}, {one, other}], reach)
    assert len(result.taken) == 198
    assert result.held in (sorted([alone, one]), sorted([alone, other]))
    assert result.trials <= 48


def test_what_passes_takes_one_trial_and_nothing_takes_none() -> None:
    assert found(200, []) == GreenSet(tuple(range(200)), [], (), 1)
    assert found(0, []) == GreenSet()


def test_the_budget_ends_the_search_with_what_passed() -> None:
    result = found(16, [{3}], budget=3)
    assert passes(result.taken, [{3}])
    assert (result.trials, result.taken, result.held) == (3, (), [])
    assert result.untried == tuple(range(16))
    result = found(16, [{12}], budget=3)
    assert (result.taken, result.untried) == (tuple(range(12)), tuple(range(12, 16)))


def test_a_change_that_needs_another_one_is_taken_with_it() -> None:
    def attempt(changes: tuple[int, ...]) -> Trial[int]:
        return Trial(9 not in changes and (1 not in changes or 14 in changes))

    assert green_set(range(16), attempt).held == [9]
