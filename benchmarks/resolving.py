"""Measures what a lock costs: `./pants lock` beside pip-compile and uv on the same inputs.

README.md tells how to run it, what is measured, and how to read the table.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, Sequence

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "build-support"))

from lockstep.core import lock_codec  # noqa: E402
from lockstep.core.environments import python_environment  # noqa: E402
from lockstep.core.lock import Lock  # noqa: E402
from lockstep.core.slices import Slicer  # noqa: E402
from lockstep.core.universal import Declared, belonging, declared  # noqa: E402

from monorepo import PYTHON, Tools, found_tools  # noqa: E402

LOCK, GRAPH = "3rdparty/python/lock.txt", "3rdparty/python/lock.graph.json"
PLATFORMS = ("linux_x86_64", "linux_arm64", "macos_arm64")
HERE_DECLARED = Declared(PYTHON, PLATFORMS[0])
LEFT_OUT = ("openpyxl", "networkx", "marshmallow", "tabulate", "arrow", "pika", "polib", "loguru")
"""Each round leaves another of these out, so that nobody is asked the very same thing again."""

INPUTS: Mapping[str, str] = {
    "3rdparty/python/tools.in": "black coverage hypothesis mypy nox pytest sphinx",
    "3rdparty/python/shared.in": """
        httpx jinja2 jsonschema loguru orjson pydantic-settings python-dateutil pyyaml requests
        sentry-sdk structlog tenacity tomlkit tqdm typer cachetools deepdiff
    """,
    "services/billing/requirements.in": """
        alembic celery django email-validator marshmallow passlib polib psycopg[binary] pyjwt redis
        sqlalchemy>=2 stripe gunicorn
    """,
    "services/gateway/requirements.in": """
        aiohttp arrow cryptography fastapi graphql-core opentelemetry-sdk prometheus-client requests
        strawberry-graphql uvicorn websockets
    """,
    "services/crawler/requirements.in": """
        beautifulsoup4 dnspython elasticsearch lxml msgpack pika pymongo scrapy watchdog tenacity
    """,
    "services/fleet/requirements.in": """
        apscheduler azure-storage-blob docker google-cloud-storage kubernetes paramiko
        slack-sdk httpx>=0.27 rich
    """,
    "services/reports/requirements.in": """
        jupyterlab matplotlib networkx openpyxl pandas pillow scikit-learn tabulate xlsxwriter dask
    """,
    "services/web/requirements.in": "flask gunicorn mkdocs-material pydantic<3 sqlalchemy",
}

PANTS_TOML = """\
[GLOBAL]
pants_version = "2.17.1"
pythonpath = ["%(buildroot)s/build-support"]
backend_packages = ["pants.backend.python", "lockstep"]

[anonymous-telemetry]
enabled = false

[python-bootstrap]
search_path = ["<PATH>", "<PYENV>"]

[python]
enable_resolves = true
enable_lockfile_targets = false
interpreter_constraints = ["CPython==3.11.*"]

[python.resolves]
python-default = "3rdparty/python/lock.txt"
"""


@dataclass(frozen=True)
class Task:
    """Something that is measured.

    Attributes:
        title: how the table calls it.
        beside: the title of what it is compared with, or empty.
        factor: as many times that it may take at most.
        grace: as many seconds it may take beyond that.
    """

    title: str
    beside: str = ""
    factor: float = 0
    grace: float = 0

    def limit(self, seconds: Mapping[Task, float]) -> float:
        """How long it may take at most, in seconds."""
        other = next(s for task, s in seconds.items() if task.title == self.beside)
        return other * self.factor + self.grace


PIP_COMPILE = Task("`pip-compile --generate-hashes`, no output file")
WITHOUT_HASHES = Task("`pip-compile` without hashes, no output file")
UV = Task("`uv pip compile --universal`")
COLD = Task("`./pants lock`, no lock", PIP_COMPILE.title, 0.5)
ADDED = Task("`./pants lock`, a requirement added", PIP_COMPILE.title, 0.2)
BY_UV = Task('`resolver = "uv"`, no lock', UV.title, 1.5, 0.5)
SAME = Task("`./pants lock`, nothing changed")
TASKS = (PIP_COMPILE, WITHOUT_HASHES, COLD, ADDED, SAME, UV, BY_UV)


class Contest:
    """The monorepo, and those who resolve its inputs."""

    def __init__(self, folder: Path, tools: Tools) -> None:
        self.root = folder / "monorepo"
        self.caches = folder / "caches"
        self.outputs = folder / "outputs"
        self.tools = tools
        self.environ = {**os.environ, "PANTS_LOCAL_STORE_DIR": str(folder / "store")}
        for place in (self.root, self.caches, self.outputs):
            place.mkdir(parents=True, exist_ok=True)
        self.write("pants.toml", PANTS_TOML)
        builds: dict[str, str] = defaultdict(str)
        for path in map(Path, INPUTS):
            stated = f'python_requirements(name="{path.stem}", source="{path.name}")\n'
            builds[str(path.with_name("BUILD"))] += stated
        for build, targets in builds.items():
            self.write(build, targets)
        shutil.copy2(HERE.parent / "pants", self.root / "pants")
        for part in ("bootstrap", "lockstep"):
            source, copies = HERE.parent / "build-support" / part, self.root / "build-support"
            ignored = shutil.ignore_patterns("BUILD", "__pycache__", "*_test.py", "testdata")
            shutil.copytree(source, copies / part, ignore=ignored, dirs_exist_ok=True)
        self.pip_tools = self._install_pip_tools(folder / "pip-tools")
        asked = "import platform; print(platform.python_version())"
        self.version = self.tools.run(self.pip_tools, "-c", asked).strip()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def state(self, without: str = "") -> None:
        """Write the inputs, without one of the projects."""
        for path, projects in INPUTS.items():
            self.write(path, "".join(f"{p}\n" for p in projects.split() if p != without))

    def forget(self) -> None:
        """Remove lock and graph, and what pip-tools agreed to."""
        for path in (LOCK, GRAPH):
            (self.root / path).unlink(missing_ok=True)
        shutil.rmtree(self.root / ".pants.d" / "lockstep", ignore_errors=True)

    def lock(self) -> Lock:
        return lock_codec.parse((self.root / LOCK).read_text(), LOCK)

    def pants_lock(self, *options: str) -> None:
        self._run([self.root / "pants", "--no-dynamic-ui", *options, "lock"], self.environ)

    def pip_compile(self, *options: str) -> None:
        """Plain pip-compile with the options that the plugin gives it, and no output file yet."""
        output = self.outputs / "pip-tools.txt"
        output.unlink(missing_ok=True)
        self._run(
            [
                self.pip_tools,
                *("-m", "piptools", "compile", "--quiet", "--no-config"),
                *("--strip-extras", "--allow-unsafe", "--no-header", *options),
                *("--annotation-style=split", "--resolver=backtracking", "--no-emit-options"),
                *("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"),
                f"--cache-dir={self.caches / 'pip-tools'}",
                f"--output-file={output}",
                *INPUTS,
            ],
            os.environ,
        )

    def uv(self) -> None:
        """uv for the environments that the plugin asks it for."""
        environments = declared((PYTHON,), PLATFORMS)
        markers = list(dict.fromkeys(environment.marker for environment in environments))
        self.write("pyproject.toml", f"[tool.uv]\nenvironments = {json.dumps(markers)}\n")
        output = self.outputs / "uv.txt"
        output.unlink(missing_ok=True)
        self._run(
            [
                self.tools.uv,
                *("pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"),
                *("--annotation-style", "split", "--python-version", PYTHON),
                f"--python={self.tools.python}",
                f"--cache-dir={self.caches / 'uv'}",
                f"--output-file={output}",
                *INPUTS,
            ],
            self.tools.environ,
        )

    def same_pins(self) -> bool:
        """Whether pip-compile chose what stands in the lock, as far as it is for this platform."""
        theirs = lock_codec.parse((self.outputs / "pip-tools.txt").read_text(), "pip-tools.txt")
        known = {**HERE_DECLARED.variables, **python_environment(self.version)}
        here = belonging(self.lock().pins, known)
        return {(p.key, p.version) for p in theirs.pins} == {(p.key, p.version) for p in here}

    def stop(self) -> None:
        """Stop the daemon of this monorepo."""
        for pid in self.root.joinpath(".pids").rglob("pid"):
            subprocess.run(["kill", pid.read_text().strip()], check=False)

    def _install_pip_tools(self, venv: Path) -> Path:
        """pip-tools at the pins that the plugin runs; returns its interpreter."""
        lock = self.root / "build-support/bootstrap/tools.lock.txt"
        slicer = Slicer(lock_codec.parse(lock.read_text(), lock.name))
        pins = self.outputs / "pip-tools-slice.txt"
        pins.write_text(slicer.cut(["pip-tools"], python_environment(PYTHON)).text)
        python = venv / "bin" / "python"
        if not python.exists():
            self.tools.run(
                *(self.tools.uv, "venv", "--no-project", "--python", self.tools.python, venv)
            )
        self.tools.run(
            *(self.tools.uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, pins)
        )
        return python

    def _run(self, command: Sequence[str | Path], environ: Mapping[str, str]) -> None:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-5000:]}")


def main() -> None:
    options = _options()
    measured: dict[Task, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="resolving-") as temporary:
        contest = Contest(Path(options.folder or temporary).resolve(), found_tools())
        try:
            _say("filling the caches")
            contest.forget()
            contest.state()
            for fill in (contest.pants_lock, contest.uv, contest.pip_compile):
                fill()
            pins = len(contest.lock().pins)
            agreed = sum(_round(contest, number, measured) for number in range(options.runs))
            for _ in range(options.hashed_runs):
                _take(PIP_COMPILE, lambda: contest.pip_compile("--generate-hashes"), measured)
        finally:
            contest.stop()
    print(
        f"{len(INPUTS)} inputs, {pins} pins, CPython {PYTHON}, {os.cpu_count()} cores,"
        f" medians of {options.runs} rounds; `./pants lock` and pip-compile chose the same pins in"
        f" {agreed} of them.\n"
    )
    print("\n".join(table(measured)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--hashed-runs", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--folder", help="work here, with the caches of an earlier run")
    options = parser.parse_args()
    if not 1 <= options.runs <= len(LEFT_OUT):
        parser.error(f"1 to {len(LEFT_OUT)} rounds are possible")
    return options


def _round(contest: Contest, number: int, measured: dict[Task, list[float]]) -> bool:
    """Measure each task once, another one being the first each time."""
    contest.state(without=LEFT_OUT[number])

    def by_uv() -> None:
        contest.forget()
        _take(BY_UV, lambda: contest.pants_lock("--lockstep-resolver=uv"), measured)

    def cold() -> None:
        contest.forget()
        _take(COLD, contest.pants_lock, measured)

    turns = [
        lambda: _take(WITHOUT_HASHES, contest.pip_compile, measured),
        lambda: _take(UV, contest.uv, measured),
        cold,
        by_uv,
    ]
    for turn in turns[number % len(turns) :] + turns[: number % len(turns)]:
        turn()
    contest.pants_lock()  # whoever came last, it is the lock of the usual resolver now
    agreed = contest.same_pins()
    _take(SAME, contest.pants_lock, measured)
    contest.state()
    _take(ADDED, contest.pants_lock, measured)
    return agreed


def _take(task: Task, action: Callable[[], None], measured: dict[Task, list[float]]) -> None:
    begun = time.perf_counter()
    action()
    measured[task].append(time.perf_counter() - begun)
    _say(f"{task.title}: {measured[task][-1]:.1f} s")


def table(measured: Mapping[Task, Sequence[float]]) -> Sequence[str]:
    """The lines of a Markdown table: medians, and what each may take at most."""
    medians = {task: statistics.median(seconds) for task, seconds in measured.items()}
    lines = ["| command | time | of | ratio | at most |", "|---|---:|---|---:|---:|"]
    for task in (task for task in TASKS if task in medians):
        seconds = medians[task]
        compared = ["", "", ""]
        if any(t.title == task.beside for t in medians):
            other = next(s for t, s in medians.items() if t.title == task.beside)
            grace = f" + {task.grace} s" if task.grace else ""
            verdict = "" if seconds <= task.limit(medians) else " **missed**"
            ratio = f"{seconds / other:.2f}"
            compared = [task.beside, ratio, f"{task.factor}{grace}{verdict}"]
        lines.append(f"| {task.title} | {seconds:.1f} s | {' | '.join(compared)} |")
    return lines


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
