"""Locks for several environments: what a resolver is told of them, and markers people can read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Mapping, Sequence

from lockstep.core.direct_references import answers
from lockstep.core.environments import platform_environment, python_environment
from lockstep.core.lock import Pin
from lockstep.core.markers import Environment


@dataclass(frozen=True)
class Declared:
    """An environment that a lock is to hold for.

    Attributes:
        python: the minor version of CPython, such as `3.11`.
        platform: as Pants calls it, such as `linux_x86_64`.
    """

    python: str
    platform: str

    def __str__(self) -> str:
        return f"CPython {self.python} on {self.platform}"

    @property
    def variables(self) -> Mapping[str, str]:
        """Its marker variables, as far as they are known (PEP 508)."""
        return {**python_environment(self.python), **platform_environment(self.platform)}

    @property
    def marker(self) -> str:
        """The marker that a resolver is told, the same for all machines of one system.

        A release that has no wheel for one kind of machine would else be pinned in two versions.
        """
        major, minor = self.python.split(".")
        known = self.variables
        terms = [
            f"python_full_version >= '{self.python}'",
            f"python_full_version < '{major}.{int(minor) + 1}'",
            *(f"{name} == '{known[name]}'" for name in ("implementation_name", "sys_platform")),
        ]
        return " and ".join(terms)


def declared(pythons: Sequence[str], platforms: Iterable[str]) -> tuple[Declared, ...]:
    """Every Python on every platform."""
    return tuple(Declared(python, platform) for platform in platforms for python in pythons)


def simplified(pins: Iterable[Pin], environments: Sequence[Declared]) -> tuple[Pin, ...]:
    """Pins with the shortest marker that says where among some environments they belong.

    A pin that belongs in none of them is left out, one that belongs in all has no marker. Where the
    marker asks for something that is not known of an environment, it stays as it is.
    """
    known = [Environment(dict(environment.variables)) for environment in environments]
    kept = []
    for pin in pins:
        truths = [environment.truth(pin.marker) for environment in known]
        if any(truth is None for truth in truths):
            kept.append(pin)
        elif any(truths):
            here = [e for e, truth in zip(environments, truths) if truth]
            others = [e for e, truth in zip(environments, truths) if not truth]
            kept.append(replace(pin, marker=_marker(here, others, pin.marker)))
    return tuple(kept)


def _marker(
    here: Sequence[Declared], others: Sequence[Declared], written: str | None
) -> str | None:
    if not others:
        return None
    for variable in ("sys_platform", "platform_machine", "python_version"):
        values = {environment.variables[variable] for environment in here}
        if values.isdisjoint(environment.variables[variable] for environment in others):
            return " or ".join(f"{variable} == '{value}'" for value in sorted(values))
    return written


def belonging(pins: Iterable[Pin], environment: Mapping[str, str]) -> tuple[Pin, ...]:
    """The pins whose marker is not false in an environment (PEP 508)."""
    known = Environment(dict(environment))
    return tuple(pin for pin in pins if known.truth(pin.marker) is not False)


def disagreements(proposed: Iterable[Pin], judged: Iterable[Pin]) -> tuple[str, ...]:
    """Where pip-tools would choose otherwise than a lock, a line for each pin with both reasons."""
    ours = {pin.key: pin for pin in proposed}
    theirs = {pin.key: pin for pin in judged}
    return tuple(
        f"`{name}`: the lock {_chosen(ours.get(name))}, pip-tools {_chosen(theirs.get(name))}"
        for name in sorted({*ours, *theirs})
        if not _same(ours.get(name), theirs.get(name))
    )


def _same(ours: Pin | None, theirs: Pin | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    if ours.url is not None and theirs.url is not None:
        return answers(ours.url, theirs.url)  # pip-tools keeps a branch as it is stated
    return (ours.version, ours.url) == (theirs.version, theirs.url)


def _what(pin: Pin | None) -> str | None:
    return None if pin is None else pin.url or pin.version


def _chosen(pin: Pin | None) -> str:
    if pin is None:
        return "has no need of it"
    asked = " and ".join(entry.removeprefix("-r ") for entry in pin.via) or "nobody it names"
    return f"chooses {_what(pin)} (asked for by {asked})"
