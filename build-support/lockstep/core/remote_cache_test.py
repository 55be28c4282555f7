from __future__ import annotations

import pytest

from lockstep.core.remote_cache import trouble


@pytest.mark.parametrize(
    "counters,told",
    [
        ({}, None),
        ({"read_errors": 1}, "failed 1 read"),
        ({"read_errors": 2, "write_attempts": 3, "write_errors": 3}, "failed 2 reads and 3 writes"),
        ({"write_attempts": 3, "write_successes": 2}, "failed 1 write"),
        ({"write_attempts": 3, "write_successes": 3}, None),
        ({"requests": 9, "requests_uncached": 9, "request_timeouts": 0}, None),
        (
            {"read_errors": 1, "write_errors": 1, "speculation_local_completed_first": 2},
            "failed 1 read and 1 write and was too slow for 2 reads",
        ),
    ],
)
def test_one_sentence_tells_what_the_cache_did_not_do(
    counters: dict[str, int], told: str | None
) -> None:
    named = {f"remote_cache_{name}": count for name, count in counters.items()}
    sentence = f"The remote cache {told}: the build went on without it."
    assert trouble(named) == (sentence if told else None)
