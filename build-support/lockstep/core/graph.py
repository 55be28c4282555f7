"""The lock's graph: what each pin requires and which modules it provides, as its metadata says."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Iterable, Mapping, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lockstep.core import markers
from lockstep.core.errors import LockstepError
from lockstep.core.lock import Lock, Pin

_SPECIFIER = r"(?:===|[~=!<>]=|[<>])[^\s,;]+"
_REQUIREMENT = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)"
    r"(?:\[(?P<extras>[a-z0-9]+(?:[,-][a-z0-9]+)*)\])?"
    rf"(?: @ \S+|{_SPECIFIER}(?:,{_SPECIFIER})*)?"
    r"(?: ; (?P<marker>.+))?"
)
_NAMED_EXTRA = re.compile(r'\bextra == "([^"]+)"')


class GraphError(LockstepError):
    """What is installed is not what the lock pins."""


class Edge(NamedTuple):
    """A requirement of a pin, as far as it decides what a slice holds.

    Attributes:
        name: the normalised name of the required project.
        extras: the normalised extras it is required with, sorted.
        marker: its environment marker (PEP 508), if any.
    """

    name: str
    extras: tuple[str, ...]
    marker: str | None


@dataclass(frozen=True)
class Entry:
    """What the graph knows of one pin.

    Attributes:
        pin: the pin, `name==version` or `name @ url`, the name normalised.
        hashes: the digest of the pin's hashes; where it differs, the entry is stale.
        requires: its requirements (PEP 508) in canonical spelling, sorted.
        extras: the normalised names of the extras it provides or asks for in a marker, sorted.
        modules: the dotted names it can be imported by, sorted; of a namespace package the parts.
        stubs: the names it holds type stubs for (PEP 561), sorted.
    """

    pin: str
    hashes: str
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()

    @property
    def project(self) -> str:
        """The normalised name of the project."""
        return re.split(r"==| @ ", self.pin, maxsplit=1)[0]

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The requirements, taken apart."""
        return tuple(edge(text) for text in self.requires)


@dataclass(frozen=True)
class LockGraph:
    """The graph beside a lock.

    Attributes:
        entries: sorted by pin, each pin once.
    """

    entries: tuple[Entry, ...]

    @cached_property
    def _by_pin(self) -> Mapping[str, Entry]:
        return {entry.pin: entry for entry in self.entries}

    def entry(self, pin: Pin) -> Entry | None:
        """The entry of a pin; None where there is none or the pin has changed since."""
        entry = self._by_pin.get(pin_key(pin))
        return entry if entry is not None and entry.hashes == hashes_digest(pin) else None

    def by_project(self) -> Mapping[str, tuple[Entry, ...]]:
        """Entries by the normalised name of their project, stale or not."""
        return self._by_project

    @cached_property
    def _by_project(self) -> Mapping[str, tuple[Entry, ...]]:
        grouped: dict[str, tuple[Entry, ...]] = {}
        for entry in self.entries:
            grouped[entry.project] = (*grouped.get(entry.project, ()), entry)
        return grouped

    def missing(self, lock: Lock) -> tuple[Pin, ...]:
        """The pins of a lock that have no entry to go by."""
        return tuple(pin for pin in lock.pins if self.entry(pin) is None)


@dataclass(frozen=True)
class Installed:
    """An installed project, as `lockstep.envs.contents` reads it from a folder.

    Attributes:
        name: as its metadata has it, like everything here.
        version: likewise.
        requires: `Requires-Dist`.
        extras: `Provides-Extra`.
        modules: the dotted names it can be imported by.
        stubs: the names it holds type stubs for.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()


def derive(
    lock: Lock, installed: Iterable[Installed], known: LockGraph = LockGraph(())
) -> LockGraph:
    """The graph of a lock.

    A pin that is neither installed nor known has no entry, and neither has one whose metadata
    states a requirement that cannot be read: `LockGraph.missing` tells which.

    Args:
        lock: the lock.
        installed: pins of the lock, installed.
        known: a graph of an earlier lock, whose entries serve where they are not stale.

    Raises:
        GraphError: something is installed that the lock does not pin.
    """
    by_name = lock.by_name()
    entries = {pin_key(pin): known.entry(pin) for pin in lock.pins}
    for project in installed:
        name = str(canonicalize_name(project.name))
        pins = [pin for pin in by_name.get(name, ()) if _is_installed(pin, project)]
        if not pins:
            fault = f"`{project.name}=={project.version}` is installed, but {lock.path} pins "
            pinned = " and ".join(f"`{pin.requirement}`" for pin in by_name.get(name, ()))
            raise GraphError(fault + (pinned or "no such project"), mend="Run `./pants lock`")
        entries.update((pin_key(pin), _entry(pin, project)) for pin in pins)
    return LockGraph(tuple(entry for _, entry in sorted(entries.items()) if entry is not None))


def _is_installed(pin: Pin, project: Installed) -> bool:
    if pin.version is None:
        return True
    try:
        return Version(pin.version) == Version(project.version)
    except InvalidVersion:
        return pin.version == project.version


def _entry(pin: Pin, project: Installed) -> Entry | None:
    try:
        requires = {canonical_requirement(text) for text in project.requires}
    except ValueError:
        return None
    named = {extra for text in requires for extra in _NAMED_EXTRA.findall(text)}
    return Entry(
        pin_key(pin),
        hashes_digest(pin),
        tuple(sorted(requires)),
        tuple(sorted({str(canonicalize_name(extra)) for extra in project.extras} | named)),
        tuple(sorted(set(project.modules))),
        tuple(sorted(set(project.stubs))),
    )


def pin_key(pin: Pin) -> str:
    """How the graph calls a pin; its marker and the extras it names are not part of that."""
    return f"{pin.key} @ {pin.url}" if pin.url is not None else f"{pin.key}=={pin.version}"


def hashes_digest(pin: Pin) -> str:
    """What ties an entry to its pin: SHA-256 of the sorted hashes, the first 16 digits."""
    return hashlib.sha256("\n".join(sorted(pin.hashes)).encode()).hexdigest()[:16]


def canonical_requirement(text: str) -> str:
    """A requirement in one spelling, down to extras (PEP 685) and marker.

    Raises:
        ValueError: it is none (PEP 508), or one that no slice can be cut by.
    """
    parsed, marker = _without_marker(text)
    extras = ",".join(sorted({str(canonicalize_name(extra)) for extra in parsed.extras}))
    spelled = str(canonicalize_name(parsed.name)) + (f"[{extras}]" if extras else "")
    specifiers = ",".join(sorted(str(specifier) for specifier in parsed.specifier))
    spelled += f" @ {parsed.url}" if parsed.url else specifiers
    if marker is not None:
        spelled += f" ; {markers.written(markers.read(marker))}"
    edge(spelled)
    return spelled


def _without_marker(text: str) -> tuple[Requirement, str | None]:
    """A requirement and its marker, which is read apart: many requirements share one."""
    if "@" in text:  # a url can hold a semicolon
        parsed = Requirement(text)
        return parsed, None if parsed.marker is None else str(parsed.marker)
    bare, semicolon, marker = text.partition(";")
    return Requirement(bare), marker.strip() if semicolon else None


def edge(requirement: str) -> Edge:
    """A requirement in canonical spelling, taken apart.

    Raises:
        ValueError: it is not spelled like that; its marker is not one.
    """
    match = _REQUIREMENT.fullmatch(requirement)
    if match is None:
        raise ValueError(f"`{requirement}` is not a requirement in canonical spelling")
    if match["marker"]:
        markers.read(match["marker"])
    return Edge(
        match["name"], tuple(filter(None, (match["extras"] or "").split(","))), match["marker"]
    )
