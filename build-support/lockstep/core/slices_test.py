"""Slices: laws that hold for every lock, and the exact words where a lock does not serve."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.core.lock import Lock, Pin
from lockstep.core.lock_codec import parse, render
from lockstep.core.environments import python_environment
from lockstep.core.slices import Slice, SliceError, Slicer

cases = settings(max_examples=int(os.environ.get("LOCKSTEP_FUZZ_CASES", "30")), deadline=None)

NAMES = tuple("abcdefgh")
MARKERS = (None, "sys_platform == 'win32'", "sys_platform != 'win32'")
LINUX = {**python_environment("3.11"), "sys_platform": "linux"}
MEND = "Run `./pants lock` to bring the lock up to date."


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    """Locks of any graph, cycles too, with up to two pins of a name and pins nobody explains."""
    pins = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        for marker in draw(st.sampled_from([MARKERS[:1], MARKERS[1:], MARKERS[1:2]])):
            hashes = draw(st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, unique=True))
            via = draw(st.lists(st.sampled_from([*NAMES, "-r x.in"]), max_size=3, unique=True))
            sha = tuple(f"sha256:{digit * 64}" for digit in hashes)
            pins.append(Pin(name, draw(st.sampled_from("12")), sha, tuple(via), marker))
    return Lock("lock.txt", tuple(draw(st.permutations(pins))))


def roots_of(lock: Lock) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(lock.by_name())), min_size=1, unique=True)


@st.composite
def locks_and_roots(draw: st.DrawFn) -> tuple[Lock, list[str]]:
    lock = draw(locks())
    return lock, draw(roots_of(lock))


def cut(lock: Lock, *requirements: str) -> Slice:
    return Slicer(lock).cut(requirements, LINUX)


def reachable(lock: Lock, roots: list[str]) -> set[str]:
    """What a slice should name, worked out the slow way: grow until nothing more fits."""
    named = {*roots, *(pin.key for pin in lock.pins if not pin.via)}
    while True:
        more = {pin.key for pin in lock.pins if pin.requirers & named} - named
        if not more:
            return named
        named |= more


@cases
@given(locks_and_roots())
def test_slice_holds_what_its_roots_reach_and_nothing_else(case: tuple[Lock, list[str]]) -> None:
    lock, roots = case
    wanted = reachable(lock, roots)
    members = cut(lock, *roots).pins
    assert set(members) == {pin for pin in lock.pins if pin.key in wanted}
    assert list(members) == sorted(members, key=lambda pin: (pin.key, pin.marker or ""))


@cases
@given(locks_and_roots())
def test_slice_is_closed(case: tuple[Lock, list[str]]) -> None:
    lock, roots = case
    part = cut(lock, *roots)
    assert [p for p in lock.pins if p.requirers & part.names and p not in part.pins] == []


@cases
@given(locks_and_roots())
def test_more_roots_never_give_less(case: tuple[Lock, list[str]]) -> None:
    lock, roots = case
    each = [set(cut(lock, root).pins) for root in roots]
    assert set(cut(lock, *roots).pins) == set().union(*each)


@cases
@given(locks_and_roots())
def test_slice_of_its_own_names_is_itself(case: tuple[Lock, list[str]]) -> None:
    lock, roots = case
    part = cut(lock, *roots)
    assert cut(lock, *sorted(part.names)) == part
    assert cut(replace(lock, pins=part.pins), *roots) == part


@cases
@given(locks_and_roots(), st.integers())
def test_order_comments_and_inputs_never_change_the_digest(
    case: tuple[Lock, list[str]], seed: int
) -> None:
    lock, roots = case
    shuffle = random.Random(seed).sample
    pins = [
        replace(
            pin,
            lead=("# a comment", ""),
            hashes=tuple(shuffle(pin.hashes, len(pin.hashes))),
            via=tuple(
                f"{v.upper()}[x]" if len(v) == 1 else "-r moved/y.in"
                for v in shuffle(pin.via, len(pin.via))
            ),
        )
        for pin in shuffle(lock.pins, len(lock.pins))
    ]
    other = parse(render(replace(lock, pins=tuple(pins), preamble=("# top",))), "other.txt")
    assert cut(other, *roots).digest == cut(lock, *roots).digest


@cases
@given(locks_and_roots(), st.data())
def test_digest_changes_with_the_hash_of_a_member_and_of_no_other(
    case: tuple[Lock, list[str]], data: st.DataObject
) -> None:
    lock, roots = case
    chosen = data.draw(st.sampled_from(lock.pins))
    changed = replace(chosen, hashes=("sha256:" + "f" * 64,))
    other = replace(lock, pins=tuple(changed if p is chosen else p for p in lock.pins))
    before, after = cut(lock, *roots), cut(other, *roots)
    assert (before.digest != after.digest) == (chosen.key in before.names)


@cases
@given(locks())
def test_whole_is_every_pin(lock: Lock) -> None:
    assert set(Slicer(lock).whole().pins) == set(lock.pins)


LOCK = Lock(
    "3rdparty/python/lock.txt",
    (
        Pin("click", "8.1.8", ("sha256:b", "sha256:a"), ("-r x.in",), line=7),
        Pin("idna", "3.4", via=("-r x.in",), marker=MARKERS[1], line=11),
        Pin("idna", "3.10", via=("-r x.in",), marker=MARKERS[2], line=15),
        Pin("six", None, via=("Click",), url="https://files.example/six.whl", line=19),
        Pin("socksio", "1.0rc1", via=("-r x.in",), extras=("a", "b"), line=23),
    ),
)


def test_text_is_what_to_install_and_nothing_else() -> None:
    part = cut(LOCK, "click>=8", "SocksIO>=0.9")
    assert part.text == (
        "click==8.1.8 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\n"
        "six @ https://files.example/six.whl\n"
        "socksio[a,b]==1.0rc1\n"
    )
    assert part.digest == "fa0fa8ebef43bab9530ac6b36d5f88a19cf4705205752f3dd03a62230bbf7a70"


@pytest.mark.parametrize(
    "requirement,fault",
    [
        ("rich>=13", " has no pin for `rich>=13`"),
        ("click>=9", ":7 pins `click==8.1.8`, which does not satisfy `click>=9`"),
        (
            "idna>4",
            ":11 pins `idna==3.4 ; sys_platform == 'win32'` and "
            "`idna==3.10 ; sys_platform != 'win32'`, which does not satisfy `idna>4`",
        ),
        (
            "six @ https://ann:secret@files.example/7.whl",
            ":19 pins `six @ https://files.example/six.whl`, which does not satisfy "
            "`six @ https://****@files.example/7.whl`",
        ),
        ("rich ; sys_platform == 'linux'", " has no pin for `rich ; sys_platform == 'linux'`"),
    ],
)
def test_what_the_lock_does_not_serve_is_told(requirement: str, fault: str) -> None:
    with pytest.raises(SliceError) as caught:
        cut(LOCK, "click", requirement)
    assert str(caught.value) == f"3rdparty/python/lock.txt{fault}. {MEND}"


@pytest.mark.parametrize(
    "requirement",
    [
        "rich ; sys_platform == 'win32'",
        "click>=9 ; python_version < '3'",
        "rich ; extra == 'tui'",
        "rich>=13 ; python_full_version == '3.12.1'",
    ],
)
def test_requirement_of_another_environment_is_passed_over(requirement: str) -> None:
    assert cut(LOCK, requirement) == Slice(())


@pytest.mark.parametrize(
    "requirement",
    ["click", "click==8.1.*", "Click[color]~=8.0 ; sys_platform == 'linux'"]
    + ["six", "six>=1", "six @ https://files.example/six.whl"],
)
def test_requirement_that_a_pin_satisfies(requirement: str) -> None:
    assert "six" in cut(LOCK, requirement).names


def test_nothing_required_is_nothing_installed() -> None:
    assert cut(replace(LOCK, pins=(Pin("a", "1"),))) == Slice(())


def test_pin_that_nothing_explains_is_in_every_slice() -> None:
    lock = replace(
        LOCK, pins=(*LOCK.pins, Pin("tzdata", "2026.1"), Pin("h11", "1", via=("tzdata",)))
    )
    assert cut(lock, "idna").names == {"idna", "tzdata", "h11"}
