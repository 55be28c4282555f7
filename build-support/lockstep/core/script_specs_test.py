"""The order in which the requirements of a script are looked for."""

from __future__ import annotations

from itertools import product

from lockstep.core.script_specs import Origin, Spec, chosen


def test_the_first_that_is_stated_counts() -> None:
    names = ("option", "block", "beside", "caller")
    origins = (Origin.OPTION, Origin.BLOCK, Origin.BESIDE, Origin.CALLER)
    for stated in product((True, False), repeat=4):
        paths = [name if there else None for name, there in zip(names, stated)]
        spec = chosen(*paths)
        if any(stated):
            first = stated.index(True)
            assert spec == Spec(origins[first], names[first]) and spec.is_own
        else:
            assert spec == Spec(Origin.PROJECT) and not spec.is_own


def test_an_empty_variable_states_nothing() -> None:
    assert chosen(None, None, None, "") == Spec(Origin.PROJECT)
