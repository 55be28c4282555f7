"""Which files of an index a lock needs, in the environments that it holds for."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from lockstep.core.lock import Pin
from lockstep.core.markers import Environment
from lockstep.core.pylock import Answer, IndexFile, Release
from lockstep.core.universal import Declared

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SHA256 = "sha256:"
_LEGACY_BUILD = ("setuptools>=40.8.0",)
"""What pip and uv take where nothing is stated."""

_LINUX = re.compile(r"(?:many|musl)?linux(?:\d+|_\d+_\d+)?_(x86_64|aarch64)")
_MACOS = re.compile(r"macosx_\d+_\d+_(x86_64|arm64|universal2|intel)")
_MACHINES = {"aarch64": ("arm64",), "universal2": ("x86_64", "arm64"), "intel": ("x86_64",)}


@dataclass(frozen=True, order=True)
class Artifact:
    """A file that a pin can be installed from.

    Attributes:
        name: the name of the file.
        sha256: the digest that the lock states, in hex.
        url: where it is; or a path, if it is in a folder of this machine.
        size: in bytes, where it is known.
    """

    name: str
    sha256: str
    url: str
    size: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What an environment of a pin is made from.

    Attributes:
        artifacts: the files, sorted by name, each once.
        lacking: the environments that the pin belongs to and has no file for.
    """

    artifacts: tuple[Artifact, ...]
    lacking: tuple[Declared, ...]


def wanted(pin: Pin, answer: Answer, environments: Sequence[Declared]) -> Wanted:
    """The files that a pin of a lock names and that fit an environment.

    Those are all wheels for it, whatever its C library or its version of macOS, and the source
    distribution where there is no wheel.

    Args:
        pin: the pin of a release; no index has what a direct reference leads to.
        answer: what the index offers.
        environments: those that the lock holds for.
    """
    release = answer.get((pin.key, Version(str(pin.version))), Release((), ()))
    wheels = [*_named(pin, release.wheels)]
    sdists = [*_named(pin, release.sdists)][:1]
    found: set[Artifact] = set()
    lacking = []
    for environment in environments:
        if Environment(dict(environment.variables)).truth(pin.marker) is not False:
            fitting = [wheel for wheel in wheels if fits(wheel.name, environment)] or sdists
            found.update(fitting)
            lacking.extend([] if fitting else [environment])
    return Wanted(tuple(sorted(found)), tuple(lacking))


def lacking(found: Mapping[Pin, Wanted]) -> tuple[str, ...]:
    """What has no file, in words such as `x==1.0 for CPython 3.11 on linux_x86_64`."""
    return tuple(
        f"{pin.name}=={pin.version} for {environment}"
        for pin, one in found.items()
        for environment in one.lacking
    )


def gone(found: Mapping[Pin, Wanted], platform: str) -> tuple[str, ...]:
    """The pins that have no file at all where they need one, or none for a platform."""
    return tuple(
        f"{pin.name}=={pin.version}"
        for pin, one in found.items()
        if one.lacking and (not one.artifacts or platform in {e.platform for e in one.lacking})
    )


def needs_key(pin: Pin, environments: Sequence[Declared]) -> str:
    """The digest of what the files of a pin follow from."""
    facts = (pin.requirement, sorted(pin.hashes), sorted(map(str, environments)))
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def released(answer: Answer) -> tuple[Pin, ...]:
    """Pins of all that an answer tells of, with every file of theirs."""
    return tuple(
        Pin(
            name,
            str(version),
            tuple(h for file in (*found.wheels, *found.sdists) for h in file.hashes),
        )
        for (name, version), found in sorted(answer.items())
    )


def build_requirements(pyproject: str | None) -> tuple[str, ...]:
    """What has to be there to build a source distribution (PEP 518), beside what its backend asks for.

    Args:
        pyproject: its pyproject.toml; None where there is none.
    """
    try:
        stated = tomllib.loads(pyproject or "").get("build-system", {}).get("requires")
        if stated is not None:
            return tuple(str(Requirement(text)) for text in stated)
    except (tomllib.TOMLDecodeError, AttributeError, TypeError, InvalidRequirement):
        pass  # it does not build either, which whoever builds it is told
    return _LEGACY_BUILD


def _named(pin: Pin, files: Iterable[IndexFile]) -> Iterator[Artifact]:
    """The files that have a hash of the pin."""
    for file in files:
        for value in file.hashes:
            if value.startswith(_SHA256) and value in pin.hashes:
                name = unquote(urlsplit(file.url).path).rpartition("/")[2]
                if name.strip("."):  # else it is a folder
                    yield Artifact(name, value[len(_SHA256) :], file.url, file.size)


def fits(wheel: str, environment: Declared) -> bool:
    """Whether a wheel can be installed in an environment (PEP 425), as far as that is known of it.

    Args:
        wheel: the file name. One that no tags can be read from fits everywhere.
        environment: its machine may have any C library, and any version of macOS.
    """
    tags = _tags(wheel)
    return tags is None or not tags.isdisjoint(_supported(environment.python, environment.platform))


@lru_cache(maxsize=None)
def _tags(wheel: str) -> frozenset[Tag] | None:
    """The tags of a wheel, with platforms as Pants calls them; None where there are none to read."""
    try:
        tags = parse_wheel_filename(wheel)[-1]
    except InvalidWheelFilename:
        return None
    return frozenset(
        Tag(tag.interpreter, tag.abi, platform)
        for tag in tags
        for platform in _platforms(tag.platform)
    )


@lru_cache(maxsize=None)
def _supported(python: str, platform: str) -> frozenset[Tag]:
    major, minor = map(int, python.split("."))
    name = f"cp{major}{minor}"
    return frozenset(
        (
            *cpython_tags((major, minor), abis=[name], platforms=[platform]),
            *compatible_tags((major, minor), interpreter=name, platforms=[platform]),
        )
    )


def _platforms(tag: str) -> tuple[str, ...]:
    """The platforms as Pants calls them that a platform tag can be of; `any` stays as it is."""
    for system, known in (("linux", _LINUX), ("macos", _MACOS)):
        match = known.fullmatch(tag)
        if match is not None:
            machines = _MACHINES.get(match[1], (match[1],))
            return tuple(f"{system}_{machine}" for machine in machines)
    return (tag,)
