"""Whose fault an error is."""

from __future__ import annotations

import pytest

from lockstep.core.unexpected import is_raised_in

OURS, THEIRS = "/repo/build-support/lockstep", "/venv/site-packages/pants"
SELECTORS = f"{THEIRS}/engine/internals/selectors.py"


@pytest.mark.parametrize(
    "frames,ours",
    [
        ([SELECTORS, f"{OURS}/lock/goal.py"], True),
        ([SELECTORS, f"{OURS}/lock/goal.py", "/usr/lib/python3.9/json/decoder.py"], True),
        ([SELECTORS, f"{OURS}/lock/goal.py", f"{THEIRS}/util/frozendict.py"], True),
        ([SELECTORS, f"{OURS}/lock/goal.py", SELECTORS], False),
        ([SELECTORS, f"{OURS}/lock/goal.py", SELECTORS, f"{THEIRS}/engine/process.py"], False),
        ([SELECTORS, f"{THEIRS}/backend/python/goals/x.py", "/usr/lib/python3.9/os.py"], False),
        ([f"{OURS}-of-others/x.py"], False),
        (["/usr/lib/python3.9/os.py"], False),
        ([], False),
    ],
)
def test_is_raised_in(frames: list[str], ours: bool) -> None:
    lines = [f'  File "{path}", line {at}, in f\n    x()' for at, path in enumerate(frames, 1)]
    text = "\n".join(["Traceback (most recent call last):", *lines, "KeyError: 'File \"x\"'"])
    assert is_raised_in(text, OURS, THEIRS) is ours
