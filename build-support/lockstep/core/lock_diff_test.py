"""The moves of a lock, as they are told."""

from __future__ import annotations

import hashlib
import json

import pytest

from lockstep.core import lock_codec
from lockstep.core.lock_diff import (
    Kind,
    LockMove,
    as_json,
    as_markdown,
    as_text,
    kind,
    lock_moves,
)
from lockstep.core.pin_moves import Move, moves
from lockstep.core.slices import Slicer, holders

URL = "https://index.example/a.whl"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1.9", "2.0", Kind.MAJOR),
        ("2024.1", "1!1.0", Kind.MAJOR),
        ("1.9", "1.10", Kind.MINOR),
        ("1.9", "1.9.1", Kind.PATCH),
        ("1.9rc1", "1.9", Kind.PATCH),
        ("1.9", "1.9.post1", Kind.PATCH),
        ("1.9", "1.9+local", Kind.PATCH),
        ("2.0", "1.9", Kind.DOWN),
        ("2.0", "2.0rc1", Kind.DOWN),
        ("2.0", URL, Kind.SOURCE),
        (URL, "2.0", Kind.SOURCE),
        ("", "2.0", Kind.ADDED),
        ("2.0", "", Kind.REMOVED),
        ("2.0", "2.0", Kind.HASHES),
    ],
)
def test_kinds(before: str, after: str, expected: Kind) -> None:
    old, new = ((version,) if version else () for version in (before, after))
    assert kind(Move("a", old, new)) is expected


def test_kinds_of_several_pins() -> None:
    assert kind(Move("a", ("1.26.4", "2.0.0"), ("1.26.4", "2.1.0"))) is Kind.MINOR
    assert kind(Move("a", ("1.0",), ("1.0",), is_marker=True)) is Kind.MARKER


def locked(*pins: str) -> Slicer:
    texts = []
    for pin in pins:
        requirement, _, via = pin.partition(" # ")
        texts.append(
            f"{requirement} \\\n    --hash=sha256:{hashlib.sha256(requirement.encode()).hexdigest()}\n    # via {via}\n"
        )
    return Slicer(lock_codec.parse("".join(texts), "lock.txt"))


def test_what_moves_and_who_requires_it() -> None:
    before = locked("idna==3.7 # requests", "requests==2.1 # -r a.in", "six==1.16 # -r b.in")
    after = locked("idna==3.10 # requests", "requests==2.1 # -r a.in", "yarl==1.0 # -r c.in")
    moved = moves(before.whole(), after.whole())
    assert lock_moves(before.lock, after.lock, moved, {"idna": ("a:a", "b:b")}) == (
        LockMove(Move("idna", ("3.7",), ("3.10",)), ("requests",), ("a:a", "b:b")),
        LockMove(Move("six", ("1.16",), ()), ("-r b.in",), ()),
        LockMove(Move("yarl", (), ("1.0",)), ("-r c.in",), ()),
    )
    stated = {"a": ["requests"], "b": ["six"], "c": ["yarl"], "d": ["idna"], "e": ["absent"]}
    assert holders((before, after), stated, ["idna", "six", "yarl"]) == {
        "idna": ("a", "d"),
        "six": ("b",),
        "yarl": ("c",),
    }


MOVES = (
    LockMove(Move("idna", ("3.7",), ("3.10",)), ("requests", "-r a.in"), ("a:a", "b:b")),
    LockMove(Move("typing-extensions", ("4.12",), ()), (), ("a:a",)),
)


def test_as_text() -> None:
    assert as_text("lock.txt", MOVES) == (
        "lock.txt: 2 moves\n"
        "  idna 3.7 → 3.10                 minor    reaches 2 targets  by requests, -r a.in\n"
        "  typing-extensions 4.12 removed  removed  reaches 1 target   by nothing\n"
    )
    assert as_text("lock.txt", ()) == "lock.txt: nothing moves.\n"


def test_as_markdown() -> None:
    assert as_markdown("lock.txt", MOVES) == (
        "### `lock.txt`\n\n"
        "| project | from | to | kind | required by | targets |\n"
        "|---|---|---|---|---|---:|\n"
        "| `idna` | `3.7` | `3.10` | minor | `requests`, `-r a.in` | 2 |\n"
        "| `typing-extensions` | `4.12` |  | removed |  | 1 |\n"
    )
    assert as_markdown("lock.txt", ()) == "`lock.txt`: nothing moves.\n"


def test_as_json() -> None:
    told = as_json([("a", "lock.txt", MOVES[:1]), ("b", "other.txt", ())])
    assert json.loads(told) == {
        "schema": 1,
        "locks": [
            {
                "resolve": "a",
                "lock": "lock.txt",
                "moves": [
                    {
                        "project": "idna",
                        "before": ["3.7"],
                        "after": ["3.10"],
                        "kind": "minor",
                        "required_by": ["requests", "-r a.in"],
                        "targets": ["a:a", "b:b"],
                    }
                ],
            },
            {"resolve": "b", "lock": "other.txt", "moves": []},
        ],
    }
