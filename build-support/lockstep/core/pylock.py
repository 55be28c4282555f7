"""A slice as a pylock.toml (PEP 751), which names each file that may be installed, and its place.

A lock holds hashes, so where the files are is asked of the index: `question` is what uv is asked,
`read_answer` what it says. Of that, only files whose hashes are in the lock are written.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name
from packaging.version import Version

from lockstep.core.errors import LockstepError
from lockstep.core.lock import Pin

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FILE_NAME = re.compile(r"pylock\.([^./]+\.)?toml")
_ENVIRONMENT = ("implementation_name", "platform_machine", "python_version", "sys_platform")


class PylockError(LockstepError):
    """A slice that cannot be told as a pylock.toml."""


@dataclass(frozen=True, order=True)
class IndexFile:
    """A file of a release, as an index tells of it.

    Attributes:
        url: where it is, without user name and password.
        hashes: `algorithm:hex` strings, sorted.
        size: in bytes, where it is known.
    """

    url: str
    hashes: tuple[str, ...]
    size: int | None = None


@dataclass(frozen=True)
class Release:
    """The files of one version of a project."""

    sdists: tuple[IndexFile, ...]
    wheels: tuple[IndexFile, ...]


Answer = Mapping["tuple[str, Version]", Release]
"""Releases by normalised name and version."""


def is_file_name(name: str) -> bool:
    """Whether a file may be called so: `pylock.toml`, or `pylock.NAME.toml` (PEP 751)."""
    return _FILE_NAME.fullmatch(name) is not None


def question(pins: Iterable[Pin]) -> tuple[str, str]:
    """The requirements whose files uv is to find, and the configuration it is to do it with.

    With the configuration uv takes it for known that the pins require nothing, so that it neither
    downloads nor builds anything in order to find out.
    """
    asked = [pin for pin in pins if pin.url is None]
    requirements = (
        f"{pin.name}=={pin.version}" + (f" ; {pin.marker}" if pin.marker else "") for pin in asked
    )
    tables = (
        "[[dependency-metadata]]\n"
        f'name = "{pin.key}"\nversion = "{pin.version}"\nrequires-dist = []\n'
        for pin in asked
    )
    return "".join(f"{line}\n" for line in requirements), "".join(tables)


def read_answer(text: str, *, local: bool = False) -> Answer:
    """Read the pylock.toml that uv made of a question.

    Args:
        text: the file.
        local: whether to tell of files in folders of this machine, too, their paths as their URLs.
    """
    releases: dict[tuple[str, Version], list[Release]] = defaultdict(list)
    for package in tomllib.loads(text).get("packages", ()):
        sdists = [package["sdist"]] if "sdist" in package else []
        releases[package["name"], Version(package["version"])].append(
            Release(tuple(_files(sdists, local)), tuple(_files(package.get("wheels", ()), local)))
        )
    return {
        release: Release(
            tuple(sorted({file for part in parts for file in part.sdists})),
            tuple(sorted({file for part in parts for file in part.wheels})),
        )
        for release, parts in releases.items()
    }


def _files(entries: Iterable[Mapping[str, Any]], local: bool) -> Iterator[IndexFile]:
    for entry in entries:
        hashes = entry.get("hashes", {})  # an index may tell none
        place = entry.get("url") or (entry.get("path") if local else None)
        if place:
            yield IndexFile(
                re.sub(r"(?<=://)[^/\s]*@", "", place),
                tuple(sorted(f"{algorithm}:{value}" for algorithm, value in hashes.items())),
                entry.get("size"),
            )


def render(
    pins: Iterable[Pin],
    answer: Answer,
    *,
    lock_path: str,
    pythons: Sequence[str],
    environments: Sequence[Mapping[str, str]],
) -> str:
    """The text of a pylock.toml.

    Args:
        pins: a slice.
        answer: the files of its pins. A pin with a marker that uv has left out is left out here,
            since its marker holds for no such Python.
        lock_path: the lock that the slice is of, for errors.
        pythons: those that it is for, such as `3.11`, the lowest first.
        environments: marker variables (PEP 508) of those that it is for, as
            `environments.locked_environments` tells them; none where they are not known.

    Raises:
        PylockError: a pin that this format cannot hold, or whose files the index does not have.
    """
    markers = [
        " and ".join(f"{name} == '{environment[name]}'" for name in _ENVIRONMENT)
        for environment in environments
    ]
    lines = [
        'lock-version = "1.0"',
        *(["environments = [", *(f"    {_quoted(m)}," for m in markers), "]"] if markers else []),
        f"requires-python = {_quoted(_span(pythons))}",
        'created-by = "lockstep"',
    ]
    for pin in sorted(pins, key=lambda pin: (pin.key, pin.marker or "")):
        source = list(_source(pin, answer, lock_path))
        if source:
            lines.extend(["", "[[packages]]", f'name = "{canonicalize_name(pin.name)}"'])
            lines.extend([f"version = {_quoted(pin.version)}"] if pin.version else [])
            lines.extend([f"marker = {_quoted(pin.marker)}"] if pin.marker else [])
            lines.extend(source)
    return "".join(f"{line}\n" for line in lines)


def _span(pythons: Sequence[str]) -> str:
    """Minor versions as a specifier (PEP 440)."""
    if len(pythons) == 1:
        return f"=={pythons[0]}.*"
    major, minor = pythons[-1].split(".")
    return f">={pythons[0]},<{major}.{int(minor) + 1}"


def _source(pin: Pin, answer: Answer, lock_path: str) -> Iterator[str]:
    """The lines that say what is installed for a pin; none where it is for no such Python."""
    if not pin.hashes:
        raise PylockError(
            f"{lock_path} has no hash for `{pin.requirement}`, and a pylock.toml holds no file"
            " without",
            mend="Export `--format=requirements`, or state a release or an archive in its place",
        )
    if pin.url is not None:
        yield f"archive = {_table(IndexFile(pin.url, pin.hashes), pin)}"
        return
    release = answer.get((pin.key, Version(str(pin.version))))
    if release is None and pin.marker:
        return
    release = release or Release((), ())
    sdists = [file for file in release.sdists if not set(file.hashes).isdisjoint(pin.hashes)]
    wheels = [file for file in release.wheels if not set(file.hashes).isdisjoint(pin.hashes)]
    if not (sdists or wheels):
        raise PylockError(
            f"The index has no file of `{pin.requirement}` with a hash of {lock_path}",
            mend="Name the index that was locked from in pip's configuration, or run `./pants lock`"
            " if the lock is wrong",
        )
    yield from (f"sdist = {_table(file, pin)}" for file in sdists[:1])  # the format has one
    if wheels:
        yield "wheels = ["
        yield from (f"    {_table(file, pin)}," for file in wheels)
        yield "]"


def _table(file: IndexFile, pin: Pin) -> str:
    """A file with those of its hashes that the lock holds, one of each algorithm."""
    size = f", size = {file.size}" if file.size is not None else ""
    told = dict(value.split(":") for value in sorted(file.hashes) if value in pin.hashes)
    hashes = ", ".join(f'{algorithm} = "{value}"' for algorithm, value in told.items())
    return f"{{ url = {_quoted(file.url)}{size}, hashes = {{ {hashes} }} }}"


def _quoted(text: str) -> str:
    """A string of TOML; what JSON escapes, TOML reads."""
    return json.dumps(text, ensure_ascii=False)
