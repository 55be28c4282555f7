"""What is left to be judged: never too little, and nothing where nothing changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.input_values import InputRequirement
from lockstep.core.judgement import Judgement, judgement, parse, remainder, render
from lockstep.core.lock import Pin


def stated(*texts: str) -> tuple[InputRequirement, ...]:
    return tuple(InputRequirement("a.in", line, text) for line, text in enumerate(texts, start=1))


WEB = Pin("Web", "2.0", via=("-r a.in",))
IDNA = Pin("idna", "3.11", via=("web",))
SIX = Pin("six", "1.17.0", via=("-r a.in", "dates"))
DATES = Pin("dates", "1.0", via=("-r a.in",))
PINS = (DATES, IDNA, SIX, WEB)
ASKED = stated("web>=1", "dates", "six")


def known() -> Judgement:
    judged = judgement("here", ASKED, PINS)
    assert judged is not None
    return judged


def left(requirements: Sequence[InputRequirement], pins: Sequence[Pin]) -> tuple[str, ...] | None:
    found = remainder(known(), "here", requirements, pins)
    return None if found is None else tuple(r.text for r in found.requirements)


def test_nothing_changed_leaves_nothing() -> None:
    found = remainder(known(), "here", ASKED, PINS)
    assert found is not None
    assert (found.requirements, found.settled, found.expected) == ((), PINS, frozenset())
    assert left(stated("six", "Web >= 1  ", "dates"), PINS) == ()


def test_added_requirement_is_judged_with_all_others_settled() -> None:
    lamp = Pin("lamp", "1", via=("-r a.in",))
    oil = Pin("oil", "2", via=("lamp",))
    also_six = replace(SIX, via=(*SIX.via, "oil"))
    pins = (DATES, IDNA, lamp, oil, also_six, WEB)
    found = remainder(known(), "here", (*ASKED, *stated("lamp")), pins)
    assert found is not None
    assert [r.text for r in found.requirements] == ["lamp"]
    assert found.settled == (DATES, IDNA, also_six, WEB)
    assert found.expected == {"lamp", "oil"}
    assert found.disagreements(pins, [lamp, oil, SIX]) == ()
    assert found.disagreements(pins, [lamp, replace(oil, version="3")]) == (
        "`oil`: the lock chooses 2 (asked for by lamp), pip-tools chooses 3 (asked for by lamp)",
    )
    assert found.disagreements(pins, [lamp]) == (
        "`oil`: the lock chooses 2 (asked for by lamp), pip-tools has no need of it",
    )
    assert found.disagreements(pins, [lamp, oil, Pin("wick", "1", via=("oil",))]) == (
        "`wick`: the lock has no need of it, pip-tools chooses 1 (asked for by oil)",
    )


def test_moved_pin_is_judged_for_all_that_reach_it() -> None:
    moved = (DATES, replace(IDNA, version="3.12"), SIX, WEB)
    assert left(ASKED, moved) == ("web>=1",)
    assert left(ASKED, (DATES, IDNA, replace(SIX, version="1.16.0"), WEB)) == ("dates", "six")


def test_pin_that_went_is_judged_for_all_that_reached_it() -> None:
    assert left(ASKED, (DATES, SIX, WEB)) == ("web>=1",)


def test_changed_requirement_is_judged() -> None:
    assert left(stated("web>=1", "dates", "six<2"), PINS) == ("six<2",)
    assert left(stated("web[fast]>=1", "dates", "six"), PINS) == ("web[fast]>=1",)


def test_requirement_that_went_needs_no_judgement() -> None:
    assert left(stated("web>=1", "dates"), (DATES, IDNA, replace(SIX, via=("dates",)), WEB)) == ()


@pytest.mark.parametrize(
    "circumstances,pins",
    [
        ("elsewhere", PINS),
        ("here", (*PINS, Pin("lamp", "1", via=("nobody",)))),
        ("here", (*PINS, Pin("six", "1.16.0", via=("dates",)))),
        ("here", (*PINS[:3], Pin("web", None, url="https://files.example/web.whl"))),
    ],
)
def test_whole_is_judged(circumstances: str, pins: Sequence[Pin]) -> None:
    assert remainder(known(), circumstances, ASKED, pins) is None
    assert remainder(None, "here", ASKED, PINS) is None


def test_pins_that_are_no_releases_are_not_kept() -> None:
    assert judgement("here", ASKED, [Pin("web", None, url="https://files.example/w.whl")]) is None


def test_text_is_read_back() -> None:
    assert parse(render(known())) == known()


@given(st.one_of(st.text(), st.integers(0, 400).map(lambda at: render(known())[:at])))
def test_damaged_text_is_nothing_known(text: str) -> None:
    assert parse(text) in (None, known())


_NAMES = "abcdef"
_worlds = st.fixed_dictionaries({n: st.frozensets(st.sampled_from(_NAMES)) for n in _NAMES})


def locked(world: Mapping[str, frozenset[str]], roots: frozenset[str]) -> dict[str, str]:
    """What a resolver pins: all that is reached, each with the version of what it requires."""
    reached: set[str] = set()
    todo = set(roots)
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= world[name] - reached
    return {name: "1." + "".join(sorted(world[name])).translate(_DIGITS) for name in reached}


_DIGITS = str.maketrans({name: str(at) for at, name in enumerate(_NAMES)})


def pinned(world: Mapping[str, frozenset[str]], roots: frozenset[str]) -> tuple[Pin, ...]:
    versions = locked(world, roots)
    return tuple(
        Pin(
            name,
            versions[name],
            via=(
                *(["-r a.in"] if name in roots else []),
                *sorted(by for by in versions if name in world[by]),
            ),
        )
        for name in sorted(versions)
    )


_roots = st.frozensets(st.sampled_from(_NAMES), min_size=1)


@given(_worlds, _roots, _worlds, _roots, st.sampled_from(_NAMES))
def test_judging_the_rest_finds_what_judging_all_finds(
    before: Mapping[str, frozenset[str]],
    roots_before: frozenset[str],
    now: Mapping[str, frozenset[str]],
    roots: frozenset[str],
    spoiled: str,
) -> None:
    """A release requires the same for ever, so only pins whose version changed may differ."""
    judged = judgement("here", stated(*sorted(roots_before)), pinned(before, roots_before))
    proposed = [pin for pin in pinned(now, roots) if pin.key != spoiled]
    found = remainder(judged, "here", stated(*sorted(roots)), proposed)
    if found is None:
        return
    part = pinned(now, frozenset(r.text for r in found.requirements))
    agreed = not found.disagreements(proposed, part)
    assert agreed == (spoiled not in locked(now, roots))
