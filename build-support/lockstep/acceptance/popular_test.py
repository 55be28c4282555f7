"""Slices of popular projects with extras, beside what a fresh pip installs and Python imports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lockstep.acceptance.monorepo import GRAPH, LOCK, Monorepo
from lockstep.core import graph_codec, lock_codec
from lockstep.core.environments import platform_environment, python_environment
from lockstep.core.graph import Entry, LockGraph
from lockstep.core.lock import Lock
from lockstep.core.slices import Slice, Slicer
from lockstep.envs.pip_config import configured_settings

HERE = Path(__file__).parent
COUNT = int(os.environ.get("LOCKSTEP_POPULAR", "3"))
LISTED = [
    line for line in (HERE / "popular.in").read_text().splitlines() if not line.startswith("#")
]
ENVIRONMENT = {**python_environment("3.11"), **platform_environment("linux_x86_64")}


@dataclass(frozen=True)
class Environment:
    """What `importable.py` tells of one.

    Attributes:
        projects: the version of each project by its normalised name.
        owners: the modules and packages that lie there, each with the projects that own it.
        imported: what of them, and of all that the popular project holds, can be imported.
    """

    projects: Mapping[str, str]
    owners: Mapping[str, frozenset[str]]
    imported: frozenset[str]


@dataclass(frozen=True)
class Pair:
    """A slice, what is installed from it, and what pip installs by itself."""

    slice: Slice
    entries: tuple[Entry, ...]
    sliced: Environment
    fresh: Environment
    check: str


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **configured_settings(os.environ)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def uv(folder: Path, *args: str) -> str:
    return run(folder, f"{os.environ['LOCKSTEP_BOOTSTRAP']}/uv", *args)


def pip(environment: Path, *args: str) -> str:
    tools = f"{os.environ['LOCKSTEP_BOOTSTRAP']}/tools/bin/python"
    return run(environment, tools, "-m", "pip", "--python", "bin/python", *args)


def read(environment: Path, project: str) -> Environment:
    told = json.loads(run(environment, "bin/python", "-I", str(HERE / "importable.py"), project))
    return Environment(
        told["projects"],
        {module: frozenset(owners) for module, owners in told["owners"].items()},
        frozenset(told["imported"]),
    )


@pytest.fixture(scope="module")
def locked(locked_monorepo: tuple[Monorepo, Mapping[str, str]]) -> tuple[Lock, LockGraph]:
    """One lock for all of them, and its graph."""
    repo, files = locked_monorepo
    repo.restore(files)  # an earlier test may have left anything
    repo.write("other/BUILD", 'python_requirements(source="popular.in")\n')
    repo.write("other/popular.in", "".join(f"{line}\n" for line in LISTED[:COUNT]))
    result = repo.pants("lock")
    assert result.exit_code == 0, result.output
    lock = lock_codec.parse(repo.read(LOCK), LOCK)
    graph = graph_codec.parse(repo.read(GRAPH), GRAPH)
    return lock, graph


@pytest.fixture(scope="module", params=LISTED[:COUNT])
def requirement(request: Any) -> str:
    popular: str = request.param
    return popular


@pytest.fixture(scope="module")
def pair(
    requirement: str,
    locked: tuple[Lock, LockGraph],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:
    lock, graph = locked
    folder = tmp_path_factory.mktemp("popular")
    project = str(canonicalize_name(Requirement(requirement).name))
    cut = Slicer(lock, graph).cut([requirement], ENVIRONMENT)

    sliced, fresh = folder / "sliced", folder / "fresh"
    for environment in (sliced, fresh):
        uv(folder, "venv", "--quiet", "--no-project", "--python", "3.11", environment.name)
    (folder / "slice.txt").write_text(cut.text)
    uv(
        folder,
        *("pip", "install", "--quiet", "--python", "sliced/bin/python"),
        *("--no-deps", "--require-hashes", "--requirement", "slice.txt"),
    )
    (folder / "pins.txt").write_text("".join(f"{pin.requirement}\n" for pin in lock.pins))
    pip(fresh, "install", "--quiet", "--constraint", "../pins.txt", requirement)
    entries = [graph.entry(pin) for pin in cut.pins]
    yield Pair(
        cut,
        tuple(entry for entry in entries if entry is not None),
        read(sliced, project),
        read(fresh, project),
        pip(sliced, "check"),
    )
    shutil.rmtree(folder)


def test_its_slice_is_what_a_fresh_install_holds(pair: Pair) -> None:
    assert pair.check == "No broken requirements found.\n"
    assert pair.slice.names == set(pair.fresh.projects)
    assert pair.sliced.projects == pair.fresh.projects


def test_what_a_fresh_install_imports_is_imported(pair: Pair) -> None:
    assert sorted(pair.fresh.imported - pair.sliced.imported) == []
    assert len(pair.fresh.imported) > 0


def test_the_import_names_are_those_that_lie_there(pair: Pair) -> None:
    assert len(pair.entries) == len(pair.slice.pins)
    told = {(module, entry.project) for entry in pair.entries for module in entry.modules}
    there = {(module, name) for module, names in pair.sliced.owners.items() for name in names}
    assert sorted(told) == sorted(there)
    assert [module for module, names in pair.sliced.owners.items() if not names] == []
