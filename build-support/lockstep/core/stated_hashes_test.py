"""Hashes that inputs state: they narrow those of the lock, and never to nothing."""

from __future__ import annotations

import pytest

from lockstep.core.errors import TextError
from lockstep.core.input_values import InputRequirement
from lockstep.core.lock import Pin
from lockstep.core.stated_hashes import vetted

PINS = (
    Pin("Click", "8.1", ("sha256:a", "sha256:b", "sha256:c"), via=("-r x.in",)),
    Pin("rich", "13.0", ("sha256:d",)),
)


def stated(line: int, text: str, *hashes: str) -> InputRequirement:
    return InputRequirement("x.in", line, text, hashes)


def test_only_what_all_inputs_allow_is_kept() -> None:
    demands = [
        stated(1, "click>=8", "sha256:c", "sha256:b", "sha512:b"),
        stated(2, "click==8.1", "sha256:a", "sha256:b"),
        stated(3, "click"),
        stated(4, "rich<13", "sha256:x"),  # of another release, as behind a marker
        stated(5, "never-required", "sha256:x"),
    ]
    assert vetted(PINS, demands) == (
        Pin("Click", "8.1", ("sha256:b",), via=("-r x.in",)),
        PINS[1],
    )


def test_hashes_that_fit_no_file() -> None:
    with pytest.raises(TextError) as caught:
        vetted(PINS, [stated(3, "rich>=13", "sha256:e")])
    assert str(caught.value) == (
        "x.in:3: the hashes of `rich>=13` fit no file of `rich==13.0`."
        " Correct them, or leave them out: the lock holds the hashes of its releases."
    )
