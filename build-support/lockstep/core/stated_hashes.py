"""Keeps of a lock's hashes those that its inputs allow, as pip does for `--hash` in an input."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterable

from packaging.utils import canonicalize_name

from lockstep.core.input_values import InputRequirement
from lockstep.core.lock import Pin
from lockstep.core.requirement_text import parsed
from lockstep.core.slices import satisfies


def vetted(pins: Iterable[Pin], stated: Iterable[InputRequirement]) -> tuple[Pin, ...]:
    """Pins with the hashes that every requirement and constraint with hashes allows.

    Raises:
        TextError: nothing is left of a pin's hashes.
    """
    found = {index: pin for index, pin in enumerate(pins)}
    for demand in stated:
        if not demand.hashes:
            continue
        requirement = parsed(demand.text)
        name = canonicalize_name(requirement.name)
        for index, pin in found.items():
            if pin.key != name or not pin.hashes or not satisfies(pin, requirement):
                continue
            hashes = tuple(value for value in pin.hashes if value in demand.hashes)
            if not hashes:
                demand.fail(
                    f"the hashes of `{demand.text}` fit no file of `{pin.requirement}`",
                    "Correct them, or leave them out: the lock holds the hashes of its releases",
                )
            found[index] = replace(pin, hashes=hashes)
    return tuple(found.values())
