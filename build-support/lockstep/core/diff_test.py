"""What differs between two locks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.diff import Change, Kind, diff
from lockstep.core.lock import Lock, Pin

HASH, OTHER = f"sha256:{'0' * 64}", f"sha256:{'1' * 64}"
SIX = Pin("six", "1.17.0", (HASH, OTHER), via=("-r a.in",))
URL = Pin("six", None, url="https://files.example/six-1.whl")


def lock(*pins: Pin) -> Lock:
    return Lock("lock.txt", pins)


@pytest.mark.parametrize(
    "old,new,line",
    [
        ("1.17.0", "2.0", "six 1.17.0 -> 2.0 (major)"),
        ("2.0", "1.17.0", "six 2.0 -> 1.17.0 (major)"),
        ("1!1.0", "1.0", "six 1!1.0 -> 1.0 (major)"),
        ("1.9", "1.10", "six 1.9 -> 1.10 (minor)"),
        ("1", "1.1", "six 1 -> 1.1 (minor)"),
        ("1.1.1", "1.1.2", "six 1.1.1 -> 1.1.2 (patch)"),
        ("1.1.1.1", "1.1.1.2", "six 1.1.1.1 -> 1.1.1.2 (patch)"),
        ("1.1rc1", "1.1", "six 1.1rc1 -> 1.1 (patch)"),
        ("1.1", "1.1.post1", "six 1.1 -> 1.1.post1 (patch)"),
        ("1.1+cpu", "1.1", "six 1.1+cpu -> 1.1 (patch)"),
    ],
)
def test_versions(old: str, new: str, line: str) -> None:
    (change,) = diff(lock(replace(SIX, version=old)), lock(replace(SIX, version=new)))
    assert str(change) == line


@pytest.mark.parametrize(
    "new",
    [
        replace(SIX, name="Six"),
        replace(SIX, version="1.17"),
        replace(SIX, hashes=SIX.hashes[::-1]),
        replace(SIX, via=("-r b.in",), lead=("# why",), line=7),
    ],
)
def test_no_difference(new: Pin) -> None:
    assert diff(lock(SIX), lock(new)) == ()


def test_added_and_removed() -> None:
    idna = Pin("Idna", "3.11")
    assert diff(lock(SIX), lock(idna)) == (
        Change("idna", Kind.ADDED, None, idna),
        Change("six", Kind.REMOVED, SIX, None),
    )
    assert list(map(str, diff(lock(SIX), lock(idna)))) == [
        "idna 3.11 (added)",
        "six 1.17.0 (removed)",
    ]


def test_other_files_of_the_same_release() -> None:
    new = replace(SIX, hashes=(HASH,))
    assert diff(lock(SIX), lock(new)) == (Change("six", Kind.HASHES, SIX, new),)
    assert str(diff(lock(SIX), lock(new))[0]) == "six 1.17.0 (hash-only)"


def test_direct_references() -> None:
    other = replace(URL, url="https://files.example/six-2.whl")
    assert str(diff(lock(SIX), lock(URL))[0]) == (
        "six 1.17.0 -> @ https://files.example/six-1.whl (reference)"
    )
    assert [change.kind for change in diff(lock(URL), lock(other))] == [Kind.REFERENCE]
    assert [c.kind for c in diff(lock(URL), lock(replace(URL, hashes=(HASH,))))] == [Kind.HASHES]
    assert diff(lock(URL), lock(URL)) == ()


def test_pins_of_several_environments_are_compared_by_their_markers() -> None:
    linux = replace(SIX, marker="sys_platform == 'linux'")
    darwin = replace(SIX, version="1.16.0", marker="sys_platform == 'darwin'")
    moved = replace(linux, version="1.18.0")
    assert diff(lock(darwin, linux), lock(moved, darwin)) == (
        Change("six", Kind.MINOR, linux, moved),
    )
    assert diff(lock(darwin, linux), lock(linux)) == (Change("six", Kind.REMOVED, darwin, None),)
    assert diff(lock(linux), lock(SIX)) == (Change("six", Kind.MARKER, linux, SIX),)


_pins = st.builds(
    Pin,
    st.sampled_from(["six", "idna", "Web.Core"]),
    st.sampled_from(["1", "1.0", "1.1", "2rc1", "2"]),
    st.sampled_from([(), (HASH,), (OTHER, HASH)]),
    via=st.sampled_from([(), ("six",)]),
    marker=st.sampled_from([None, "os_name == 'nt'", "os_name == 'posix'"]),
)
_locks = st.lists(_pins, unique_by=lambda pin: (pin.key, pin.marker)).map(lambda p: lock(*p))


def meaning(pin: Pin) -> tuple[object, ...]:
    assert pin.version is not None
    version = {"1.0": "1"}.get(pin.version, pin.version)
    return pin.key, version, frozenset(pin.hashes), pin.marker


@given(_locks, _locks)
def test_the_old_lock_with_its_changes_is_the_new_one(old: Lock, new: Lock) -> None:
    pins = [meaning(pin) for pin in old.pins]
    for change in diff(old, new):
        if change.old is not None:
            pins.remove(meaning(change.old))
        if change.new is not None:
            pins.append(meaning(change.new))
    assert sorted(pins, key=str) == sorted(map(meaning, new.pins), key=str)


_BACK = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}


@given(_locks, _locks)
def test_the_way_back_is_the_same_way(old: Lock, new: Lock) -> None:
    def ends(changes: tuple[Change, ...], back: bool) -> list[str]:
        return sorted(f"{c.name} {_BACK.get(c.kind, c.kind) if back else c.kind}" for c in changes)

    assert diff(old, old) == ()
    there, back = diff(old, new), diff(new, old)
    if all(len(pins) < 3 for lock in (old, new) for pins in lock.by_name().values()):
        assert len(there) == len(back)
    if all(len(pins) == 1 for lock in (old, new) for pins in lock.by_name().values()):
        assert ends(there, back=True) == ends(back, back=False)
