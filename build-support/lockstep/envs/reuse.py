"""Takes from another environment what a new one has in common with it: with one pin changed, that is
nearly everything, and neither uv nor its cache is needed for it.
"""

from __future__ import annotations

import csv
import hashlib
import os
from pathlib import Path
from typing import Collection, Iterable, Mapping, NamedTuple

from lockstep.envs import sharing
from lockstep.envs.installer import normalised, pins
from lockstep.envs.manifest import look
from lockstep.envs.stamp import SUMS, Stamp


class Common(NamedTuple):
    """What a new environment can take from another one.

    Attributes:
        base: the other one.
        stamp: its stamp.
        names: the projects, normalised, whose pins are the same in both; some may not be installed.
        files: theirs, relative to the environment, with their place in the manifest.
        recorded: the files of all projects that are installed there.
    """

    base: Path
    stamp: Stamp
    names: frozenset[str]
    files: Mapping[str, int]
    recorded: frozenset[str]


def pin_digests(text: str) -> dict[str, str]:
    """What tells whether a project's pins changed, by normalised name."""
    found: dict[str, str] = {}
    for name, entry in pins(text):
        found[name] = hashlib.sha256((found.get(name, "") + entry).encode()).hexdigest()
    return found


def common(base: Path, stamp: Stamp, text: str) -> Common | None:
    """What the environment of a slice can take from another one of the same interpreter.

    None where there is nothing, or where a file belongs to several projects: which one it comes from
    depends on the order of installing then.

    Args:
        base: the other environment.
        stamp: its stamp.
        text: the slice.
    """
    now = pin_digests(text)
    names = {name for name, digest in stamp.pins.items() if now.get(name) == digest}
    places = {path: place for place, path in enumerate(stamp.manifest.files)}
    files: dict[str, int] = {}
    owners: dict[str, str] = {}
    for record in (path for path in places if path.endswith(".dist-info/RECORD")):
        info = os.path.basename(os.path.dirname(record))[: -len(".dist-info")]
        project = normalised(info.rpartition("-")[0])
        try:
            recorded = list(_recorded(base, record))
        except (OSError, ValueError, csv.Error):
            return None
        for path in recorded:
            if owners.setdefault(path, project) != project:
                return None
            if project in names and path in places:
                files[path] = places[path]
    return Common(base, stamp, frozenset(names), files, frozenset(owners)) if files else None


def _recorded(base: Path, record: str) -> Iterable[str]:
    site = os.path.dirname(os.path.dirname(record))
    with open(base / record, newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if row:
                yield os.path.normpath(f"{site}/{row[0]}")


def other_pins(text: str, names: Collection[str]) -> str:
    """A slice without the pins of some projects."""
    return "".join(entry for name, entry in pins(text) if name not in names)


def accounts_for(shared: Common, there: Collection[str], own: Collection[str]) -> bool:
    """Whether it is known of every file of the other environment where it comes from.

    Args:
        shared: what is taken.
        there: the files of the new environment before anything was taken.
        own: beginnings of the paths of files that are made for each environment.
    """
    if not shared.files.keys().isdisjoint(there):
        return False  # a changed project has a file of an unchanged one
    rest = set(shared.stamp.manifest.files) - shared.recorded - set(there)
    return all(path.startswith(tuple(own)) for path in rest)


def take(shared: Common, root: Path) -> Mapping[str, str] | None:
    """Link the files that are shared, read-only as they are.

    Returns:
        SHA-256 by path; None where the other environment is not as it was.

    Raises:
        OSError: the disk is full.
    """
    for folder in {os.path.dirname(path) for path in shared.files}:
        os.makedirs(root / folder, exist_ok=True)
    manifest = shared.stamp.manifest
    for path, place in shared.files.items():
        source, target = f"{shared.base}/{path}", f"{root}/{path}"
        then = manifest.sizes[place], manifest.times[place], manifest.modes[place]
        try:
            if look(source) != then:
                return None
        except OSError:
            return None
        if not sharing.link(source, target):
            sharing.copy(source, target, manifest.modes[place] & 0o777)
    try:
        lines = (shared.base / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    digests = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
    return {path: digests[path] for path in shared.files if path in digests}
