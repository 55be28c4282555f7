"""Tells from Pants' counters how a remote cache served a run."""

from __future__ import annotations

from typing import Mapping


def trouble(counters: Mapping[str, int]) -> str | None:
    """One sentence on what the remote cache did not do; None where it did all.

    Args:
        counters: the metrics of a run of Pants, by name; one that is missing is zero.

    >>> trouble({"remote_cache_read_errors": 2, "remote_cache_write_errors": 1})
    'The remote cache failed 2 reads and 1 write: the build went on without it.'
    """

    def count(name: str) -> int:
        return counters.get(f"remote_cache_{name}", 0)

    unwritten = count("write_attempts") - count("write_successes")
    told = [
        *_plural("failed", count("read_errors"), "read"),
        *_plural("failed", max(unwritten, count("write_errors")), "write"),
        *_plural("was too slow for", count("speculation_local_completed_first"), "read"),
    ]
    if not told:
        return None
    return f"The remote cache {_joined(told)}: the build went on without it."


def _plural(verb: str, count: int, noun: str) -> list[tuple[str, str]]:
    return [(verb, f"{count} {noun}{'' if count == 1 else 's'}")] if count else []


def _joined(told: list[tuple[str, str]]) -> str:
    words = [f"{told[0][0]} {told[0][1]}"]
    for (before, _), (verb, what) in zip(told, told[1:]):
        words.append(what if verb == before else f"{verb} {what}")
    return " and ".join(words)
