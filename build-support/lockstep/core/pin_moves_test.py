from __future__ import annotations

from lockstep.core.graph import Entry, LockGraph, hashes_digest
from lockstep.core.lock import Lock, Pin
from lockstep.core.pin_moves import Move, Ways, moves, told
from lockstep.core.slices import Slice

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def _slice(*pins: Pin) -> Slice:
    return Slice(pins)


def test_moves_of_every_kind() -> None:
    before = _slice(
        Pin("Gone", "1.0", (ONE,)),
        Pin("hashed", "1.0", (ONE,)),
        Pin("moved", "1.0", (ONE,)),
        Pin("same", "1.0", (ONE, TWO), via=("a",)),
        Pin("forked", "1.0", (ONE,), marker='os_name == "nt"'),
    )
    after = _slice(
        Pin("came", None, (ONE,), url="https://index.example/came.whl"),
        Pin("hashed", "1.0", (ONE, TWO)),
        Pin("moved", "2.0", (TWO,)),
        Pin("same", "1.0", (TWO, ONE), via=("b", "c")),
        Pin("forked", "1.0", (ONE,)),
    )
    assert [str(move) for move in moves(before, after)] == [
        "came https://index.example/came.whl added",
        "forked 1.0 with another marker",
        "gone 1.0 removed",
        "hashed 1.0 with other hashes",
        "moved 1.0 → 2.0",
    ]
    assert moves(before, before) == ()


def _ways(*pins: Pin, graph: bool) -> Ways:
    if not graph:
        return Ways(Lock("lock.txt", pins), None)
    requires = {"a": ("b", "c"), "b": ("d",), "c": ("d",)}
    entries = (
        Entry(f"{pin.key}=={pin.version}", hashes_digest(pin), requires.get(pin.key, ()))
        for pin in pins
    )
    return Ways(Lock("lock.txt", pins), LockGraph(tuple(entries)))


def test_the_way_to_the_closest_move_is_told() -> None:
    pins = (Pin("a", "1"), Pin("b", "1"), Pin("c", "1"), Pin("d", "2"))
    ways = _ways(*pins, graph=True)
    assert told([Move("d", ("1",), ("2",))], "A", ways, ways) == "d 1 → 2 ← b ← a"
    moved = [Move("d", ("1",), ("2",)), Move("c", (), ("1",))]
    assert told(moved, "a", ways, ways) == "c 1 added and 1 more ← a"
    assert told([Move("a", ("1",), ("2",))], "a", ways, ways) == "a 1 → 2"


def test_what_went_is_looked_up_in_the_base() -> None:
    before = _ways(Pin("a", "1"), Pin("b", "1", via=("a",)), graph=False)
    after = _ways(Pin("a", "1"), graph=False)
    assert told([Move("b", ("1",), ())], "a", before, after) == "b 1 removed ← a"
