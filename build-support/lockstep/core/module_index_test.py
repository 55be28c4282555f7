"""The index of modules: the longest name counts, and only what is not found elsewhere."""

from __future__ import annotations

from lockstep.core import lock_codec
from lockstep.core.graph import Entry, LockGraph, hashes_digest
from lockstep.core.module_index import ModuleIndex

LOCK = lock_codec.parse("a==1\nb==1\nc==1\n", "lock.txt")
MODULES = {"a": ("ns.one", "a"), "b": ("ns.two",), "c": ("a", "ns.one.deep")}
GRAPH = LockGraph(
    tuple(Entry(f"{pin.key}==1", hashes_digest(pin), modules=MODULES[pin.key]) for pin in LOCK.pins)
)


def test_providers() -> None:
    index = ModuleIndex(LOCK, GRAPH)
    assert index.projects("ns.one.x") == ("a",)
    assert index.projects("ns.one.deep.x") == ("c",)
    assert index.projects("ns.two") == ("b",)
    assert index.projects("a.b") == ("a", "c")
    assert index.projects("ns") == index.projects("other") == ()


def test_what_is_first_party_as_deep_is_left_to_it() -> None:
    index = ModuleIndex(LOCK, GRAPH)
    assert index.projects("ns.one.x", deeper_than=1) == ("a",)
    assert index.projects("ns.one.x", deeper_than=2) == ()


def test_nothing_is_known_without_a_graph() -> None:
    assert ModuleIndex(LOCK, LockGraph(())).projects("a") == ()
