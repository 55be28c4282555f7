"""Whether a lock still fits its inputs, told fault by fault, with no network and no resolve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name

from lockstep.core.direct_references import is_repository, names_commit
from lockstep.core.environments import locked_environments
from lockstep.core.errors import redacted
from lockstep.core.graph import LockGraph, pin_key
from lockstep.core.graph_codec import graph_path
from lockstep.core.inputs import InputRequirement
from lockstep.core.lock import Lock
from lockstep.core.requirement_text import parsed
from lockstep.core.slices import SliceError, Slicer, passed_over, satisfies
from lockstep.core.universal import belonging


@dataclass(frozen=True)
class Expected:
    """What a lock has to be for its resolve.

    Attributes:
        resolve: the name of the resolve.
        digest: what stands in the header for the inputs (`inputs_digest`).
        environment: marker variables (PEP 508), as far as all environments agree on them.
        requirements: every requirement of the inputs.
        constraints: what the inputs only bound.
        environments: those that the lock has to hold for, as the header names them.
        overrides: requirements that take the place of all others of their project (PEP 508).
        exclusions: projects that are left out.
    """

    resolve: str
    digest: str
    environment: Mapping[str, str]
    requirements: Sequence[InputRequirement]
    constraints: Sequence[InputRequirement] = ()
    environments: Sequence[str] = ()
    overrides: Sequence[str] = ()
    exclusions: Sequence[str] = ()


def faults(lock: Lock, graph: LockGraph | None, expected: Expected) -> tuple[str, ...]:
    """What is wrong with a lock, one line each; empty where it can be trusted.

    Args:
        lock: the lock.
        graph: what stands beside it, where there is one.
        expected: what the lock has to be.
    """
    required = tuple(_in_force(expected))
    environment = expected.environment
    found = [
        *_unsatisfied(lock, required, environment),
        *_out_of_bounds(lock, expected.constraints, environment),
        *_unrequired(lock, required, environment),
        *_unhashed(lock),
        *_untold(lock, graph),
        *_header_of_others(lock, expected),
    ]
    return tuple(map(redacted, found or _stale_header(lock, expected.digest)))


def _in_force(expected: Expected) -> Iterator[InputRequirement]:
    excluded = set(map(canonicalize_name, expected.exclusions))
    overrides = {canonicalize_name(parsed(text).name): text for text in expected.overrides}
    for stated in expected.requirements:
        name = canonicalize_name(parsed(stated.text).name)
        if name not in excluded:
            yield replace(stated, text=overrides.get(name, stated.text))


def _unsatisfied(
    lock: Lock, requirements: Iterable[InputRequirement], environment: Mapping[str, str]
) -> Iterator[str]:
    pins = lock.by_name()
    for stated in requirements:
        requirement = parsed(stated.text)
        candidates = pins.get(str(canonicalize_name(requirement.name)), ())
        if any(satisfies(pin, requirement) for pin in candidates):
            continue
        if passed_over(requirement, lock, environment):
            continue
        pinned = ", ".join(f"`{pin.requirement}` in line {pin.line}" for pin in candidates)
        yield f"{stated.place}: `{stated.text}` is satisfied by no pin (there is {pinned or 'none'})"


def _out_of_bounds(
    lock: Lock, constraints: Iterable[InputRequirement], environment: Mapping[str, str]
) -> Iterator[str]:
    pins = lock.by_name()
    for stated in constraints:
        requirement = parsed(stated.text)
        candidates = pins.get(str(canonicalize_name(requirement.name)), ())
        if not candidates or any(satisfies(pin, requirement) for pin in candidates):
            continue
        if not passed_over(requirement, lock, environment):
            pinned = ", ".join(f"`{pin.requirement}` in line {pin.line}" for pin in candidates)
            yield f"{stated.place}: `{stated.text}` does not allow {pinned}"


def _unrequired(
    lock: Lock, requirements: Iterable[InputRequirement], environment: Mapping[str, str]
) -> Iterator[str]:
    slicer = Slicer(lock)
    reached: set[str] = set()
    texts = [stated.text for stated in requirements]
    try:
        reached |= slicer.cut(texts, environment).names
    except SliceError:
        for text in texts:
            try:
                reached |= slicer.cut([text], environment).names
            except SliceError:
                continue  # told as unsatisfied
    for pin in lock.pins:
        if pin.key not in reached:
            yield f"{lock.path}:{pin.line}: `{pin.requirement}` is pinned, but nothing requires it"


def _unhashed(lock: Lock) -> Iterator[str]:
    for pin in lock.pins:
        place = f"{lock.path}:{pin.line}: `{pin.requirement}`"
        if pin.url is not None and is_repository(pin.url):
            if not names_commit(pin.url):
                yield f"{place} names no commit"
        elif not pin.hashes:
            yield f"{place} has no hash"


def _untold(lock: Lock, graph: LockGraph | None) -> Iterator[str]:
    """The pins that the graph has nothing of, or something of other hashes."""
    path = graph_path(lock.path)
    if graph is None:
        yield f"{path}: the graph of {lock.path} is missing"
        return
    known = {entry.pin for entry in graph.entries}
    # Where a pin is for some environments only, it may be that none of them is at hand.
    everywhere = set(lock.pins)
    for variables in locked_environments(lock):
        everywhere &= set(belonging(lock.pins, variables))
    for pin in graph.missing(lock):
        place = f"{lock.path}:{pin.line}: `{pin.requirement}`"
        if pin_key(pin) in known:
            yield f"{place} has other hashes than {path} was derived from"
        elif pin in everywhere:
            yield f"{place} is not in {path}"


def _header_of_others(lock: Lock, expected: Expected) -> Iterator[str]:
    if lock.header is None:
        yield f"{lock.path}:1: the lock has no Lockstep header, so another tool wrote it"
        return
    if lock.header.resolve != expected.resolve:
        yield (
            f"{lock.path}:2: the lock is that of the resolve `{lock.header.resolve}`, not of"
            f" `{expected.resolve}`"
        )
    missing = [stated for stated in expected.environments if stated not in lock.header.environments]
    if missing:
        yield f"{lock.path}:5: the lock does not hold for {', '.join(missing)}"


def _stale_header(lock: Lock, digest: str) -> Iterator[str]:
    if lock.header is not None and lock.header.inputs != digest:
        yield f"{lock.path}:3: the inputs or interpreters changed since the lock was resolved"
