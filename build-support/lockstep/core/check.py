"""Whether a lock still fits its inputs, told fault by fault, with no network and no resolve."""

from __future__ import annotations

from typing import Iterable, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lockstep.core.errors import redacted
from lockstep.core.inputs import InputRequirement
from lockstep.core.lock import Lock, inputs_digest
from lockstep.core.slices import SliceError, Slicer, passed_over, satisfies


def faults(
    lock: Lock,
    requirements: Sequence[InputRequirement],
    interpreters: Sequence[str],
    environment: Mapping[str, str],
) -> tuple[str, ...]:
    """What is wrong with a lock, one line each; empty where it can be trusted.

    Args:
        lock: the lock.
        requirements: every requirement of the resolve's inputs.
        interpreters: the interpreter constraints of the resolve.
        environment: marker variables (PEP 508) of the environment the lock holds for.
    """
    found = [
        *_unsatisfied(lock, requirements, environment),
        *_unrequired(lock, requirements, environment),
        *_unhashed(lock),
    ]
    return tuple(map(redacted, found or _stale_header(lock, requirements, interpreters)))


def _unsatisfied(
    lock: Lock, requirements: Iterable[InputRequirement], environment: Mapping[str, str]
) -> Iterator[str]:
    pins = lock.by_name()
    for stated in requirements:
        requirement = Requirement(stated.text)
        candidates = pins.get(str(canonicalize_name(requirement.name)), ())
        if any(satisfies(pin, requirement) for pin in candidates):
            continue
        if passed_over(requirement, lock, environment):
            continue
        pinned = ", ".join(f"`{pin.requirement}` in line {pin.line}" for pin in candidates)
        yield f"{stated.place}: `{stated.text}` is satisfied by no pin (there is {pinned or 'none'})"


def _unrequired(
    lock: Lock, requirements: Iterable[InputRequirement], environment: Mapping[str, str]
) -> Iterator[str]:
    slicer = Slicer(lock)
    reached: set[str] = set()
    for stated in requirements:
        try:
            reached |= slicer.cut([stated.text], environment).names
        except SliceError:
            continue  # told as unsatisfied
    for pin in lock.pins:
        if pin.key not in reached:
            yield f"{lock.path}:{pin.line}: `{pin.requirement}` is pinned, but nothing requires it"


def _unhashed(lock: Lock) -> Iterator[str]:
    for pin in lock.pins:
        if not pin.hashes and pin.url is None:
            yield f"{lock.path}:{pin.line}: `{pin.requirement}` has no hash"


def _stale_header(
    lock: Lock, requirements: Sequence[InputRequirement], interpreters: Sequence[str]
) -> Iterator[str]:
    if lock.header is None:
        yield f"{lock.path}:1: the lock has no Lockstep header, so another tool wrote it"
        return
    digest = inputs_digest(((r.path, r.text) for r in requirements), interpreters)
    if lock.header.inputs != digest:
        yield f"{lock.path}:3: the inputs or interpreters changed since the lock was resolved"
