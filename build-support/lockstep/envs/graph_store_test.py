"""The store of graph entries: what is kept is found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockstep.core.graph import Entry, LockGraph, hashes_digest, pin_key
from lockstep.core.lock import Pin
from lockstep.envs.graph_store import GraphStore

SIX = Pin("six", "1.17.0", (f"sha256:{'0' * 64}",), marker='sys_platform == "linux"')
WEB = Pin("Web", "2", (f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"))


def entry(pin: Pin) -> Entry:
    return Entry(pin_key(pin), hashes_digest(pin), ("six>=1",), modules=(pin.key,))


GRAPH = LockGraph((entry(SIX), entry(WEB)))


def test_what_is_kept_is_found(tmp_path: Path) -> None:
    store = GraphStore(tmp_path / "new", "CPython 3.11 on linux_x86_64")
    assert store.load([SIX, WEB]) == LockGraph(())
    store.save([SIX, WEB], GRAPH)
    assert store.load([SIX, WEB]) == GRAPH
    assert store.load([WEB]) == LockGraph((entry(WEB),))
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_marker_and_order_of_hashes_are_no_part_of_it(tmp_path: Path) -> None:
    store = GraphStore(tmp_path, "here")
    store.save([WEB], GRAPH)
    other = Pin("web", "2", WEB.hashes[::-1], marker='python_version < "4"')
    assert store.load([other]) == LockGraph((entry(WEB),))


@pytest.mark.parametrize(
    "pin,reading",
    [
        (Pin("web", "2", WEB.hashes[:1]), "here"),
        (Pin("web", "3", WEB.hashes), "here"),
        (WEB, "elsewhere"),
    ],
)
def test_another_pin_or_environment_is_not_found(tmp_path: Path, pin: Pin, reading: str) -> None:
    GraphStore(tmp_path, "here").save([WEB], GRAPH)
    assert GraphStore(tmp_path, reading).load([pin]) == LockGraph(())


def test_pin_without_hashes_is_not_kept(tmp_path: Path) -> None:
    pin = Pin("six", None, url="https://files.example/six.whl")
    store = GraphStore(tmp_path, "here")
    store.save([pin], LockGraph((entry(pin),)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", '{"format": 1, "pins": {}}'])
def test_damaged_entry_is_none(tmp_path: Path, text: str) -> None:
    store = GraphStore(tmp_path, "here")
    store.save([WEB], GRAPH)
    (path,) = tmp_path.iterdir()
    path.write_text(text)
    assert store.load([WEB]) == LockGraph(())


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = GraphStore(tmp_path / "file", "here")
    store.save([WEB], GRAPH)
    assert store.load([WEB]) == LockGraph(())
