"""Slices: the pins that a set of requirements reaches, as one canonical text."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lockstep.core.errors import LockstepError
from lockstep.core.lock import Lock, Pin

_MEND = "Run `./pants lock` to bring the lock up to date"


class SliceError(LockstepError):
    """A requirement that no pin of the lock satisfies."""


@dataclass(frozen=True)
class Slice:
    """The pins reachable from a set of requirements.

    Attributes:
        pins: sorted by name, then marker.
    """

    pins: tuple[Pin, ...]

    @cached_property
    def text(self) -> str:
        """The slice in requirements.txt format: what to install, and nothing about why.

        Comments, order and annotations of the lock never show here, so they never change the
        digest, and with it never rebuild an environment.
        """
        lines = []
        for pin in self.pins:
            hashes = (f"--hash={value}" for value in sorted(pin.hashes))
            lines.append(" \\\n    ".join((pin.requirement, *hashes)))
        return "".join(f"{line}\n" for line in lines)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def names(self) -> frozenset[str]:
        """The normalised names of the pins."""
        return frozenset(pin.key for pin in self.pins)


class Slicer:
    """Cuts slices from one lock; building it once makes each cut cost only what it reaches.

    The edges are the lock's `# via` annotations. A pin without any annotation may be required by
    anything, so it is part of every slice: a slice may hold too much, never too little.
    """

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self._pins = lock.by_name()
        requires: dict[str, set[str]] = defaultdict(set)
        for name, pins in self._pins.items():
            for requirer in (requirer for pin in pins for requirer in pin.requirers):
                requires[requirer].add(name)
        self._requires = requires
        self._unexplained = [name for name, pins in self._pins.items() if not _explained(pins)]

    def cut(self, requirements: Iterable[str], environment: Mapping[str, str]) -> Slice:
        """The slice of some requirements.

        Args:
            requirements: requirements (PEP 508) that the lock must satisfy.
            environment: marker variables (PEP 508) by which a requirement may be passed over.

        Raises:
            SliceError: the lock holds no pin for a requirement, or one it does not allow.
        """
        roots = [root for text in requirements for root in self._root(text, environment)]
        if not roots:
            return Slice(())
        return self._closure([*roots, *self._unexplained])

    def whole(self) -> Slice:
        """All pins of the lock."""
        return self._closure(self._pins)

    def _root(self, text: str, environment: Mapping[str, str]) -> list[str]:
        requirement = Requirement(text)
        name = str(canonicalize_name(requirement.name))
        pins = self._pins.get(name, ())
        if any(satisfies(pin, requirement) for pin in pins):
            return [name]
        if passed_over(requirement, environment):
            return []
        if not pins:
            raise SliceError(f"{self.lock.path} has no pin for `{text}`", mend=_MEND)
        pinned = " and ".join(f"`{pin.requirement}`" for pin in pins)
        raise SliceError(
            f"{self.lock.path}:{pins[0].line} pins {pinned}, which does not satisfy `{text}`",
            mend=_MEND,
        )

    def _closure(self, roots: Iterable[str]) -> Slice:
        reached: set[str] = set()
        todo = list(roots)
        while todo:
            name = todo.pop()
            if name not in reached:
                reached.add(name)
                todo.extend(self._requires.get(name, ()))
        pins = [pin for name in reached for pin in self._pins[name]]
        return Slice(tuple(sorted(pins, key=lambda pin: (pin.key, pin.marker or ""))))


def satisfies(pin: Pin, requirement: Requirement) -> bool:
    """Whether a pin is what a requirement of the same project asks for (PEP 440)."""
    if requirement.url is not None or pin.version is None:
        return requirement.url is None or requirement.url == pin.url
    return requirement.specifier.contains(pin.version, prereleases=True)


def passed_over(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    """Whether the marker of a requirement leaves it out of an environment (PEP 508)."""
    marker = requirement.marker
    return marker is not None and not marker.evaluate({"extra": "", **environment})


def _explained(pins: Iterable[Pin]) -> bool:
    return all(pin.via for pin in pins)


def python_environment(python: str) -> dict[str, str]:
    """Marker variables of a CPython, where they follow from its version such as `3.11`."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.0" if python.count(".") == 1 else python,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
