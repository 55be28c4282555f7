"""Which releases a resolve sees."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from lockstep.core.cut_off import CutOff, cut_off, moved_down
from lockstep.core.errors import LockstepError
from lockstep.core.input_values import InputRequirement
from lockstep.core.lock import Pin

NOW = datetime(2026, 11, 28, 7, 31, 24, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "as_of,cooldown,moment",
    [
        ("", "7 days", "2026-11-21T07:31:00Z"),
        ("", "1 week", "2026-11-21T07:31:00Z"),
        ("", "36 hours", "2026-11-26T19:31:00Z"),
        ("2026-11-01", "", "2026-11-01T00:00:00Z"),
        ("2026-11-01", "7 days", "2026-11-01T00:00:00Z"),
        ("2026-11-01T08:00:00Z", "", "2026-11-01T08:00:00Z"),
        ("2026-11-01T08:00:00+02:00", "", "2026-11-01T06:00:00Z"),
    ],
)
def test_the_moment(as_of: str, cooldown: str, moment: str) -> None:
    assert cut_off(as_of, cooldown, NOW) == CutOff(moment)


def test_the_zone_of_the_clock_makes_no_difference() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert cut_off("", "7 days", elsewhere) == CutOff("2026-11-21T07:31:00Z")


@pytest.mark.parametrize("cooldown", ["", "0", " "])
def test_there_is_none_by_default(cooldown: str) -> None:
    assert cut_off("", cooldown, NOW) is None


@pytest.mark.parametrize(
    "as_of,cooldown,error",
    [
        (
            "",
            "a week",
            "`[lockstep].cooldown` is `a week`, which is no number of hours, days or weeks. Write it"
            " as `36 hours`, `7 days` or `2 weeks`.",
        ),
        (
            "2026-13-01",
            "",
            "`--as-of=2026-13-01` is neither a day nor a moment with its zone. Write it as"
            " `--as-of=2026-11-21` or `--as-of=2026-11-21T08:00:00Z`.",
        ),
        (
            "2026-11-01T08:00:00",
            "",
            "`--as-of=2026-11-01T08:00:00` is neither a day nor a moment with its zone. Write it as"
            " `--as-of=2026-11-21` or `--as-of=2026-11-21T08:00:00Z`.",
        ),
        (
            "2026-11-29",
            "",
            "`--as-of=2026-11-29` is yet to come, so the same lock could not be made again. Name a"
            " day or moment that is past.",
        ),
    ],
)
def test_what_is_no_cut_off(as_of: str, cooldown: str, error: str) -> None:
    with pytest.raises(LockstepError) as raised:
        cut_off(as_of, cooldown, NOW)
    assert str(raised.value) == error


def test_younger_releases_are_bounded() -> None:
    cut = CutOff("m", ("idna<=3.10",)).with_younger(["Six", "idna<=3.9", "six<=1.16"])
    assert cut == CutOff("m", ("idna<=3.10", "Six"))
    assert cut.with_younger(["idna<=3.11"]) == CutOff("m", ("idna<=3.11", "Six"))
    assert cut.exempt == ("idna", "six")
    assert cut.bounds == (
        InputRequirement("--younger", 0, "idna<=3.10"),
        InputRequirement("--younger", 0, "Six"),
    )


PINS = (Pin("idna", "3.10"), Pin("numpy", "1.26"), Pin("numpy", "2.1+cpu"), Pin("six", "1.17"))


def test_pins_that_moved_down() -> None:
    after = (Pin("Idna", "3.9"), Pin("numpy", "1.26"), Pin("six", "1.18"), Pin("new", "1"))
    assert moved_down(PINS, after) == ("idna<=3.10", "numpy<=2.1")
    assert moved_down((), after) == ()
    assert moved_down((Pin("idna", None, url="git+https://index.example/x"),), after) == ()


def test_only_what_was_chosen_that_young_is_needed() -> None:
    cut = CutOff("m", ("gone", "idna<=3.10", "numpy", "six<=1.18"))
    assert cut.needed(PINS) == CutOff("m", ("idna<=3.10", "numpy"))
