from __future__ import annotations

from itertools import product
from typing import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.errors import LockstepError
from lockstep.core.shards import balanced, reported_seconds, told, weighed

WEIGHTS = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 50), max_size=20)
SHARDS = st.integers(1, 6)


def loads(weights: Mapping[str, float], shards: int) -> list[float]:
    dealt = balanced(weights, shards)
    heaviest = [sum(weights[target] for target in targets) for targets in dealt]
    return heaviest + [0] * (shards - len(dealt))


def test_the_heaviest_go_first_and_each_shard_keeps_the_order_given() -> None:
    weights = {"a": 1, "b": 5, "c": 4, "d": 3, "e": 3}
    assert balanced(weights, 2) == (("b", "e"), ("a", "c", "d"))
    assert balanced(weights, 9) == (("b",), ("c",), ("d",), ("e",), ("a",))
    assert balanced({}, 3) == ()


def test_what_takes_no_time_spreads_too() -> None:
    assert balanced(dict.fromkeys("abcdef", 0.0), 3) == (("a", "d"), ("b", "e"), ("c", "f"))


@given(weights=WEIGHTS, shards=SHARDS)
def test_each_target_is_in_one_shard_and_no_shard_is_empty(
    weights: dict[str, int], shards: int
) -> None:
    dealt = balanced(weights, shards)
    assert sorted(target for targets in dealt for target in targets) == sorted(weights)
    assert all(dealt) and len(dealt) == min(shards, len(weights))


@given(weights=WEIGHTS, shards=SHARDS, data=st.data())
def test_the_order_of_the_targets_does_not_matter(
    weights: dict[str, int], shards: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(list(weights.items())))
    assert list(map(sorted, balanced(dict(shuffled), shards))) == list(
        map(sorted, balanced(weights, shards))
    )


@given(weights=WEIGHTS, shards=SHARDS)
def test_no_shard_has_more_than_one_target_above_the_lightest(
    weights: dict[str, int], shards: int
) -> None:
    lightest = min(loads(weights, shards))
    for targets in balanced(weights, shards):
        assert sum(weights[t] for t in targets) - min(weights[t] for t in targets) <= lightest


@given(
    weights=st.lists(st.integers(0, 20), min_size=1, max_size=6),
    shards=st.integers(1, 3),
)
def test_at_most_a_third_above_the_best_deal(weights: list[int], shards: int) -> None:
    best = min(
        max(sum(w for w, to in zip(weights, dealt) if to == shard) for shard in range(shards))
        for dealt in product(range(shards), repeat=len(weights))
    )
    heaviest = max(loads({str(at): weight for at, weight in enumerate(weights)}, shards))
    assert heaviest * 3 * shards <= best * (4 * shards - 1)


def test_what_is_not_recorded_weighs_the_median() -> None:
    recorded = {"a": 1.0, "b": 2.5, "gone": 9.0}
    assert weighed(["a", "b", "c"], recorded) == {"a": 1.0, "b": 2.5, "c": 2.5}
    assert weighed(["a", "b"], {}) == {"a": 1.0, "b": 1.0}
    assert told(["a", "b", "c"], recorded) == (
        "No durations are recorded for 1 of 3 targets; each of them weighs 2.50 s, the median."
    )
    assert told(["a", "b"], recorded) == told([], {}) == ""
    assert told(["a"], {}) == (
        "No durations are recorded (see `--durations`), so all targets weigh the same."
    )


def test_reports_of_pytest() -> None:
    text = (
        '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">'
        '<testsuite name="pytest" tests="1" time="0.125"><testcase name="test_a" time="0.1" />'
        '</testsuite><testsuite time="2" /></testsuites>'
    )
    assert reported_seconds(text.encode(), "a.xml") == 2.125
    assert reported_seconds('<testsuite time="1.5" />', "a.xml") == 1.5


@pytest.mark.parametrize(
    "text, fault",
    [
        (b"", "a.xml:1: this is not XML"),
        (b"<a>\n<b>\n</a>", "a.xml:3: this is not XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "a.xml:1: this is not XML"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "a.xml:1: this is not XML"),
        (b'<coverage time="1" />', "a.xml is no report in JUnit's form"),
        (b"<testsuites />", "a.xml is no report in JUnit's form"),
        (b"<testsuite />", "a.xml tells no time of a test suite but ``"),
        (b'<testsuite time="-1" />', "a.xml tells no time of a test suite but `-1`"),
        (b'<testsuite time="nan" />', "a.xml tells no time of a test suite but `nan`"),
        (b'<testsuite time="inf" />', "a.xml tells no time of a test suite but `inf`"),
    ],
)
def test_what_is_no_report_is_an_error(text: bytes, fault: str) -> None:
    with pytest.raises(LockstepError) as raised:
        reported_seconds(text, "a.xml")
    mend = "Name reports that `./pants test --report` wrote, or delete it"
    assert str(raised.value) == f"{fault}. {mend}."
