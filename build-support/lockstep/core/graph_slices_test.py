"""Exact slices: a slow reading of the graph by `packaging` alone is what they are held against."""

from __future__ import annotations

import itertools
import os
import random
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement

from lockstep.core.environments import python_environment
from lockstep.core.graph import Entry, LockGraph, canonical_requirement, hashes_digest, pin_key
from lockstep.core.lock import Lock, Pin
from lockstep.core.lock_codec import parse, render
from lockstep.core.slices import SliceError, Slicer

# A world takes as long as some texts do, by which the variable counts.
CASES = max(1, int(os.environ.get("LOCKSTEP_FUZZ_CASES", "160")) // 4)
cases = settings(max_examples=CASES, deadline=None)

read = lru_cache(maxsize=None)(Requirement)
read_marker = lru_cache(maxsize=None)(Marker)
spelled = lru_cache(maxsize=None)(canonical_requirement)
NAMES = tuple("abcdef")
ABSENT = "z"
CHOICES = {
    "sys_platform": ("linux", "win32"),
    "python_version": ("3.10", "3.11"),
    "platform_machine": ("x86_64", "arm64"),
}
WHOLE = [
    {**dict(zip(CHOICES, values)), "python_full_version": f"{values[1]}.3"}
    for values in itertools.product(*CHOICES.values())
]
MARKERS = (
    "sys_platform == 'win32'",
    "python_version < '3.11'",
    "python_full_version >= '3.11.2'",
    "platform_machine == 'arm64' or sys_platform == 'linux'",
)
FORKS = (None,), (None,), ("sys_platform == 'win32'", "sys_platform != 'win32'")
EXTRAS = ("", "x", "y")


@dataclass(frozen=True)
class World:
    """A lock and its graph, whose annotations tell of every requirement.

    Attributes:
        roots: requirements that pins of the lock satisfy.
    """

    lock: Lock
    graph: LockGraph
    roots: tuple[str, ...]

    def names(self, environment: Mapping[str, str], *roots: str) -> set[str]:
        """What a slice holds, as the lock writes it."""
        cut = Slicer(self.lock, self.graph).cut(roots or self.roots, environment)
        return {pin.requirement for pin in cut.pins}


@st.composite
def requirements(draw: st.DrawFn, names: st.SearchStrategy[str], extra: bool) -> str:
    wanted = draw(st.lists(st.sampled_from(EXTRAS[1:]), max_size=2, unique=True))
    conditions = draw(st.lists(st.sampled_from(MARKERS), max_size=1))
    if extra and draw(st.booleans()):
        conditions.append(f"extra == '{draw(st.sampled_from(EXTRAS[1:]))}'")
    marker = f" ; {draw(st.sampled_from([' and ', ' or '])).join(conditions)}" if conditions else ""
    return spelled(f"{draw(names)}[{','.join(wanted)}]{marker}")


@st.composite
def worlds(draw: st.DrawFn, absent: bool = False) -> World:
    named = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    required = st.sampled_from([*named, ABSENT] if absent else named)
    forks = [(name, marker) for name in named for marker in draw(st.sampled_from(FORKS))]
    bare = [Pin(n, str(at), (f"sha256:{at:064}",), (), m) for at, (n, m) in enumerate(forks)]
    requires = [draw(st.lists(requirements(required, True), max_size=3)) for _ in bare]
    entries = [
        Entry(pin_key(pin), hashes_digest(pin), tuple(sorted(set(texts))), EXTRAS[1:])
        for pin, texts in zip(bare, requires)
    ]
    via: dict[str, set[str]] = {name: set() for name in (*NAMES, ABSENT)}
    for pin, texts in zip(bare, requires):
        for text in texts:
            via[read(text).name].add(pin.name)
    pins = [replace(pin, via=tuple(sorted(via[pin.name])) or ("-r x.in",)) for pin in bare]
    roots = draw(st.lists(requirements(st.sampled_from(named), False), min_size=1, max_size=3))
    lock = Lock("lock.txt", tuple(draw(st.permutations(pins))))
    return World(lock, LockGraph(tuple(sorted(entries, key=lambda e: e.pin))), tuple(roots))


def whole_environments() -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from(WHOLE)


def parts() -> st.SearchStrategy[set[str]]:
    return st.sets(st.sampled_from(["python_full_version", *CHOICES]))


def without(environment: Mapping[str, str], unknown: set[str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in unknown}


def holds(marker: Marker | str | None, environment: Mapping[str, str], extra: str = "") -> bool:
    return marker is None or evaluated(str(marker), tuple(environment.items()), extra)


@lru_cache(maxsize=None)
def evaluated(marker: str, environment: tuple[tuple[str, str], ...], extra: str) -> bool:
    return read_marker(marker).evaluate({**dict(environment), "extra": extra})


def needed(world: World, environment: Mapping[str, str]) -> Iterator[Pin | None]:
    """The pins that an installer would take, None where one is not there, the slow way."""
    asked = [read(text) for text in world.roots]
    todo = [r for r in asked if holds(r.marker, environment)]
    done = set()
    while todo:
        requirement = todo.pop()
        pins = [p for p in world.lock.pins if p.name == requirement.name]
        pins = [p for p in pins if holds(p.marker, environment)]
        if not pins:
            yield None
        for pin, extra in itertools.product(pins, ["", *requirement.extras]):
            if (pin, extra) not in done:
                done.add((pin, extra))
                yield pin
                entry = world.graph.entry(pin)
                assert entry is not None
                inner = [read(text) for text in entry.requires]
                todo.extend(r for r in inner if holds(r.marker, environment, extra))


def installed(world: World, environment: Mapping[str, str]) -> set[str]:
    return {pin.requirement for pin in needed(world, environment) if pin is not None}


@cases
@given(worlds(), whole_environments())
def test_where_all_is_known_a_slice_is_what_an_installer_takes(
    world: World, environment: dict[str, str]
) -> None:
    assert world.names(environment) == installed(world, environment)


@cases
@given(worlds(absent=True), whole_environments(), parts())
def test_what_is_unknown_never_takes_a_needed_pin_away(
    world: World, environment: dict[str, str], unknown: set[str]
) -> None:
    try:
        held = world.names(without(environment, unknown))
    except SliceError:
        assert None in set(needed(world, environment))
    else:
        assert held >= installed(world, environment)


@cases
@given(worlds(absent=True), whole_environments())
def test_a_pin_that_is_not_there_is_told_just_when_it_is_needed(
    world: World, environment: dict[str, str]
) -> None:
    try:
        world.names(environment)
    except SliceError:
        assert None in set(needed(world, environment))
    else:
        assert None not in set(needed(world, environment))


@cases
@given(worlds(), whole_environments(), parts())
def test_a_slice_is_never_more_than_the_annotations_give(
    world: World, environment: dict[str, str], unknown: set[str]
) -> None:
    known = without(environment, unknown)
    by_annotations = Slicer(world.lock).cut(world.roots, known)
    assert world.names(known) <= {pin.requirement for pin in by_annotations.pins}


@cases
@given(worlds(), whole_environments(), parts())
def test_more_roots_or_less_knowledge_never_give_less(
    world: World, environment: dict[str, str], unknown: set[str]
) -> None:
    known = without(environment, unknown)
    each = [world.names(known, root) for root in world.roots]
    assert world.names(known) == set().union(*each)
    assert world.names(known) >= world.names(environment)


@cases
@given(worlds(), whole_environments(), parts())
def test_a_slice_of_the_pins_of_a_slice_is_itself(
    world: World, environment: dict[str, str], unknown: set[str]
) -> None:
    known = without(environment, unknown)
    part = Slicer(world.lock, world.graph).cut(world.roots, known)
    again = Slicer(replace(world.lock, pins=part.pins), world.graph)
    assert again.cut(world.roots, known) == part


@cases
@given(worlds(), whole_environments(), st.sets(st.integers(0, 9)), st.booleans())
def test_a_lost_or_stale_entry_never_takes_a_pin_away(
    world: World, environment: dict[str, str], chosen: set[int], stale: bool
) -> None:
    entries = world.graph.entries
    lost = {entry for at, entry in enumerate(entries) if at in chosen}
    kept = [e for e in entries if e not in lost]
    kept += [replace(entry, hashes="0" * 16, requires=()) for entry in lost if stale]
    part = replace(world, graph=LockGraph(tuple(kept)))
    slicer = Slicer(part.lock, part.graph)
    assert {pin_key(pin) for pin in slicer.missing} == {entry.pin for entry in lost}
    assert part.names(environment) >= world.names(environment)


@cases
@given(worlds(), whole_environments(), st.integers())
def test_order_comments_and_annotations_never_change_the_digest(
    world: World, environment: dict[str, str], seed: int
) -> None:
    pins = [
        replace(pin, lead=("# a comment", ""), via=("-r moved.in",), extras=("x",))
        for pin in random.Random(seed).sample(world.lock.pins, len(world.lock.pins))
    ]
    bare = [replace(pin, extras=()) for pin in pins]
    other = parse(render(replace(world.lock, pins=tuple(bare), preamble=("# top",))), "other.txt")
    cut = Slicer(world.lock, world.graph).cut(world.roots, environment)
    assert Slicer(other, world.graph).cut(world.roots, environment).digest == cut.digest
    named = Slicer(replace(world.lock, pins=tuple(pins)), world.graph)
    assert named.cut(world.roots, environment).names == cut.names


LINUX = {**python_environment("3.11"), "sys_platform": "linux"}
SHA = ("sha256:" + "a" * 64,)


def slicer(requires: Mapping[str, str], extras: str = "a b all", **left_out: str) -> Slicer:
    """A slicer of pins by `name==version`, each with requirements divided by `|`."""
    pins, entries = [], []
    for line, (text, edges) in enumerate(requires.items(), start=1):
        marker = text.partition(" ; ")[2] or None
        name, _, version = text.partition(" ; ")[0].partition("==")
        pin = Pin(name, version, SHA, (), marker, line=line)
        pins.append(replace(pin, via=tuple(left_out.get(name, "-r x.in").split("|"))))
        texts = sorted(canonical_requirement(edge) for edge in edges.split("|") if edge)
        entry = Entry(pin_key(pin), hashes_digest(pin), tuple(texts), tuple(extras.split()))
        entries += [] if name in left_out.get("graph", "").split() else [entry]
    return Slicer(Lock("lock.txt", tuple(pins)), LockGraph(tuple(entries)))


@pytest.mark.parametrize(
    "root,names",
    [
        ("pkg", "pkg"),
        ("pkg[A]", "pkg one"),
        ("pkg[all]", "pkg one two three"),
        ("pkg[nothing-of-the-kind]", "pkg"),
        ("pkg[a] ; sys_platform == 'win32'", ""),
        ("pkg[a] ; platform_machine == 'arm64'", "pkg one"),
        ("ring", "ring knot pkg two three"),
        ("knot", "ring knot pkg two three"),
    ],
)
def test_extras(root: str, names: str) -> None:
    lock = {
        "pkg==1": "pkg[a,B]; extra=='all'|one; extra=='A'|two; extra=='b'|pkg; extra=='a'",
        "one==1": "nowhere; sys_platform=='win32'",
        "two==1": "three; python_version>'3'|pkg",
        "three==1": "",
        "ring==1": "knot",
        "knot==1": "ring|pkg[b]",
    }
    assert slicer(lock).cut([root], LINUX).names == set(names.split())


def test_of_several_pins_of_one_name_those_of_the_environment_are_taken() -> None:
    lock = slicer(
        {
            "app==1": "idna|tool; sys_platform=='win32'",
            "idna==3.4 ; sys_platform == 'win32'": "old",
            "idna==3.10 ; sys_platform != 'win32'": "new",
            "old==1 ; sys_platform == 'win32'": "",
            "new==1": "",
            "tool==1 ; sys_platform == 'win32'": "",
        }
    )
    tail = " \\\n    --hash=" + SHA[0] + "\n"
    win32, others = " ; sys_platform == 'win32'", " ; sys_platform != 'win32'"
    assert lock.cut(["app"], LINUX).text == (f"app==1{tail}idna==3.10{others}{tail}new==1{tail}")
    assert lock.cut(["app"], {"sys_platform": "win32"}).text == (
        f"app==1{tail}idna==3.4{win32}{tail}old==1{win32}{tail}tool==1{win32}{tail}"
    )
    assert lock.cut(["app"], {}).pins == tuple(
        sorted(lock.lock.pins, key=lambda pin: (pin.key, pin.marker or ""))
    )
    assert lock.cut(["tool ; sys_platform == 'win32'"], LINUX).pins == ()
    with pytest.raises(SliceError) as caught:
        lock.cut(["idna<3.5"], LINUX)
    assert str(caught.value) == (
        "lock.txt:2 pins `idna==3.4 ; sys_platform == 'win32'` and "
        "`idna==3.10 ; sys_platform != 'win32'`, which does not satisfy `idna<3.5`. "
        "Run `./pants lock` to bring the lock up to date."
    )


def test_what_is_surely_required_and_not_there_is_told() -> None:
    lock = slicer(
        {
            "app==1": "web[a]",
            "web==2": "sockets>=1; extra=='a' and os_name=='posix'",
            "perhaps==1": "web[a] ; platform_machine == 'arm64'",
        }
    )
    assert lock.cut(["perhaps"], {"os_name": "posix"}).names == {"perhaps", "web"}
    assert lock.cut(["web"], {"os_name": "posix"}).names == {"web"}
    assert lock.cut(["app"], {}).names == {"app", "web"}
    assert lock.cut(["app ; platform_machine == 'arm64'"], {"os_name": "posix"}).names == {
        "app",
        "web",
    }
    with pytest.raises(SliceError) as caught:
        lock.cut(["app"], {"os_name": "posix"})
    assert str(caught.value) == (
        "lock.txt:2 pins `web==2`, which requires "
        '`sockets>=1 ; extra == "a" and os_name == "posix"`, and there is no pin for that. '
        "Run `./pants lock` to bring the lock up to date."
    )


def test_a_pin_without_entry_leads_where_annotations_say_with_every_extra() -> None:
    lock = slicer(
        {
            "app==1": "",
            "web==1": "speed; extra=='a'|other; sys_platform=='win32'",
            "speed==1": "",
            "other==1": "",
            "plain==1": "absent; extra=='b'",
            "unexplained==1": "",
        },
        graph="app",
        web="app[b]",
        plain="other|app",
        unexplained="",
    )
    unexplained = replace(lock.lock.pins[-1], via=())
    pins = (*lock.lock.pins[:-1], unexplained)
    graph = LockGraph(tuple(e for e in lock._roads.entries if e is not None))
    lock = Slicer(replace(lock.lock, pins=pins), graph)
    assert [pin.name for pin in lock.missing] == ["app"]
    assert lock.cut(["app"], LINUX).names == {"app", "web", "speed", "plain", "unexplained"}
    assert lock.cut(["web"], LINUX).names == {"web"}


def test_direct_references_are_pins_like_others() -> None:
    url = "https://files.example/six.whl"
    pins = (Pin("app", "1", SHA, ("-r x.in",)), Pin("Six", None, (), ("app",), url=url))
    entries = [
        Entry(pin_key(pins[0]), hashes_digest(pins[0]), (f"six[a] @ {url}",)),
        Entry(f"six @ {url}", hashes_digest(pins[1]), ('app ; extra == "a"',)),
    ]
    lock = Slicer(Lock("lock.txt", pins), LockGraph(tuple(entries)))
    assert lock.missing == ()
    assert lock.cut(["app"], LINUX).names == {"app", "six"}
    assert lock.cut(["six"], LINUX).names == {"six"}
