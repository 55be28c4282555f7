from __future__ import annotations

import pytest

from lockstep.core.index_faults import index_error, is_of_index, without_traceback

HASH = """\
Traceback (most recent call last):
  File "pip/_internal/utils/hashes.py", line 93, in _raise
    raise HashMismatch(self._allowed, gots)
pip._internal.exceptions.HashMismatch: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE.
    a from http://index.example/a.whl:
        Expected sha256 1
"""


@pytest.mark.parametrize(
    "told, expected",
    [
        ("error: Request failed after 1 retry in 4.0s\n  cause: Failed to fetch: http://x", True),
        ("error: Failed to fetch: http://x\n  cause: HTTP status client error (404)", True),
        (HASH, True),
        ("pip._internal.exceptions.IncompleteDownloadError: <it>", True),
        ("Because a was not found in the package registry and you require a", False),
        ("ERROR: Could not find a version that satisfies the requirement a", False),
    ],
)
def test_what_is_the_fault_of_an_index(told: str, expected: bool) -> None:
    assert is_of_index(told) is expected


def test_a_traceback_is_left_out() -> None:
    assert without_traceback(HASH) == (
        "HashMismatch: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE.\n"
        "    a from http://index.example/a.whl:\n"
        "        Expected sha256 1"
    )
    assert without_traceback("ERROR: a\n  b") == "ERROR: a\n  b"
    assert without_traceback("Traceback (most recent call last):\n  x") == (
        "Traceback (most recent call last):\n  x"
    )


def test_the_error_names_the_lock_and_the_resolver() -> None:
    assert str(index_error("lock.txt", "uv", "  error: https://me:pw@x.example")) == (
        "lock.txt stands as it was, since an index does not answer as it should. See to what uv"
        " names, then run this again.\n  error: https://****@x.example"
    )
