"""What differs between two locks, pin by pin."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Iterable, Iterator

from packaging.version import Version

from lockstep.core.lock import Lock, Pin


class Kind(Enum):
    """How much a pin differs, by the first part of its version that does."""

    ADDED = "added"
    REMOVED = "removed"
    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    """Anything behind the second number: pre-releases, post-releases and local versions too."""
    REFERENCE = "reference"
    """A direct reference (`name @ url`) that is new, another one, or gone."""
    HASHES = "hash-only"
    """The same release, and other files: nothing should do that."""
    MARKER = "marker-only"


@dataclass(frozen=True)
class Change:
    """A difference in one pin.

    Attributes:
        name: the normalised name of the project.
        kind: how much it differs. Whether it goes up or down stands in the versions.
        old: the pin in the old lock; None where it is added.
        new: the pin in the new lock; None where it is removed.
    """

    name: str
    kind: Kind
    old: Pin | None
    new: Pin | None

    def __str__(self) -> str:
        """One line, such as `idna 3.10 -> 3.11 (minor)`."""
        shown = [_release(pin) for pin in (self.old, self.new) if pin is not None]
        return f"{self.name} {' -> '.join(dict.fromkeys(shown))} ({self.kind.value})"


def diff(old: Lock, new: Lock) -> tuple[Change, ...]:
    """What differs between two locks, by the name of the project.

    Annotations, comments and order are no difference. Several pins of one project are compared by
    their markers, and by their order where those differ.
    """
    before, after = old.by_name(), new.by_name()
    return tuple(
        change
        for name in sorted({*before, *after})
        for one, other in _pairs(before.get(name, ()), after.get(name, ()))
        for change in _change(name, one, other)
    )


def _pairs(old: Iterable[Pin], new: Iterable[Pin]) -> Iterator[tuple[Pin | None, Pin | None]]:
    rest: dict[str | None, list[Pin]] = defaultdict(list)
    for pin in new:
        rest[pin.marker].append(pin)
    moved = []
    for pin in old:
        if rest[pin.marker]:
            yield pin, rest[pin.marker].pop(0)
        else:
            moved.append(pin)
    yield from zip_longest(moved, (pin for pins in rest.values() for pin in pins))


def _change(name: str, old: Pin | None, new: Pin | None) -> Iterator[Change]:
    kind = _kind(old, new)
    if kind is not None:
        yield Change(name, kind, old, new)


def _kind(old: Pin | None, new: Pin | None) -> Kind | None:
    if old is None or new is None:
        return Kind.ADDED if old is None else Kind.REMOVED
    if old.url != new.url:
        return Kind.REFERENCE
    if old.version is not None and new.version is not None:
        before, after = Version(old.version), Version(new.version)
        if (before.epoch, before.major) != (after.epoch, after.major):
            return Kind.MAJOR
        if before.minor != after.minor:
            return Kind.MINOR
        if before != after:
            return Kind.PATCH
    if set(old.hashes) != set(new.hashes):
        return Kind.HASHES
    return Kind.MARKER if old.marker != new.marker else None


def _release(pin: Pin) -> str:
    return pin.version or f"@ {pin.url}"
