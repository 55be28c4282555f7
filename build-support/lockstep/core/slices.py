"""Slices: the pins that a set of requirements reaches, as one canonical text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Iterable, Mapping, Sequence, TypeVar

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lockstep.core.direct_references import answers
from lockstep.core.environments import (
    locked_environments,
    platform_environment,
    python_environment,
)
from lockstep.core.errors import LockstepError
from lockstep.core.graph import Edge, LockGraph
from lockstep.core.lock import Lock, Pin
from lockstep.core.markers import Environment
from lockstep.core.reach import Roads, Root, Walker

T = TypeVar("T")
_MEND = "Run `./pants lock` to bring the lock up to date"


class SliceError(LockstepError):
    """A requirement, of the roots or of a pin, that no pin of the lock satisfies."""


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

    With the graph beside the lock, the edges are the pins' own requirements: extras and markers
    count, and what depends on something unknown is kept. A pin that the graph tells nothing of
    (none at all, without a graph) leads where the `# via` annotations say. A pin without any
    annotation may be required by each of those. So a slice may hold too much, never too little.

    Which extras are wanted is told by requirements, not by the extras that a pin names.

    Args:
        lock: the lock.
        graph: what stands beside it, where there is one.

    Attributes:
        missing: the pins that the graph tells nothing of.
    """

    def __init__(self, lock: Lock, graph: LockGraph | None = None) -> None:
        self.lock = lock
        self.missing = (graph or LockGraph(())).missing(lock)
        self._by_marker = graph is not None
        self._pins = lock.by_name()
        self._roads = Roads(lock, graph or LockGraph(()))
        self._walkers: dict[frozenset[tuple[str, str]], Walker] = {}
        self._roots: dict[tuple[Walker, str], tuple[Root, ...]] = {}

    def cut(self, requirements: Iterable[str], environment: Mapping[str, str]) -> Slice:
        """The slice of some requirements.

        Args:
            requirements: requirements (PEP 508) that the lock must satisfy.
            environment: marker variables (PEP 508), as far as they are known.

        Raises:
            SliceError: the lock holds no pin for a requirement, or one it does not allow; a pin
                surely requires what the lock does not hold.
        """
        walker = self._walker(environment)
        roots: list[Root] = []
        for text in requirements:
            if (walker, text) not in self._roots:
                self._roots[walker, text] = self._root(text, walker, environment)
            roots.extend(self._roots[walker, text])
        reached = walker.walk(roots)
        for pin, requirement in reached.unmet:
            raise SliceError(
                f"{self.lock.path}:{pin.line} pins `{pin.requirement}`, which requires "
                f"`{requirement}`, and there is no pin for that",
                mend=_MEND,
            )
        return _slice(reached.pins)

    def whole(self) -> Slice:
        """All pins of the lock."""
        return _slice(self.lock.pins)

    def _walker(self, environment: Mapping[str, str]) -> Walker:
        known = frozenset(environment.items())
        if known not in self._walkers:
            self._walkers[known] = Walker(
                self._roads, Environment(environment), by_marker=self._by_marker
            )
        return self._walkers[known]

    def _root(self, text: str, walker: Walker, environment: Mapping[str, str]) -> tuple[Root, ...]:
        requirement = requirement_of(text)
        truth = walker.environment.truth(_marker(requirement))
        if truth is False:
            return ()
        name = str(canonicalize_name(requirement.name))
        if any(satisfies(pin, requirement) for pin in walker.pins_here(name)):
            extras = tuple(sorted({str(canonicalize_name(e)) for e in requirement.extras}))
            return (Root(Edge(name, extras, None), truth is True),)
        if passed_over(requirement, self.lock, environment):
            return ()
        pins = self._pins.get(name, ())
        if not pins:
            raise SliceError(f"{self.lock.path} has no pin for `{text}`", mend=_MEND)
        pinned = " and ".join(f"`{pin.requirement}`" for pin in pins)
        raise SliceError(
            f"{self.lock.path}:{pins[0].line} pins {pinned}, which does not satisfy `{text}`",
            mend=_MEND,
        )


def holders(
    slicers: Iterable[Slicer], stated: Mapping[T, Sequence[str]], projects: Iterable[str]
) -> Mapping[str, tuple[T, ...]]:
    """Whose slices hold a project, in any environment.

    Args:
        slicers: of one lock, maybe at several times: being held at one of them is enough.
        stated: the requirements (PEP 508) of each of some roots.
        projects: normalised names.
    """
    held = [{root: _held(slicer, texts) for root, texts in stated.items()} for slicer in slicers]
    return {
        project: tuple(root for root in stated if any(project in names[root] for names in held))
        for project in projects
    }


def _held(slicer: Slicer, texts: Sequence[str]) -> frozenset[str]:
    try:
        return slicer.cut(texts, {}).names
    except SliceError:
        return frozenset()  # of a lock that does not fit its inputs, it is told by `--check`


@lru_cache(maxsize=None)
def requirement_of(text: str) -> Requirement:
    """A requirement (PEP 508), read once however many locks it is looked up in."""
    return Requirement(text)


def check_environment(lock: Lock, python: str, platform: str) -> None:
    """Make sure that a lock holds for an environment, where its header says for which it does.

    Args:
        lock: the lock.
        python: the minor version of CPython, such as `3.11`.
        platform: as Pants calls it, such as `linux_x86_64`.

    Raises:
        SliceError: it holds for others only, so a slice of it could lack pins here.
    """
    known = locked_environments(lock)
    here = {**python_environment(python), **platform_environment(platform)}
    if lock.header is not None and known and here not in known:
        raise SliceError(
            f"{lock.path} holds for {', '.join(lock.header.environments)}, and this is"
            f" CPython {python} on {platform}",
            mend="Name it in `[lockstep].platforms` or the resolve's interpreter constraints, then"
            " run `./pants lock`",
        )


def _slice(pins: Iterable[Pin]) -> Slice:
    return Slice(tuple(sorted(pins, key=lambda pin: (pin.key, pin.marker or ""))))


def satisfies(pin: Pin, requirement: Requirement) -> bool:
    """Whether a pin is what a requirement of the same project asks for (PEP 440)."""
    if requirement.url is not None or pin.version is None:
        return requirement.url is None or answers(pin.url or "", requirement.url)
    return requirement.specifier.contains(pin.version, prereleases=True)


def passed_over(requirement: Requirement, lock: Lock, environment: Mapping[str, str]) -> bool:
    """Whether a lock need not hold what a requirement asks for, by its marker (PEP 508).

    The marker is false in the environment. Where that is not known, it is false in each of those
    that the lock says it holds for.
    """
    marker = _marker(requirement)
    truth = Environment(environment).truth(marker)
    if truth is not None:
        return not truth
    locked = [{**stated, **environment} for stated in locked_environments(lock)]
    return bool(locked) and all(Environment(stated).truth(marker) is False for stated in locked)


def _marker(requirement: Requirement) -> str | None:
    return str(requirement.marker) if requirement.marker is not None else None
