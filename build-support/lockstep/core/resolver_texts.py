"""What resolvers tell when they fail: which release requires what, read from uv's and pip's texts.

The texts are prose and change between releases, so what is not understood is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\[[^\]\s]*\])?"
_RANGE = r"(?:(?:[<>=!~]=|===|[<>])[A-Za-z0-9.!+*-]*[A-Za-z0-9*])"
_RANGES = rf"{_RANGE}(?:, ?{_RANGE})*"
_REQUIRED = rf"(?P<name>{_NAME})(?P<marker>\{{[^}}]*\}})?(?P<ranges>{_RANGES})?"

_UV_ALL = re.compile(rf"all versions of (?P<requirer>{_NAME}) depend on {_REQUIRED}")
_UV_SOME = re.compile(rf"(?P<requirer>{_NAME})(?P<versions>{_RANGES}) depends? on {_REQUIRED}")
_UV_PYTHON = re.compile(
    rf"(?P<requirer>{_NAME})(?P<versions>{_RANGES}) requires Python ?(?P<ranges>{_RANGES})"
)
_CONCLUSION = re.compile(r"we can conclude that .*?(?=And because |Because |$)")
_PIP = re.compile(r"^ +(?P<requirer>\S+) (?P<version>\S+) depends on (?P<required>\S.*)$", re.M)
_PIP_VALUES = re.compile(
    r"requirement=SpecifierRequirement\('(?P<required>[^']*)'\), parent=[^)]*?"
    r"LinkCandidate\('[^']*/(?P<file>[^/']+)'"
)
_PIP_PYTHON = re.compile(
    r"'(?P<ranges>[^']*)' \(required by (?P<requirer>\S+) (?P<version>[^\s)]+)"
)
_ARCHIVE = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*?)(?:-.*\.whl|\.tar\.\w+|\.zip)")

PYTHON = "Python"
"""The project that stands for the interpreter in an edge."""


@dataclass(frozen=True)
class Edge:
    """Something that releases of a project require.

    Attributes:
        requirer: the project, with the extras that bring it.
        versions: which of its releases, such as `==1.1`; empty for all.
        required: the project they require, or `Python`.
        requirement: the whole requirement.
    """

    requirer: str
    versions: str
    required: str
    requirement: str


def edges(text: str) -> tuple[Edge, ...]:
    """The edges a resolver's error names, each once, in its order."""
    return tuple(dict.fromkeys((*_of_uv(text), *_of_pip(text))))


def _of_uv(text: str) -> Iterator[Edge]:
    text = _CONCLUSION.sub("", " ".join(text.split()))  # only what releases say themselves is left
    for pattern in (_UV_ALL, _UV_SOME):
        for match in pattern.finditer(text):
            marker = f" ; {match['marker'][1:-1]}" if match["marker"] else ""
            yield Edge(
                match["requirer"],
                match.groupdict().get("versions") or "",
                match["name"],
                f"{match['name']}{match['ranges'] or ''}{marker}",
            )
    for match in _UV_PYTHON.finditer(text):
        yield Edge(match["requirer"], match["versions"], PYTHON, f"{PYTHON}{match['ranges']}")


def _of_pip(text: str) -> Iterator[Edge]:
    for match in _PIP.finditer(text):
        yield from _required_by(match["requirer"], match["version"], match["required"])
    for match in _PIP_VALUES.finditer(text):
        archive = _ARCHIVE.fullmatch(match["file"])
        if archive is not None:
            yield from _required_by(archive["name"], archive["version"], match["required"])
    for match in _PIP_PYTHON.finditer(text):
        required = f"{PYTHON}{match['ranges']}"
        yield Edge(match["requirer"], f"=={match['version']}", PYTHON, required)


def _required_by(requirer: str, version: str, required: str) -> Iterator[Edge]:
    required = re.sub(r"\s*;\s*extra == \S+$", "", required.strip())
    name = re.match(_NAME, required)
    if name is not None:
        yield Edge(requirer, f"=={version}", name[0], required)
