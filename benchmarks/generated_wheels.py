"""Makes the tiny distributions that the generated monorepo pins, and a lock and graph of them."""

from __future__ import annotations

import hashlib
import random
import subprocess
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Mapping

from lockstep.core import graph_codec, lock_codec
from lockstep.core.environments import platform_environment, python_environment
from lockstep.core.graph import Entry, LockGraph, hashes_digest
from lockstep.core.lock import Header, Pin
from lockstep.core.slices import Slicer

PYTHON = "3.11"
PLATFORM = "linux_x86_64"
_CHECKOUT = Path(__file__).resolve().parents[1]
_LOCK, _GRAPH = "3rdparty/python/lock.txt", "3rdparty/python/lock.graph.json"
_BROKEN = "raise RuntimeError('this release is broken')\n"


@dataclass(frozen=True)
class Release:
    """A distribution with one module of its own name, which imports all that it requires.

    Attributes:
        name: of the project and of the module.
        requires: the projects that it requires.
        version: its version; that of a base is 1.0.0.
        build: tells builds of one version from each other.
        broken: whether its module fails on import.
    """

    name: str
    requires: tuple[str, ...]
    version: str = "1.0.0"
    build: int = 0
    broken: bool = False

    @property
    def filename(self) -> str:
        build = f"-{self.build}" if self.build else ""
        return f"{self.name}-{self.version}{build}-py3-none-any.whl"

    def write(self, folder: Path) -> Path:
        """Write the wheel; the same release is always the same bytes."""
        metadata = f"{self.name}-{self.version}.dist-info"
        requires = "".join(f"Requires-Dist: {name}\n" for name in self.requires)
        imports = "".join(f"import {name}\n" for name in self.requires)
        release = f"{self.version}-{self.build}"
        files = {
            f"{self.name}/__init__.py": f"{imports}RELEASE = '{release}'\nVALUE = 1\n"
            + (_BROKEN if self.broken else ""),
            f"{metadata}/METADATA": (
                f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n{requires}"
            ),
            f"{metadata}/WHEEL": (
                "Wheel-Version: 1.0\nGenerator: benchmarks\nRoot-Is-Purelib: true\n"
                f"Build: {self.build}\nTag: py3-none-any\n"
            ),
        }
        record = f"{metadata}/RECORD"
        files[record] = "".join(f"{path},,\n" for path in (*files, record))
        target = folder / self.filename
        with zipfile.ZipFile(target, "w") as archive:
            for path, text in files.items():
                archive.writestr(zipfile.ZipInfo(path), text)
        return target


@dataclass
class Wheels:
    """A folder of wheels to install from, by `--find-links` and without an index.

    Attributes:
        folder: where they are.
        releases: those that the lock pins, by name.
        tools: pins of the test runner, taken from this repository's lock, with their graph.
    """

    folder: Path
    releases: dict[str, Release]
    tools: tuple[tuple[Pin, Entry], ...]
    _files: dict[str, str] = field(default_factory=dict)

    def settings(self) -> Mapping[str, str]:
        """The environment variables that make pip and uv take these wheels, and nothing else."""
        return {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder),
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_EXTRA_INDEX_URL": "",
        }

    def hash(self, release: Release) -> str:
        """The hash of a release's wheel, which is written if it is not there."""
        if release.filename not in self._files:
            content = release.write(self.folder).read_bytes()
            self._files[release.filename] = hashlib.sha256(content).hexdigest()
        return f"sha256:{self._files[release.filename]}"

    def lock(
        self,
        stated: Mapping[str, Iterable[str]],
        releases: Mapping[str, Release | None] | None = None,
    ) -> dict[str, str]:
        """The lock and its graph, by path.

        Args:
            stated: the projects that each requirements input states.
            releases: what to pin, or None to pin nothing; by default the base's.
        """
        all_chosen = {**self.releases, **(releases or {})}
        chosen = {name: release for name, release in all_chosen.items() if release is not None}
        via: dict[str, list[str]] = {}
        for path, names in sorted(stated.items()):
            for name in names:
                via.setdefault(name, []).append(f"-r {path}")
        for release in chosen.values():
            for name in release.requires:
                via.setdefault(name, []).append(release.name)
        pins = [
            Pin(r.name, r.version, (self.hash(r),), tuple(via.get(r.name, ())))
            for r in chosen.values()
        ]
        entries = [
            Entry(
                f"{pin.name}=={pin.version}",
                hashes_digest(pin),
                requires=tuple(sorted(chosen[pin.name].requires)),
                modules=(pin.name,),
            )
            for pin in pins
        ]
        header = Header(
            "python-default", "0" * 64, "benchmarks", (f"CPython {PYTHON} on {PLATFORM}",)
        )
        lock = lock_codec.finished(_LOCK, header, [*pins, *(pin for pin, _ in self.tools)])
        graph = sorted([*entries, *(entry for _, entry in self.tools)], key=lambda e: e.pin)
        return {_LOCK: lock_codec.render(lock), _GRAPH: graph_codec.render(LockGraph(tuple(graph)))}


def make_wheels(folder: Path, pins: int, seed: int) -> Wheels:
    """Invent projects that require each other, some in rings, and fetch the test runner's wheels.

    Args:
        folder: where the wheels go.
        pins: how many projects to invent.
        seed: the same one gives the same projects.

    Raises:
        subprocess.CalledProcessError: pip cannot fetch the wheels.
    """
    chance = random.Random(f"pins {seed}")
    names = [f"pin{number:03}" for number in range(pins)]
    releases: dict[str, Release] = {}
    for number, name in enumerate(names):
        later = names[number + 1 : number + 40]
        requires = set(chance.sample(later, min(len(later), chance.choice((0, 0, 1, 2, 3)))))
        if number % 25 == 24:
            requires.add(names[number - 1])
            releases[names[number - 1]] = Release(
                names[number - 1], tuple(sorted({*releases[names[number - 1]].requires, name}))
            )
        releases[name] = Release(name, tuple(sorted(requires)))
    folder.mkdir(parents=True, exist_ok=True)
    return Wheels(folder, releases, _fetch_tools(folder))


def _fetch_tools(folder: Path) -> tuple[tuple[Pin, Entry], ...]:
    graph = graph_codec.parse((_CHECKOUT / _GRAPH).read_text(), _GRAPH)
    lock = lock_codec.parse((_CHECKOUT / _LOCK).read_text(), _LOCK)
    here = {**python_environment(PYTHON), **platform_environment(PLATFORM)}
    cut = Slicer(lock, graph).cut(["pytest"], here)
    wanted = folder / "tools.txt"
    wanted.write_text(cut.text)
    if not any(folder.glob("pytest-*.whl")):
        command = ["pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        python = [str(_CHECKOUT / "pants"), "--bootstrap-exec", "sh", "-c"]
        run = f'exec "$LOCKSTEP_BOOTSTRAP/tools/bin/python" -m {" ".join(command)} "$@"'
        version = ["--python-version", PYTHON, "--only-binary", ":all:"]
        subprocess.run(
            [*python, run, "pip", *version, "-d", str(folder), "-r", str(wanted)], check=True
        )
    entries = {entry.project: entry for entry in graph.entries}
    found = []
    for pin in cut.pins:
        assert graph.entry(pin) is not None, f"{_GRAPH} lacks {pin.requirement}"
        via = tuple(v for v in pin.via if v in cut.names) or ("-r 3rdparty/python/tools.in",)
        found.append((Pin(pin.name, pin.version, pin.hashes, via, pin.marker), entries[pin.key]))
    return tuple(found)
