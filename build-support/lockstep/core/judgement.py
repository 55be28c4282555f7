"""What pip-tools has agreed to before, so that only what is new has to be judged.

Pins that it agreed to meet all that was asked of them, and what they require themselves. As long as
they are the same, a requirement that reaches no other pin needs no second judgement; what reaches
others is judged anew, with those pins as constraints. pip would keep them too.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lockstep.core.input_values import InputRequirement
from lockstep.core.lock import Pin, canonical
from lockstep.core.universal import disagreements


@dataclass(frozen=True)
class Judgement:
    """What pip-tools agreed to.

    Attributes:
        circumstances: all else that it depended on, as one text.
        requirements: the digests of what the inputs asked for.
        versions: the pins, versions by normalised name.
        requirers: who requires each pin, normalised names by normalised name.
    """

    circumstances: str
    requirements: frozenset[str]
    versions: Mapping[str, str]
    requirers: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Remainder:
    """What is left to be judged.

    Attributes:
        requirements: those that reach a pin which was not judged, or were not asked for before.
        settled: the pins that were judged, with nothing new in what they require.
        expected: the names of the pins that nothing but these requirements can ask for.
    """

    requirements: tuple[InputRequirement, ...]
    settled: tuple[Pin, ...]
    expected: frozenset[str]

    def disagreements(self, proposed: Iterable[Pin], judged: Sequence[Pin]) -> tuple[str, ...]:
        """Where pip-tools would choose otherwise than proposed, as `universal.disagreements`."""
        concerned = self.expected | {pin.key for pin in judged}
        return disagreements((pin for pin in proposed if pin.key in concerned), judged)


def judgement(
    circumstances: str, requirements: Iterable[InputRequirement], pins: Sequence[Pin]
) -> Judgement | None:
    """The judgement on pins that were agreed to; None where one of them is no release."""
    if not _are_releases(pins):
        return None
    return Judgement(
        circumstances,
        frozenset(_digest(requirement) for requirement in requirements),
        {pin.key: str(pin.version) for pin in pins},
        {pin.key: pin.requirers for pin in pins},
    )


def remainder(
    known: Judgement | None,
    circumstances: str,
    requirements: Sequence[InputRequirement],
    pins: Sequence[Pin],
) -> Remainder | None:
    """What of a proposal is to be judged; None where that is all of it.

    Args:
        known: what was judged before.
        circumstances: as `Judgement` has them.
        requirements: what the inputs ask for.
        pins: the proposal for the environment at hand, each project once.
    """
    if known is None or known.circumstances != circumstances or not _are_releases(pins):
        return None
    versions = {pin.key: str(pin.version) for pin in pins}
    changed = {
        name
        for name in {*versions, *known.versions}
        if versions.get(name) != known.versions.get(name)
    }
    required: dict[str, set[str]] = defaultdict(set)
    for name, requirers in (*known.requirers.items(), *((p.key, p.requirers) for p in pins)):
        for requirer in requirers:
            required[requirer].add(name)
    left: list[InputRequirement] = []
    reached_by_others: set[str] = set()
    reached: set[str] = set()
    for requirement in requirements:
        closure = _closure(str(canonicalize_name(Requirement(requirement.text).name)), required)
        reached |= closure
        if _digest(requirement) in known.requirements and changed.isdisjoint(closure):
            reached_by_others |= closure
        else:
            left.append(requirement)
    if not versions.keys() <= reached:
        return None  # a pin that no annotation leads to: let pip-tools say what it is for
    return Remainder(
        tuple(left),
        tuple(pin for pin in pins if pin.key not in changed),
        frozenset(versions.keys() - reached_by_others),
    )


def _are_releases(pins: Sequence[Pin]) -> bool:
    return all(pin.version for pin in pins) and len({pin.key for pin in pins}) == len(pins)


def _closure(name: str, required: Mapping[str, Iterable[str]]) -> set[str]:
    """What a project reaches, along all that any of its extras may require."""
    found = {name}
    todo = [name]
    while todo:
        new = set(required.get(todo.pop(), ())) - found
        found |= new
        todo.extend(new)
    return found


def _digest(requirement: InputRequirement) -> str:
    return hashlib.sha256(canonical(requirement.text).encode()).hexdigest()[:16]


def render(known: Judgement) -> str:
    """A judgement as text; it holds no url."""
    fields = {
        "circumstances": known.circumstances,
        "requirements": sorted(known.requirements),
        "versions": dict(known.versions),
        "requirers": {name: sorted(names) for name, names in known.requirers.items()},
    }
    return json.dumps(fields, sort_keys=True, indent=1) + "\n"


def parse(text: str) -> Judgement | None:
    """A judgement from text; None where the text is none, which only means to judge all anew."""
    try:
        fields = json.loads(text)
        return Judgement(
            str(fields["circumstances"]),
            frozenset(map(str, fields["requirements"])),
            {str(name): str(version) for name, version in fields["versions"].items()},
            {str(name): frozenset(map(str, by)) for name, by in fields["requirers"].items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
