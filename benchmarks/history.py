"""Replays the history of a repository: what each commit affects, and what is selected for it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Mapping, Sequence

import tomli
from packaging.utils import canonicalize_name

from lockstep.acceptance.monorepo import Result
from lockstep.core import lock_codec

from scoring import Compared, Score
from truth import PIN, Ran, Runner, ThirdParty, Trace, differing, error_of, find_python, flipped
from truth import test_path

CHECKOUT = Path(__file__).resolve().parents[1]
_GROUPS = (
    ("lock", ("lock.txt", "lock.graph.json")),
    ("option", ("pants.toml", "pyproject.toml")),
    ("input", (".in",)),
    ("BUILD", ("BUILD",)),
    ("source", (".py",)),
)
"""What a commit is counted under: the first of these that has one of its files. One that changes what
selects everything in its reach, such as the plugin's own code, is counted under `fail-safe`."""


class Unusable(Exception):
    """The tests of a revision cannot be run."""


def replay_history(repository: Path, commits: int, folder: Path) -> Score:
    """Compare selection and truth for the last commits, each with its first parent.

    The plugin and Pants are those of this checkout, so the selection is today's; all else is as it
    was at the commit. Commits whose tests cannot be run are told and left out.

    Args:
        repository: a git repository that Pants can work in.
        commits: how many.
        folder: where to work.
    """
    replay = _Replay(repository, folder)
    score = Score()
    listed = replay.git("rev-list", "--topo-order", "--min-parents=1", f"-{commits}", "HEAD")
    try:
        for commit in listed.split():
            try:
                compared = replay.compare(commit)
            except Unusable as error:
                replay.say(f"left out: {replay.title(commit)}: {error}")
                continue
            score.compared.append(compared)
            compared.tell()
    finally:
        for pid in (replay.root / ".pids").rglob("pid"):
            subprocess.run(["kill", pid.read_text().strip()], check=False)
    return score


@dataclass(frozen=True)
class _Setting:
    """What the tests of a revision are run with.

    Attributes:
        tests: their paths.
        roots: the source roots.
        python: the version of the interpreter.
        lock: the path of the lock.
        files: the content of all files by path, as git names it.
    """

    tests: frozenset[str]
    roots: tuple[str, ...]
    python: str
    lock: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class _Run:
    """All tests of a revision, run.

    Attributes:
        setting: what with.
        traces: what each test did.
        opened: the files that they opened.
    """

    setting: _Setting
    traces: Mapping[str, Trace]
    opened: frozenset[str]

    def serves(self, other: _Setting) -> bool:
        """Whether another run would do the same: no file that can matter differs.

        That is a file that a test opened, or one that came to a folder where they opened some.
        """
        mine = self.setting
        if (mine.tests, mine.roots, mine.python, mine.lock) != (
            *(other.tests, other.roots, other.python),
            other.lock,
        ):
            return False
        theirs = other.files
        differing = {
            path for path in {*mine.files, *theirs} if mine.files.get(path) != theirs.get(path)
        }
        folders = {_top(path) for path in self.opened}
        return not any(
            path in self.opened
            or path == mine.lock
            or (path not in mine.files and _top(path) in folders)
            for path in differing
        )


@dataclass
class _Replay:
    repository: Path
    folder: Path
    _runs: list[_Run] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root = self.folder / "clone"
        clone = ["git", "clone", "--quiet", "--no-hardlinks", str(self.repository), str(self.root)]
        subprocess.run(clone, check=True)

    def git(self, *arguments: str) -> str:
        """Call git, and return what it prints."""
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.root, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def say(self, text: str) -> None:
        """Tell something, once."""
        if text not in self._said:
            print(text, file=sys.stderr, flush=True)
        self._said.add(text)

    def title(self, commit: str) -> str:
        """The commit in a line."""
        return self.git("log", "-1", "--format=%h %s", commit).strip()

    def compare(self, commit: str) -> Compared:
        """What is selected for a commit, and what it affects.

        Raises:
            Unusable: the tests of it or of its parent cannot be run.
        """
        parent = f"{commit}^1"
        before = self._trace(parent)
        after = self._trace(commit)
        begun = time.perf_counter()
        told = self._pants("affected", f"--since={parent}", "--goal=test", "--format=json")
        seconds = time.perf_counter() - begun
        if told.returncode != 0 and self._pants("dependencies", "::").returncode == 0:
            raise SystemExit(f"`affected` fails where Pants can read the tree:\n{told.stderr}")
        answer = json.loads(told.stdout) if told.returncode == 0 else {}
        broken = {
            test
            for test in before.traces.keys() & after.traces.keys()
            if not (before.traces[test].passed or after.traces[test].passed)
        }
        for test in sorted(broken):
            self.say(f"left out: {test} fails outside of Pants at {self.title(commit)}, and before")
        there = after.traces.keys() - broken
        selected = {test_path(one["target"]) for one in answer.get("affected", ())} & there
        differs = differing(before, after)
        flips = flipped(before.traces, after.traces)
        seen_here_alone = {
            test
            for test in differs.keys() & there - selected - flips
            if self._only_here(test, differs[test], (parent, commit))
        }
        given = self._run_anew(selected - differs.keys() - flips, (parent, commit))
        changed = self.git("diff", "--name-only", parent, commit).split("\n")
        return Compared(
            "fail-safe" if answer.get("everywhere") else _group(changed),
            self.title(commit),
            len(there),
            frozenset(selected if told.returncode == 0 else there),
            frozenset(differs.keys() & there - seen_here_alone),
            frozenset(flips),
            seconds,
            error_of(told),
            given=frozenset(given),
            differs=differs,
        )

    def _only_here(self, test: str, differs: Iterable[str], revisions: Iterable[str]) -> bool:
        """Whether a test differs by pins alone that are in no environment which Pants makes for it.

        All pins of the lock are there when it is traced, and a library may import another one just
        where that is there. What first-party code imports so is refused by Pants.
        """
        pins = {canonicalize_name(name[len(PIN) :]) for name in differs if name.startswith(PIN)}
        if len(pins) < len({*differs}):
            return False
        for revision in revisions:
            self.git("checkout", "--quiet", "--force", "--detach", revision)
            told = self._pants("lock-export", f"--slice={test}")
            if told.returncode != 0:
                return False
            held = lock_codec.parse(told.stdout, "slice") if told.stdout.strip() else None
            if held is not None and pins & held.by_name().keys():
                return False
        names = ", ".join(sorted(pins))
        self.say(f"not counted: {test} has none of {names} in Pants at {self.title(revision)}")
        return True

    def _run_anew(self, tests: Iterable[str], revisions: Iterable[str]) -> set[str]:
        """The tests that Pants runs at the later revision, having run them at the earlier one."""
        asked = sorted(tests)
        ran: set[str] = set()
        # Else the caches might know a result from another commit or another replay.
        own = f"--test-extra-env-vars=+['LOCKSTEP_REPLAY={uuid.uuid4()}']"
        for revision in revisions if asked else ():
            self.git("checkout", "--quiet", "--force", "--detach", revision)
            there = [test for test in asked if (self.root / test).exists()]
            result = Result.of(self._pants("test", own, *there))
            ran = {*map(test_path, result.tests_run())}
            if ran.union(map(test_path, result.tests_known())) != {*there}:
                raise SystemExit(f"Pants does not run all of {there}:\n{result.output}")
        return ran

    def _trace(self, revision: str) -> Ran:
        """Run all tests of a revision, unless a former run was of the same files."""
        self.git("checkout", "--quiet", "--force", "--detach", revision)
        self.git("clean", "-fdq")
        setting = self._setting(revision)
        python = self._environment_of(setting)
        others = _third_party(python)
        runner = Runner(python, self.root, setting.roots, {})
        holds = runner.holds(others)
        for run in self._runs:
            if run.serves(setting):
                return Ran(run.traces, holds)
        try:
            traces = runner.trace(setting.tests, others)
        finally:
            runner.close()
        opened = frozenset(path for trace in traces.values() for path in trace.read)
        self._runs.append(_Run(setting, traces, opened))
        return Ran(traces, holds)

    def _setting(self, revision: str) -> _Setting:
        """What pants.toml and the BUILD files of the revision at hand say.

        Raises:
            Unusable: Pants cannot read them, or there is no lock.
        """
        stated = tomli.loads(self.root.joinpath("pants.toml").read_text()).get("python", {})
        resolve = stated.get("default_resolve", "python-default")
        lock = stated.get("resolves", {}).get(resolve, "")
        constraint = re.search(r"\d+\.\d+", str(stated.get("interpreter_constraints", "")))
        if not lock or not self.root.joinpath(lock).exists() or constraint is None:
            raise Unusable(
                f"pants.toml names no interpreter, or no lock of {resolve} that is there"
            )
        tests: set[str] = set()
        others: set[str] = set()
        for target in json.loads(self._asked("--filter-target-type=python_test", "peek", "::")):
            within = target["resolve"] in (None, resolve) and not target["skip_tests"]
            (tests if within else others).update(target["sources"])
        if others:
            self.say(f"left out: {len(others)} tests that Pants does not run with {lock}")
        listed = (
            line.split(maxsplit=3) for line in self.git("ls-tree", "-r", revision).splitlines()
        )
        return _Setting(
            frozenset(tests),
            tuple(sorted(self._asked("roots").split())),
            constraint[0],
            lock,
            {path: content for _, _, content, path in listed},
        )

    def _asked(self, *arguments: str) -> str:
        told = self._pants(*arguments)
        if told.returncode != 0:
            raise Unusable(error_of(told))
        return told.stdout

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

    def _environment_of(self, setting: _Setting) -> Path:
        """The interpreter of an environment that holds all pins of the lock at hand.

        Raises:
            Unusable: a pin cannot be had any more, for instance.
        """
        lock = self.root / setting.lock
        content = hashlib.sha256(lock.read_bytes()).hexdigest()
        place = self.folder / f"environment-{content[:16]}"
        if not place.exists():
            uv = '"$LOCKSTEP_BOOTSTRAP/uv"'
            settings = '"$LOCKSTEP_BOOTSTRAP/pants/bin/python" -m lockstep.envs.pip_config'
            make = (
                f'eval "$({settings})" && {uv} venv --quiet --no-project --python "$1" "$2.new" &&'
                f" {uv} pip install --quiet --no-deps --require-hashes --compile-bytecode"
                ' --python "$2.new/bin/python" --requirement "$3" && mv "$2.new" "$2"'
            )
            made = subprocess.run(
                [
                    *(str(CHECKOUT / "pants"), "--bootstrap-exec", "sh", "-c", make, "make"),
                    *(str(find_python(setting.python)), str(place), str(lock)),
                ],
                env={**os.environ, "PYTHONPATH": str(CHECKOUT / "build-support")},
                stderr=subprocess.PIPE,
                text=True,
            )
            if made.returncode != 0:
                raise Unusable(
                    f"the environment of {setting.lock} cannot be made: {error_of(made)}"
                )
        return place / "bin/python"


def _third_party(python: Path) -> ThirdParty:
    """Which pin each file of an environment belongs to."""
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    owners: dict[str, tuple[str, str]] = {}
    for record in packages.glob("*.dist-info/RECORD"):
        name, _, version = record.parent.name[: -len(".dist-info")].partition("-")
        for row in csv.reader(record.read_text().splitlines()):
            owners[os.path.normpath(packages / row[0])] = f"{PIN}{name}", version
    return ThirdParty((), owners)


def _top(path: str) -> str:
    return path.partition("/")[0]


def _group(changed: Sequence[str]) -> str:
    for group, endings in _GROUPS:
        if any(path.endswith(endings) for path in changed):
            return group
    return "other"
