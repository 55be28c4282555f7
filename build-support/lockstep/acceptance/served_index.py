"""This repository's own package index, serving generated wheels with the upload times they need."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator, Mapping

from lockstep.acceptance.monorepo import CHECKOUT
from lockstep.acceptance.wheels import make_wheel
from lockstep.envs.pip_config import configured_settings

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class ServedIndex:
    """A running index.

    Attributes:
        packages: the folder that it serves.
        url: where.
    """

    packages: Path
    url: str

    @property
    def variables(self) -> Mapping[str, str]:
        """Settings by which pip and uv ask it beside the indexes that they are configured with."""
        configured = configured_settings(os.environ).get("PIP_EXTRA_INDEX_URL", "")
        return {"PIP_EXTRA_INDEX_URL": f"{configured} {self.url}".strip()}

    def upload(
        self,
        name: str,
        version: str,
        *,
        days_old: float = 0,
        requires: Iterable[str] = (),
        links: Iterable[str] = (),
    ) -> None:
        """Let a release appear, as if it was uploaded then.

        Args:
            name: the project.
            version: the release, a wheel with one empty module.
            days_old: how long ago.
            requires: its requirements (PEP 508).
            links: its `Project-URL`s.
        """
        aside = self.packages.parent / "aside"
        make_wheel(aside, name, version, requires=requires, links=links)
        for wheel in aside.iterdir():
            uploaded = time.time() - days_old * _DAY
            os.utime(wheel, (uploaded, uploaded))
            wheel.rename(self.packages / wheel.name)

    def wheel(self, name: str, version: str) -> Path:
        """The file of a release."""
        return self.packages / f"{name}-{version}-py3-none-any.whl"

    @contextmanager
    def emptied(self) -> Iterator[None]:
        """Have no file meanwhile."""
        away = self.packages.parent / "away"
        away.mkdir()
        for file in self.packages.iterdir():
            file.rename(away / file.name)
        try:
            yield
        finally:
            for file in away.iterdir():
                file.rename(self.packages / file.name)
            away.rmdir()

    def yank(self, name: str, version: str) -> None:
        """Take a release back (PEP 592)."""
        wheel = self.wheel(name, version)
        wheel.with_name(f"{wheel.name}.yanked.json").write_text('{"reason": "broken"}')


@contextmanager
def served_index(folder: Path, packages: Path | None = None) -> Iterator[ServedIndex]:
    """Serve files.

    Args:
        folder: an empty one, for the log.
        packages: the folder of the files; a new one by default.
    """
    packages = packages or folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ, "PACKAGES": str(packages), "PORT": "0"}
    command = [str(CHECKOUT / "py"), "-m", "package_index"]
    with open(folder / "index.log", "w") as log:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env=environ, stdin=subprocess.DEVNULL, stderr=log
        )
    try:
        yield ServedIndex(packages, f"{_address(folder / 'index.log', process)}/simple/")
    finally:
        process.terminate()
        process.wait()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Where it listens, as it logs; its environment may have to be built first."""
    while process.poll() is None:
        *whole, _ = log.read_text().split("\n")  # what follows the last line end may grow yet
        for line in whole:
            entry = json.loads(line) if line.startswith("{") else {}
            if entry.get("message") == "listening":
                return f"http://{entry['host']}:{entry['port']}"
        time.sleep(0.05)
    raise AssertionError(f"The index ended:\n{log.read_text()}")
