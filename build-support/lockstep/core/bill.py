"""What a bill of materials tells of the slice in a deployable, before it is put in a format."""

from __future__ import annotations

import json
from typing import Iterable

from packaging.utils import canonicalize_name
from packaging.version import Version

from lockstep.core.deployables import Wheel
from lockstep.core.lock import Pin

_SHA256 = "sha256:"


def bill_document(service: str, version: str, wheels: Iterable[Wheel], pins: Iterable[Pin]) -> str:
    """Tell what is in an artifact, as the JSON that `deployables/bill.py` reads.

    Args:
        service: the name of the whole.
        version: of the whole.
        wheels: what is in it.
        pins: of the lock, also such as are not in it.
    """
    by_name = {str(canonicalize_name(wheel.name)): wheel for wheel in wheels}
    inside = [pin for pin in pins if pin.key in by_name and _is_of(pin, by_name[pin.key])]
    components = [
        {
            "name": pin.key,
            "version": by_name[pin.key].version,
            "license": by_name[pin.key].license,
            "hashes": sorted(h[len(_SHA256) :] for h in pin.hashes if h.startswith(_SHA256)),
            "requires": sorted({other.key for other in inside if pin.key in other.requirers}),
        }
        for pin in sorted(inside, key=lambda pin: pin.key)
    ]
    return json.dumps({"name": service, "version": version, "components": components})


def _is_of(pin: Pin, wheel: Wheel) -> bool:
    """Whether a pin is that of a wheel: of forks, one for each platform, it is one alone."""
    return pin.version is None or Version(pin.version) == Version(wheel.version)
