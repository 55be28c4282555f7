"""Makes the monorepo that is measured: requirements, one lock of them in two formats, slices."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator, Mapping, Sequence

from lockstep.core import lock_codec
from lockstep.core.environments import python_environment
from lockstep.core.index_settings import settings
from lockstep.core.slices import Slice, Slicer
from lockstep.envs.pip_config import pip_config_files, read_pip_config

PYTHON = "3.11"
SEED = 20
TOOL_OPTIONS = tuple(
    f"{scope}_{option}"
    for scope in ("PANTS_PEX_CLI", "PANTS_LOCKSTEP_UV")
    for option in ("VERSION", "KNOWN_VERSIONS", "URL_TEMPLATE")
)

# Popular projects of moderate size that have wheels. The first ones fill the lock, up to its size.
PROJECTS = """
    requests fastapi sqlalchemy boto3 pandas celery rich httpx pytest cryptography flask redis
    structlog uvicorn jinja2 beautifulsoup4 pyyaml typer alembic opentelemetry-sdk
    pydantic-settings sentry-sdk black aiohttp openpyxl kubernetes django marshmallow hypothesis
    paramiko lxml python-dateutil tenacity elasticsearch jsonschema prometheus-client pymongo
    pillow gunicorn psycopg[binary] pyjwt orjson apscheduler docker mypy coverage networkx
    dnspython email-validator loguru stripe pika slack-sdk websockets nox xlsxwriter tabulate tqdm
    msgpack arrow graphql-core watchdog sphinx google-cloud-storage azure-storage-blob scrapy
    strawberry-graphql passlib tomlkit cachetools deepdiff polib
""".split()


@dataclass(frozen=True)
class Tools:
    """Where the programs are.

    Attributes:
        uv: the installer.
        pex: the pex tool, as Pants runs it.
        python: the interpreter that environments are made for.
        environ: the environment in which both see the user's index settings.
    """

    uv: Path
    pex: Path
    python: Path
    environ: Mapping[str, str]

    def run(self, *command: str | Path, **variables: str | Path) -> str:
        """Run a program, and return what it prints.

        Raises:
            SystemExit: it failed; its output is the message.
        """
        done = subprocess.run(
            [str(word) for word in command],
            env={**self.environ, **{name: str(value) for name, value in variables.items()}},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if done.returncode != 0:
            raise SystemExit(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def found_tools() -> Tools:
    """The tools as the launcher `./pants` hands them on.

    Raises:
        SystemExit: this was not started with the launcher's environment.
    """
    missing = [name for name in ("LOCKSTEP_BOOTSTRAP", *TOOL_OPTIONS) if not os.environ.get(name)]
    if missing:
        raise SystemExit(
            f"{missing[0]} is not set. Load the launcher's environment first; README.md tells how."
        )
    bootstrap = Path(os.environ["LOCKSTEP_BOOTSTRAP"])
    environ = settings(os.environ, read_pip_config(pip_config_files(os.environ)))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PEX_")}
    tools = Tools(bootstrap / "uv", bootstrap / "pex", Path(sys.executable), {**kept, **environ})
    found = tools.run(tools.uv, "python", "find", "--no-project", "--no-python-downloads", PYTHON)
    return replace(tools, python=Path(found.strip()).resolve())


@dataclass(frozen=True)
class Wanted:
    """One environment to build.

    Attributes:
        names: the projects that it is for, each a requirement of the input.
        slice: the pins that it holds.
    """

    names: tuple[str, ...]
    slice: Slice


@dataclass(frozen=True)
class Monorepo:
    """The generated monorepo.

    Attributes:
        requirements: its requirements input.
        lock: the lock in requirements.txt format.
        pex_lock: the same pins in PEX's own format.
        slicer: cuts slices of the lock.
    """

    requirements: Path
    lock: Path
    pex_lock: Path
    slicer: Slicer

    @property
    def pins(self) -> int:
        """How many pins the lock holds."""
        return len(self.slicer.lock.pins)

    def one(self, size: int) -> Wanted:
        """The slice whose number of pins comes nearest to `size`, of many chosen by chance."""
        choices = (self._choose(random.Random(f"{SEED}/{i}")) for i in range(1000))
        return min(choices, key=lambda wanted: abs(len(wanted.slice.pins) - size))

    def many(self, count: int) -> tuple[Wanted, ...]:
        """Distinct slices, the same ones on each run."""
        chance = random.Random(SEED)
        chosen: dict[str, Wanted] = {}
        while len(chosen) < count:
            wanted = self._choose(chance)
            chosen.setdefault(wanted.slice.digest, wanted)
        return tuple(chosen.values())

    def _choose(self, chance: random.Random) -> Wanted:
        projects = self.requirements.read_text().split()
        roots = sorted(chance.sample(projects, chance.randint(1, 8)))
        names = tuple(root.partition("[")[0] for root in roots)
        return Wanted(names, self.slicer.cut(roots, python_environment(PYTHON)))


def make(folder: Path, pins: int, tools: Tools) -> Monorepo:
    """Make the monorepo, or take the one that the folder holds already.

    Args:
        folder: where to.
        pins: how many pins its lock should hold, at least.
        tools: the programs to make it with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    requirements, lock = folder / "requirements.in", folder / "lock.txt"
    if not lock.exists():
        everything = folder / "everything.txt"
        _compile(PROJECTS, requirements, everything, tools)
        slicer = Slicer(lock_codec.parse(everything.read_text(), everything.name))
        _compile(list(_first_projects(slicer, pins)), requirements, lock, tools)
    pex_lock = folder / "lock.json"
    if not pex_lock.exists():
        _lock_with_pex(lock, pex_lock, tools)
    slicer = Slicer(lock_codec.parse(lock.read_text(), lock.name))
    return Monorepo(requirements, lock, pex_lock, slicer)


def _first_projects(slicer: Slicer, pins: int) -> Iterator[str]:
    reached: frozenset[str] = frozenset()
    for project in PROJECTS:
        if len(reached) >= pins:
            return
        reached |= slicer.cut([project], python_environment(PYTHON)).names
        yield project


def _compile(projects: Sequence[str], requirements: Path, lock: Path, tools: Tools) -> None:
    requirements.write_text("".join(f"{project}\n" for project in projects))
    tools.run(
        *(tools.uv, "pip", "compile", "--quiet", "--generate-hashes", "--no-header"),
        *("--python-version", PYTHON, "--annotation-style", "split", "--only-binary", ":all:"),
        *("--cache-dir", lock.parent / "resolver-cache", "--output-file", lock, requirements),
    )


def _lock_with_pex(lock: Path, pex_lock: Path, tools: Tools) -> None:
    """The lock that `./pants generate-lockfiles` of plain Pants makes, of the same pins."""
    tools.run(
        *(tools.python, tools.pex, "lock", "create", "--style", "strict", "--indent", "2"),
        *("--use-pip-config", "--output", pex_lock, "--requirement", lock),
        PEX_SCRIPT="pex3",
        PEX_ROOT=pex_lock.parent / "resolver-cache" / "pex",
    )
