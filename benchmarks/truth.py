"""What tests really depend on: the content of all that each of them opened and imported."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from importlib.util import source_from_cache
from pathlib import Path, PurePath
from typing import IO, Collection, Iterable, Mapping, Sequence

import tomli

from lockstep.core import lock_codec

TRACING = Path(__file__).with_name("tracing.py")
GONE = "gone"
OUTCOME = "the outcome"
PIN = "pin "
"""Begins the name of a pin among what a test read."""

_SCANNED = ".dist-info/entry_points.txt"
"""What pytest opens of every distribution there is, to find its plugins."""


@dataclass(frozen=True)
class Trace:
    """One run of one test file.

    Attributes:
        passed: its outcome.
        read: the paths of the files that it opened, and the names of the pins.
        sought: where it looked for something: paths, those of modules without an ending, and folders
            that it listed, with a slash at the end. They are relative below the root.
    """

    passed: bool
    read: frozenset[str]
    sought: frozenset[str] = frozenset()


def notices(came: Iterable[str], folders: Collection[str]) -> set[str]:
    """What a test must have sought before so that files which came can matter to it.

    Args:
        came: their paths.
        folders: the folders that were there.
    """
    places: set[str] = set()
    for path in map(PurePath, came):
        above = path.parent
        places |= {str(path), str(path.with_name(path.name.partition(".")[0]))}
        if path.name.startswith("__init__."):
            places.add(str(above))  # it was no package, or one without a module of its own
        while str(above) not in folders and above != above.parent:
            places |= {str(above), f"{above}{os.sep}"}
            above = above.parent
        places.add(f"{above}{os.sep}")
    return places


@dataclass(frozen=True)
class Ran:
    """The tests of one revision, run.

    Attributes:
        traces: by test what it did.
        holds: what there is to read at that revision: digests by path, versions by name of a pin.
    """

    traces: Mapping[str, Trace]
    holds: Mapping[str, str]


def differing(before: Ran, after: Ran) -> Mapping[str, set[str]]:
    """The tests of the later revision that read what another one holds, or that end otherwise.

    What a test read at either revision counts by what both of them hold, read there or not: programs
    that a test starts and stops get to another place each time.

    Returns:
        by test the files and pins that differ, and `OUTCOME` for another outcome or a new test.
    """
    found: dict[str, set[str]] = {}
    for test, trace in after.traces.items():
        was = before.traces.get(test)
        if was is None:
            found[test] = {OUTCOME}
            continue
        read = was.read | trace.read
        differs = {path for path in read if before.holds.get(path) != after.holds.get(path)}
        differs |= {OUTCOME} if was.passed != trace.passed else set()
        if differs:
            found[test] = differs
    return found


def flipped(before: Mapping[str, Trace], after: Mapping[str, Trace]) -> set[str]:
    """The tests that have another outcome than before; new ones that fail are among them."""
    return {
        test
        for test, trace in after.items()
        if trace.passed != (test not in before or before[test].passed)
    }


@dataclass(frozen=True)
class ThirdParty:
    """Third-party code that tests can import.

    Attributes:
        path: the folders for `sys.path`.
        owners: for files or folders the project that they belong to, and what it holds.
    """

    path: tuple[str, ...]
    owners: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Site:
    """Unpacks wheels, each into a folder of its own, and links to those of a lock.

    Attributes:
        wheels: the wheels, which are unpacked when they are first needed.
        folder: where to.
    """

    wheels: Path
    folder: Path

    def of(self, lock: str) -> ThirdParty:
        """The pins of a lock, in one folder: each further one makes all imports slower."""
        by_hash = _hashes(self.wheels)
        linked = self.folder / "linked"
        shutil.rmtree(linked, ignore_errors=True)
        linked.mkdir(parents=True)
        owners: dict[str, tuple[str, str]] = {}
        for pin in lock_codec.parse(lock, "lock.txt").pins:
            digest = next(h for h in pin.hashes if h in by_hash)
            place = self.folder / f"{pin.key}-{digest.partition(':')[2][:16]}"
            if not place.exists():
                with zipfile.ZipFile(by_hash[digest]) as archive:
                    archive.extractall(place)
            for path in place.iterdir():
                link = linked / path.name
                link.symlink_to(path)
                owners[str(link)] = f"{PIN}{pin.key}", digest
        return ThirdParty((str(linked),), owners)


_known: dict[Path, str] = {}


def _hashes(folder: Path) -> Mapping[str, Path]:
    for path in folder.glob("*.whl"):
        if path not in _known:
            _known[path] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    return {digest: path for path, digest in _known.items() if path.parent == folder}


class Runner:
    """Runs tests of a tree of files outside of Pants, in forks of a process that lives on.

    Args:
        python: the interpreter that they run on.
        root: the folder of the tree.
        roots: globs of the source roots that tests import from, as in pants.toml.
        environ: variables that the tests need.
        parallel: how many run at a time.
    """

    def __init__(
        self,
        python: Path,
        root: Path,
        roots: Sequence[str],
        environ: Mapping[str, str],
        parallel: int = 2,
    ) -> None:
        self._python = python
        self._root = root
        self._roots = roots
        self._environ = environ
        self._parallel = parallel
        self._setting: Mapping[str, object] = {}
        self._server: subprocess.Popen[str] | None = None

    def trace(self, tests: Iterable[str], others: ThirdParty) -> Mapping[str, Trace]:
        """Run test files, each by itself.

        Args:
            tests: their paths.
            others: what is not in the tree.

        Raises:
            SystemExit: the interpreter has no pytest, for instance.
        """
        self._serve([*others.path, *self.source_roots()])  # in the order of Pants
        answer = self._asked(sorted(tests))
        known = set(tracked_files(self._root))
        return {
            test: Trace(
                told["exit_code"] == 0,
                frozenset(self._read(told["opened"], known, others)),
                self._sought(told["sought"], others),
            )
            for test, told in json.loads(answer).items()
        }

    def holds(self, others: ThirdParty) -> Mapping[str, str]:
        """What tests can read now.

        Args:
            others: what is not in the tree.

        Returns:
            digests of the files by path, and what the pins hold by their names.
        """
        files = {path: self._digest(path) for path in tracked_files(self._root)}
        return {**files, **dict(others.owners.values())}

    def source_roots(self) -> Sequence[str]:
        """The folders that the globs find now."""
        found = (sorted(self._root.glob(glob.strip("/") or ".")) for glob in self._roots)
        return [str(path) for paths in found for path in paths]

    def close(self) -> None:
        """End the process."""
        if self._server is not None:
            self._server.communicate()
            self._server = None

    def _serve(self, path: Sequence[str]) -> None:
        """See to it that a process serves this path."""
        setting = {
            "root": str(self._root),
            "path": path,
            "environ": dict(self._environ),
            "parallel": self._parallel,
        }
        if self._server is None or self._setting != setting:
            self.close()
            self._setting = setting
            self._server = subprocess.Popen(
                [str(self._python), str(TRACING)],
                env=_plain_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._tell(setting)

    def _tell(self, line: object) -> IO[str]:
        """Send one line; returns where answers are to be read."""
        server = self._server
        assert server is not None and server.stdin is not None and server.stdout is not None
        server.stdin.write(json.dumps(line) + "\n")
        server.stdin.flush()
        return server.stdout

    def _asked(self, tests: Sequence[str]) -> str:
        try:
            answer = self._tell(tests).readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SystemExit(f"{self._python} {TRACING} ended; it says why above.")
        return answer

    def _read(self, opened: Iterable[str], known: set[str], others: ThirdParty) -> Iterable[str]:
        for path in opened:
            if path.endswith(_SCANNED):
                continue
            if path.endswith(".pyc"):
                path = _source_of(path)
            within = os.path.relpath(path, self._root)
            if within in known:
                yield within
                continue
            for place in (path, *map(str, Path(path).parents)):
                if place in others.owners:
                    project, _ = others.owners[place]
                    yield project
                    break

    def _sought(self, told: Iterable[str], others: ThirdParty) -> frozenset[str]:
        root = f"{self._root}{os.sep}"
        outside = tuple(f"{path}{os.sep}" for path in others.path)
        within = (path[len(root) :] or f".{os.sep}" for path in told if path.startswith(root))
        return frozenset((*within, *(path for path in told if path.startswith(outside))))

    def _digest(self, path: str) -> str:
        try:
            content = self._root.joinpath(path).read_bytes()
        except OSError:
            return GONE
        if path == "pyproject.toml":
            # pytest opens it in each run, and takes from it what is its own.
            tools = tomli.loads(content.decode()).get("tool", {})
            content = repr([tools.get(name) for name in ("pytest", "coverage")]).encode()
        return hashlib.sha256(content).hexdigest()


def _source_of(bytecode: str) -> str:
    try:
        return source_from_cache(bytecode)
    except ValueError:  # it stands beside no source
        return bytecode


def tracked_files(root: Path) -> Iterable[str]:
    """The files of a git work tree, without those that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    return filter(None, done.stdout.split("\0"))


def _plain_environment() -> Mapping[str, str]:
    return {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "LOCKSTEP_"))}


def find_python(version: str) -> Path:
    """An interpreter of this version on the path.

    Raises:
        SystemExit: there is none.
    """
    found = shutil.which(f"python{version}")
    if found is None:
        raise SystemExit(f"There is no python{version} on the PATH, which the tests run on.")
    asked = [found, "-c", "import sys; print(sys.executable)"]
    return Path(subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def bare_python(version: str, folder: Path) -> Path:
    """An interpreter of this version that sees no third-party code: a virtual environment's."""
    if not folder.exists():
        command = [str(find_python(version)), "-m", "venv", "--without-pip", str(folder)]
        subprocess.run(command, check=True)
    return folder / "bin/python"


def test_path(spec: str) -> str:
    """The file of a test's address: `a/b_test.py` of `a/b_test.py:tests`."""
    return re.sub(r":[^/]*$", "", spec)


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed call of Pants says, in one line; empty for one that succeeded."""
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    told = [line for line in lines if "Error" in line or "Exception" in line] or lines[-1:]
    return told[-1][:200] if told else f"exit code {done.returncode}"
