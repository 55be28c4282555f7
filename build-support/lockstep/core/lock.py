"""The lock as a value: pins, who requires them, and the header that describes the resolve."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Iterable, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lockstep.core.input_values import InputRequirement, Setting

FORMAT = 1
"""The version of the header this code writes; a lock of a newer one is refused."""


@dataclass(frozen=True)
class Pin:
    """One entry of a lock.

    Attributes:
        name: the project as the lock writes it.
        version: the exact version, or None for a direct reference (`url`).
        extras: the extras the entry names, sorted.
        url: the direct reference (PEP 508 `name @ url`), if any.
        marker: the environment marker as written (PEP 508), if any.
        hashes: `algorithm:hex` strings in the order of the file.
        via: who requires it: project names, or inputs such as `-r services/x/requirements.in`.
        lead: comment, option and blank lines that stand right before the entry.
        line: the line of the entry in its file, from 1.
    """

    name: str
    version: str | None
    hashes: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    marker: str | None = None
    extras: tuple[str, ...] = ()
    url: str | None = None
    lead: tuple[str, ...] = field(default=(), compare=False)
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> str:
        """The normalised project name (PEP 503)."""
        return str(canonicalize_name(self.name))

    @property
    def requirement(self) -> str:
        """The entry as a requirement (PEP 508) without its hashes."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        marker = f" ; {self.marker}" if self.marker else ""
        if self.url is not None:
            return f"{self.name}{extras} @ {self.url}{marker}"
        return f"{self.name}{extras}=={self.version}{marker}"

    @property
    def requirers(self) -> frozenset[str]:
        """Normalised names of the projects that require this pin; inputs are left out."""
        return frozenset(
            str(canonicalize_name(entry.partition("[")[0]))
            for entry in self.via
            if is_project(entry)
        )


def is_project(via: str) -> bool:
    """Whether a `# via` entry names a project, not an input file."""
    return not via.startswith(("-r ", "-c ", "-")) and "(" not in via and "/" not in via


@dataclass(frozen=True)
class Header:
    """What the comment lines at the top of a lock state about its resolve.

    Attributes:
        resolve: the name of the resolve.
        inputs: SHA-256 of the requirements inputs' meaning, in hex.
        resolver: the resolver and its version.
        environments: the environments the lock holds for.
        cut_off: what was uploaded later was not chosen, as in `core.cut_off`; empty without one.
        younger: requirements (PEP 508) that bound what was chosen all the same.
    """

    resolve: str
    inputs: str
    resolver: str
    environments: tuple[str, ...]
    cut_off: str = ""
    younger: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lock:
    """A parsed lock.

    Attributes:
        path: the file as users know it, relative to the build root.
        pins: the entries in the order of the file.
        header: None where another tool wrote the lock.
        preamble: the comment lines at the top, up to the first blank line, pin or option.
        trailer: the lines after the last pin.
    """

    path: str
    pins: tuple[Pin, ...]
    header: Header | None = None
    preamble: tuple[str, ...] = ()
    trailer: tuple[str, ...] = ()

    def by_name(self) -> Mapping[str, tuple[Pin, ...]]:
        """Pins by normalised name; several where markers tell them apart."""
        grouped: dict[str, list[Pin]] = defaultdict(list)
        for pin in self.pins:
            grouped[pin.key].append(pin)
        return {name: tuple(pins) for name, pins in grouped.items()}


def inputs_digest(
    requirements: Iterable[InputRequirement],
    interpreters: Sequence[str],
    constraints: Iterable[InputRequirement] = (),
    settings: Iterable[Setting] = (),
    overrides: Iterable[str] = (),
    exclusions: Iterable[str] = (),
) -> str:
    """The digest a lock's header carries of what it was resolved from.

    It covers meaning, not text: comments, order and layout of an input never change it.

    Args:
        requirements: every requirement of the resolve's inputs.
        interpreters: the interpreter constraints of the resolve.
        constraints: what only bounds versions.
        settings: how to resolve; which input says so makes no difference.
        overrides: requirements that take the place of all others of their project (PEP 508).
        exclusions: projects to leave out.

    Returns:
        SHA-256 in hex.
    """
    lines = [
        *sorted(interpreters),
        "",
        *sorted({_digested("", stated) for stated in requirements}),
        *sorted({_digested("-c ", stated) for stated in constraints}),
        *sorted({setting.argument for setting in settings}),
        *sorted({f"override {canonical(text)}" for text in overrides}),
        *sorted({f"exclude {canonicalize_name(name)}" for name in exclusions}),
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _digested(kind: str, stated: InputRequirement) -> str:
    hashes = "".join(f" --hash={value}" for value in sorted(set(stated.hashes)))
    return f"{kind}{stated.path}\t{canonical(stated.text)}{hashes}"


@lru_cache(maxsize=4096)
def canonical(requirement: str) -> str:
    """A requirement in one spelling: normalised name, sorted extras and specifiers (PEP 508)."""
    parsed = Requirement(requirement)
    extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
    marker = f" ; {parsed.marker}" if parsed.marker else ""
    where = f" @ {parsed.url}" if parsed.url else ",".join(_specifiers(parsed))
    return f"{canonicalize_name(parsed.name)}{extras}{where}{marker}"


def _specifiers(requirement: Requirement) -> Iterator[str]:
    return iter(sorted(str(specifier) for specifier in requirement.specifier))
