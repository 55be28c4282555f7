"""A throwaway repository and one environment, set up once, that the tests share."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Mapping, Optional

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETUP = Path("build-support", "bootstrap")
sys.path.insert(0, str(ROOT / SETUP))

import environment  # noqa: E402 (found by the line above)

PANTS_TOML = """\
[GLOBAL]
pants_version = "2.17.1"
backend_packages = ["pants.backend.python"]
[python]
interpreter_constraints = ["CPython==3.9.*"]
[python-infer]
use_rust_parser = true
"""


@dataclass(frozen=True)
class Repo:
    """A throwaway repository with the launcher, and the cache that it uses."""

    root: Path
    cache: Path

    @classmethod
    def create(cls, root: Path, cache: Path) -> Repo:
        setup = root / SETUP
        setup.mkdir(parents=True)
        shutil.copy2(ROOT / "pants", root / "pants")
        for pattern in ("*.py", "*.lock.txt"):
            for file in (ROOT / SETUP).glob(pattern):
                shutil.copy2(file, setup / file.name)
        (root / "pants.toml").write_text(PANTS_TOML)
        return cls(root, cache)

    def env(self, **variables: Optional[str]) -> Mapping[str, str]:
        """The environment to call the launcher in. A variable that is None is left out."""
        base = {
            **os.environ,
            "LOCKSTEP_CACHE": str(self.cache),
            "LOCKSTEP_PYTHON": sys.executable,
        }
        return {k: v for k, v in {**base, **variables}.items() if v is not None}

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", "pants", *args],
            cwd=self.root,
            env=self.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *args: str, cwd: Optional[Path] = None, **variables: Optional[str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.root / "pants"), *args],
            cwd=cwd or self.root,
            env=self.env(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pantsd(self) -> int:
        """The process id of the daemon that runs for this repository."""
        (pid,) = self.root.glob(".pids/*/pantsd/pid")
        return int(pid.read_text())

    @property
    def environments(self) -> List[Path]:
        return [file.parent for file in self.cache.glob("bootstrap/*/env.sh")]

    @property
    def leftovers(self) -> List[Path]:
        return list(self.cache.glob("bootstrap/.*.tmp"))


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class SetUp:
    """A repository whose environment was set up by ten calls at once, after one was killed."""

    repo: Repo
    left_by_killed: int
    built_by_killed: int
    outcomes: List[Outcome]


def kill_while_building(repo: Repo) -> None:
    killed = repo.start("--version")
    while killed.poll() is None and not repo.leftovers:
        time.sleep(0.05)
    time.sleep(2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()


@pytest.fixture(scope="session")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SetUp]:
    base = tmp_path_factory.mktemp("set up")
    repo = Repo.create(base / "a repo", base / "it's a cache")
    kill_while_building(repo)
    left, built = len(repo.leftovers), len(repo.environments)
    processes = [repo.start("--version") for _ in range(10)]
    outputs = [process.communicate() for process in processes]
    outcomes = [Outcome(p.returncode, *output) for p, output in zip(processes, outputs)]
    yield SetUp(repo, left, built, outcomes)
    os.kill(repo.pantsd(), signal.SIGKILL)
    for target in repo.environments:
        environment.plain_alias(target).unlink()
    shutil.rmtree(base)


@pytest.fixture()
def new_repo(tmp_path: Path) -> Repo:
    """A repository that nothing has been set up for."""
    return Repo.create(tmp_path / "repo", tmp_path / "cache")
