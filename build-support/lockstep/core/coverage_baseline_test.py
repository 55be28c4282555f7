"""Entries come back as they were or not at all, and nothing that is in use goes."""

from __future__ import annotations

import json
from typing import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.coverage_baseline import (
    DAYS_UNUSED,
    KEYS_PER_TEST,
    BaselineError,
    Carrying,
    Entry,
    Part,
    Stored,
    decode,
    encode,
    key_of,
    name_of,
    outdated,
)

DAY = 24 * 3600.0
ENTRY = Entry(("app/größe_test.py", "app/x y_test.py:tests"), "0" * 64, b"SQLite \n\0" * 50)

texts = st.text('aß /:\n"', max_size=9)
addresses = st.lists(texts, min_size=1, max_size=3).map(tuple)


@given(addresses, texts, st.binary())
def test_an_entry_comes_back_as_it_was(targets: tuple[str, ...], key: str, data: bytes) -> None:
    entry = Entry(targets, key, data)
    assert decode(encode(entry), "f", targets, key) == entry


def test_every_truncated_entry_is_damaged() -> None:
    content = encode(ENTRY)
    for end in range(len(content)):
        with pytest.raises(BaselineError):
            decode(content[:end], "f", ENTRY.targets, ENTRY.key)


@given(st.data())
def test_every_flipped_bit_of_data_is_damage(data: st.DataObject) -> None:
    content = bytearray(encode(ENTRY))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        assert decode(bytes(content), "f", ENTRY.targets, ENTRY.key) == ENTRY
    except BaselineError:
        pass


def test_the_coverage_of_others_and_of_another_key_is_told() -> None:
    content = encode(ENTRY)
    for targets, key in ((("app/other_test.py",), ENTRY.key), (ENTRY.targets, "1" * 64)):
        with pytest.raises(BaselineError) as caught:
            decode(content, "folder/file", targets, key)
        assert str(caught.value) == (
            f"folder/file is not the coverage that was kept for {targets[0]}. It counts as absent;"
            " a run that has to test this target writes it anew."
        )


def test_a_key_follows_from_what_the_parts_are() -> None:
    key = key_of({"sources": "1", "arguments": ["-q"], "variables": {"A": "1", "B": "2"}})
    assert key == key_of({"variables": {"B": "2", "A": "1"}, "arguments": ("-q",), "sources": "1"})
    others: tuple[Mapping[str, Part], ...] = (
        {"sources": "2", "arguments": ["-q"], "variables": {"A": "1", "B": "2"}},
        {"sources": "1", "arguments": ["-", "q"], "variables": {"A": "1", "B": "2"}},
        {"sources": "1", "arguments": ["-q"], "variables": {"A": "1", "B": "3"}},
        {"sources": "1", "arguments": ["-q"], "variables": {"A": "1"}},
        {"arguments": "1", "sources": ["-q"], "variables": {"A": "1", "B": "2"}},
    )
    assert len({key, *map(key_of, others)}) == 6


def test_names_tell_tests_and_keys_apart() -> None:
    assert name_of(["a"], "k") == name_of(("a",), "k")
    assert len({name_of(*of) for of in ((["a"], "k"), (["b"], "k"), (["a"], "l"))}) == 3
    assert name_of(["a", "b"], "k") != name_of(["b", "a"], "k")
    assert name_of(["a"], "k").partition("-")[0] == name_of(["a"], "l").partition("-")[0]


def test_of_each_test_the_keys_used_last_stay_and_what_nobody_uses_goes() -> None:
    now = 100 * DAY
    many = [Stored(f"many-{n}", now - n) for n in range(KEYS_PER_TEST + 2)]
    few = [Stored("few-0", now - DAYS_UNUSED * DAY), Stored("few-1", now - DAYS_UNUSED * DAY - 1)]
    assert outdated([*few, *reversed(many)], now) == ["few-1", *(s.name for s in many[-2:])]
    assert outdated([], now) == []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=40))
def test_what_stays_is_bounded_and_in_use(stored: list[tuple[int, int]]) -> None:
    now = 100 * DAY
    files = [Stored(f"{test}-{n}", now - age * DAY) for n, (test, age) in enumerate(stored)]
    gone = set(outdated(files, now))
    for test in range(4):
        of_test = sorted(
            (file.used for file in files if file.name.startswith(f"{test}-")), reverse=True
        )
        stay = [
            file.used
            for file in files
            if file.name.startswith(f"{test}-") and file.name not in gone
        ]
        in_use = [used for used in of_test if used >= now - DAYS_UNUSED * DAY]
        assert sorted(stay, reverse=True) == in_use[:KEYS_PER_TEST]


def test_what_is_told() -> None:
    carrying = Carrying(
        carried=((("a", "b"), "k"), (("c",), "l")),
        ran=("d",),
        missing=tuple(f"m{n}" for n in range(12)),
    )
    assert carrying.told() == (
        "Coverage of 3 of 16 test targets was carried from the baseline (keys match); 1 ran."
        " Missing: 12."
    )
    assert carrying.told_of_missing(gated=False) == (
        "There is no coverage baseline for m0, m1, m2, m3, m4, m5, m6, m7, m8, m9 and 2 more, which"
        " did not have to run, so the report lacks them. Run `./pants test --use-coverage ::` once."
    )
    assert "so `[coverage-py].fail_under` cannot be judged. " in carrying.told_of_missing(True)
    assert json.loads(Carrying(((("a", "b"), "k"),), ("d",)).as_json()) == {
        "schema": 1,
        "carried": [{"targets": ["a", "b"], "key": "k"}],
        "ran": ["d"],
        "missing": [],
    }
