"""Replays the history of this repository: what each commit affects, and what is selected for it."""

from __future__ import annotations

import ast
import csv
import hashlib
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Sequence

from generated_wheels import PYTHON
from scoring import Compared, Score
from truth import Runner, ThirdParty, Trace, differing, error_of, find_python, flipped, test_path

CHECKOUT = Path(__file__).resolve().parents[1]
_LOCK = "3rdparty/python/lock.txt"
_PROJECTS = ("cmd", "external", "infra", "libs", "services")
_GROUPS = (
    ("lock", ("/lock.txt", "/lock.graph.json")),
    ("option", ("pants.toml",)),
    ("input", (".in", "pyproject.toml")),
    ("BUILD", ("BUILD",)),
    ("source", (".py",)),
)
"""What a commit is counted under: the first of these that has one of its files."""


def replay_history(commits: int, folder: Path) -> Score:
    """Compare selection and truth for the last commits, each with its first parent.

    The plugin and Pants are those of this checkout, so the selection is today's; all else is as it
    was at the commit.

    Args:
        commits: how many.
        folder: where to work.
    """
    replay = _Replay(folder)
    score = Score()
    listed = replay.git("rev-list", "--topo-order", f"-{commits}", "HEAD").split()
    try:
        for commit in listed:
            if not replay.git("rev-list", "--parents", "-1", commit).split()[1:]:
                continue
            compared = replay.compare(commit)
            score.compared.append(compared)
            compared.tell()
    finally:
        for pid in (replay.root / ".pids").rglob("pid"):
            subprocess.run(["kill", pid.read_text().strip()], check=False)
    return score


@dataclass
class _Replay:
    folder: Path
    _traces: dict[str, Mapping[str, Trace]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root = self.folder / "clone"
        clone = ["git", "clone", "--quiet", "--no-hardlinks", str(CHECKOUT), str(self.root)]
        subprocess.run(clone, check=True)

    def git(self, *arguments: str) -> str:
        """Call git, and return what it prints."""
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.root, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def compare(self, commit: str) -> Compared:
        """What is selected for a commit, and what it affects."""
        parent = f"{commit}^1"
        before = self._trace(parent)
        after = self._trace(commit)
        begun = time.perf_counter()
        told = self._pants("affected", f"--since={parent}", "--goal=test")
        seconds = time.perf_counter() - begun
        selected = {test_path(line) for line in told.stdout.splitlines()} & after.keys()
        changed = self.git("diff", "--name-only", parent, commit).split("\n")
        return Compared(
            _group(changed),
            self.git("log", "-1", "--format=%h %s", commit).strip(),
            len(after),
            frozenset(selected if told.returncode == 0 else after),
            frozenset(differing(before, after)),
            frozenset(flipped(before, after)),
            seconds,
            error_of(told),
        )

    def _trace(self, revision: str) -> Mapping[str, Trace]:
        """Run all tests of a revision, unless no file that any of them could open differs."""
        self.git("checkout", "--quiet", "--force", "--detach", revision)
        self.git("clean", "-fdq")
        key = self._key(revision)
        if key not in self._traces:
            told = self._pants(
                "--filter-target-type=python_test", "list", *(f"{p}::" for p in self._projects())
            )
            if told.returncode != 0:
                raise SystemExit(f"{revision} cannot be read:\n{told.stderr}")
            tests = {test_path(line) for line in told.stdout.splitlines()}
            runner = Runner(self._python(), self.root, self._roots(), {})
            traces = runner.trace(tests, self._environment())
            opened = {path for trace in traces.values() for path in trace.read}
            outside = sorted(path for path in opened if _is_left_out(path))
            if outside:
                raise SystemExit(f"Tests open what is not looked at for changes: {outside}")
            self._traces[key] = traces
        return self._traces[key]

    def _key(self, revision: str) -> str:
        listed = self.git("ls-tree", "-r", revision).splitlines()
        counted = [line for line in listed if not _is_left_out(line.partition("\t")[2])]
        return hashlib.sha256("\n".join(counted).encode()).hexdigest()

    def _projects(self) -> Sequence[str]:
        return [name for name in _PROJECTS if self.root.joinpath(name).exists()]

    def _roots(self) -> Sequence[str]:
        """The source roots that pants.toml states."""
        text = self.root.joinpath("pants.toml").read_text()
        stated = text.partition("root_patterns = ")[2].partition("]")[0]
        return [
            root
            for root in ast.literal_eval(f"{stated}]")
            if root.strip("/").startswith(_PROJECTS)
        ]

    def _pants(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        run = 'cd "$1" && shift && exec "$LOCKSTEP_BOOTSTRAP/native_client" "$@"'
        plugin = f"--pythonpath=['{CHECKOUT / 'build-support'}']"
        launcher = [str(CHECKOUT / "pants"), "--bootstrap-exec", "sh", "-c", run, "pants"]
        return subprocess.run(
            [*launcher, str(self.root), "--no-dynamic-ui", "--no-colors", plugin, *arguments],
            env={n: v for n, v in os.environ.items() if not n.startswith("PYTHON")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _place(self) -> Path:
        content = self.root.joinpath(_LOCK).read_bytes()
        return self.folder / f"environment-{hashlib.sha256(content).hexdigest()[:16]}"

    def _python(self) -> Path:
        """The interpreter of an environment that holds all pins of the lock at hand."""
        place = self._place()
        if not place.exists():
            uv = '"$LOCKSTEP_BOOTSTRAP/uv"'
            settings = '"$LOCKSTEP_BOOTSTRAP/pants/bin/python" -m lockstep.envs.pip_config'
            make = (
                f'eval "$({settings})" && {uv} venv --quiet --no-project --python "$1" "$2.new" &&'
                f' {uv} pip install --quiet --no-deps --require-hashes --python "$2.new/bin/python"'
                ' --requirement "$3" && mv "$2.new" "$2"'
            )
            subprocess.run(
                [
                    *(str(CHECKOUT / "pants"), "--bootstrap-exec", "sh", "-c", make, "make"),
                    *(str(find_python(PYTHON)), str(place), str(self.root / _LOCK)),
                ],
                env={**os.environ, "PYTHONPATH": str(CHECKOUT / "build-support")},
                check=True,
            )
        return place / "bin/python"

    def _environment(self) -> ThirdParty:
        """Which pin each file of the environment belongs to."""
        (packages,) = self._place().glob("lib/python*/site-packages")
        owners: dict[str, tuple[str, str]] = {}
        for record in packages.glob("*.dist-info/RECORD"):
            name, _, version = record.parent.name[: -len(".dist-info")].partition("-")
            for row in csv.reader(record.read_text().splitlines()):
                owners[os.path.normpath(packages / row[0])] = f"pin {name}", version
        return ThirdParty((), owners)


def _is_left_out(path: str) -> bool:
    """Files that no test of a project opens; that none does is checked."""
    return path.startswith(("benchmarks/", "build-support/", "docs/", ".")) or path.endswith(".md")


def _group(changed: Sequence[str]) -> str:
    counted = [path for path in changed if path and not _is_left_out(path)]
    for group, endings in _GROUPS:
        if any(path.endswith(endings) for path in counted):
            return group
    return "other"
