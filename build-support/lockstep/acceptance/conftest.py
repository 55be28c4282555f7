"""One monorepo for all acceptance tests, locked once; each test starts from the same files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.acceptance.changes import Repository, git
from lockstep.acceptance.monorepo import CHECKOUT, FILES, GRAPH, LOCK, Monorepo
from lockstep.acceptance.served_index import ServedIndex, served_index
from lockstep.core import held

INPUT = "3rdparty/python/inputs.in"
ALPHA, BETA = "lockstep_alpha", "lockstep_beta"


@pytest.fixture(scope="session")
def locked_monorepo(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Monorepo, Mapping[str, str]]]:
    repo = Monorepo.create(Path(tmp_path_factory.mktemp("acceptance")))
    result = repo.pants("lock")
    assert result.exit_code == 0, result.output
    yield repo, {path: repo.read(path) for path in (LOCK, GRAPH)}
    repo.stop()


@pytest.fixture
def monorepo(locked_monorepo: tuple[Monorepo, Mapping[str, str]]) -> Monorepo:
    repo, locked = locked_monorepo
    repo.restore(locked)
    return repo


@pytest.fixture(scope="session")
def tested_repository(
    tmp_path_factory: pytest.TempPathFactory,
    locked_monorepo: tuple[Monorepo, Mapping[str, str]],
) -> Iterator[Repository]:
    root = Path(tmp_path_factory.mktemp("affected")) / "mono repo"
    repository = Repository.of(*locked_monorepo, root)
    yield repository
    repository.monorepo.stop()


@pytest.fixture
def repository(tested_repository: Repository) -> Repository:
    tested_repository.reset()
    return tested_repository


@pytest.fixture(scope="session")
def copied_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This repository as git would commit it now, in a folder and a repository of its own."""
    copy = tmp_path_factory.mktemp("checkout") / "my company"
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)
    for path in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / path).exists():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / path, copy / path)
    git(copy, "init", "-q", "-b", "main")
    git(copy, "add", "-A")
    git(copy, "commit", "-qm", "All")
    yield copy
    for pid in copy.joinpath(".pids").rglob("pid"):
        subprocess.run(["kill", pid.read_text().strip()], check=False)


@pytest.fixture(scope="module")
def checkout(copied_checkout: Path) -> Path:
    """This repository, committed; what the tests of another module did to its files is undone."""
    git(copied_checkout, "reset", "-q", "--hard")
    git(copied_checkout, "clean", "-qfd")
    return copied_checkout


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedIndex]:
    with served_index(tmp_path_factory.mktemp("index")) as served:
        yield served


@pytest.fixture(scope="session")
def dated_repository(
    tmp_path_factory: pytest.TempPathFactory, index: ServedIndex
) -> Iterator[Monorepo]:
    files = {
        "pants.toml": FILES["pants.toml"].partition("[pytest]")[0],
        "3rdparty/python/BUILD": 'python_requirements(name="inputs", source="inputs.in")\n',
        INPUT: "",
        "other/BUILD": "python_sources()\n",
        "other/app.py": f"import {ALPHA}\n",
    }
    repo = Monorepo.create(tmp_path_factory.mktemp("dated"), files, index.variables)
    yield repo
    repo.stop()


@pytest.fixture
def dated(dated_repository: Monorepo, index: ServedIndex) -> Monorepo:
    """A repository without a lock: `alpha` requires `beta`, the newest of each is days old."""
    for file in index.packages.iterdir():
        file.unlink()
    for version, days in (("1.0", 30), ("1.1", 2)):
        index.upload(ALPHA, version, days_old=days, requires=[BETA])
    for version, days in (("1.0", 30), ("1.1", 10), ("1.2", 1)):
        index.upload(BETA, version, days_old=days)
    dated_repository.write(INPUT, f"{ALPHA}\n")
    for written in (LOCK, f"3rdparty/python/{held.NAME}"):
        dated_repository.path(written).unlink(missing_ok=True)
    return dated_repository
