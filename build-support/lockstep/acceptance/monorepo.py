"""A small monorepo in a temporary folder, which the real launcher and the real Pants work on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping

CHECKOUT = Path(__file__).resolve().parents[3]
LOCK = "3rdparty/python/lock.txt"
GRAPH = "3rdparty/python/lock.graph.json"

_OF_A_BUSY_MACHINE = re.compile(
    r"^(?:\S+ \[INFO\] (?:Filesystem changed during run|Long running tasks|waiting for pantsd).*"
    r"|  \d+\.\d\ds\t.*)\n",
    re.M,
)
"""Lines that Pants writes where something takes long, which says nothing of what is tested."""

_PANTS_TOML = """\
[GLOBAL]
pants_version = "2.17.1"
pythonpath = ["%(buildroot)s/build-support"]
backend_packages = [
  "pants.backend.python",
  "pants.backend.python.typecheck.mypy",
  "lockstep",
]

[anonymous-telemetry]
enabled = false

[source]
root_patterns = ["/dates", "/other", "/plain", "/text"]

[python-bootstrap]
search_path = ["<PATH>", "<PYENV>"]

[pex]
executable_search_paths = ["/usr/local/bin", "/usr/bin", "/bin"]

[subprocess-environment]
env_vars = ["LANG=C.UTF-8"]

[python]
enable_resolves = true
enable_lockfile_targets = false
interpreter_constraints = ["CPython==3.11.*"]

[python.resolves]
python-default = "3rdparty/python/lock.txt"

[python-infer]
ambiguity_resolution = "by_source_root"
use_rust_parser = true

[pytest]
args = ["--no-header", "--quiet", "--disable-warnings"]
install_from_resolve = "python-default"
requirements = ["//3rdparty/python:tools#pytest"]

[mypy]
install_from_resolve = "python-default"
requirements = ["//3rdparty/python:tools#mypy"]
interpreter_constraints = ["CPython==3.11.*"]
"""

FILES: Mapping[str, str] = {
    "pants.toml": _PANTS_TOML,
    ".gitignore": "/.pants.d/\n/.pids/\n/dist/\n/.venv*\n__pycache__/\n",
    "3rdparty/python/BUILD": 'python_requirements(name="tools", source="tools.in")\n',
    "3rdparty/python/tools.in": "mypy\npytest\n",
    "dates/BUILD": 'python_requirements(name="inputs", source="inputs.in")\npython_tests()\n',
    "dates/inputs.in": "python-dateutil==2.9.0.post0\n",
    "dates/dates_test.py": (
        "from dateutil.parser import parse\n\n\n"
        "def test_day() -> None:\n    assert parse('2026-02-03').day == 3\n"
    ),
    "text/BUILD": 'python_requirements(name="inputs", source="inputs.in")\npython_tests()\n',
    "text/inputs.in": "six\nidna>=3.7\ndocopt\n",
    "text/six_test.py": (
        "import six\n\n\ndef test_text() -> None:\n    assert six.ensure_str(b'a') == 'a'\n"
    ),
    "text/idna_test.py": (
        "import idna\n\n\ndef test_name() -> None:\n    assert idna.encode('a.example') == b'a.example'\n"
    ),
    "text/docopt_test.py": (
        "import docopt\n\n\n"
        "def test_usage() -> None:\n    assert docopt.docopt('usage: x', argv=[]) == {}\n"
    ),
    "plain/BUILD": "python_tests()\n",
    "plain/plain_test.py": "def test_sum() -> None:\n    assert 1 + 1 == 2\n",
}
"""`dates` reaches six through python-dateutil, `text` states it; docopt has no wheel."""

_NOT_SOURCES = ("build-support", "dist")


@dataclass(frozen=True)
class Result:
    """What a command did."""

    exit_code: int
    stdout: str
    stderr: str

    @classmethod
    def of(cls, done: subprocess.CompletedProcess[str]) -> Result:
        """What a finished process did, without what tells of a busy machine."""
        return cls(done.returncode, done.stdout, _OF_A_BUSY_MACHINE.sub("", done.stderr))

    @property
    def output(self) -> str:
        """Both outputs, one behind the other, since their order among each other varies."""
        return self.stdout + self.stderr

    def built(self) -> set[str]:
        """The environments that were built for requirements, as their requirements."""
        return set(re.findall(r"Starting: Building requirements\.pex: .* for (.*)", self.output))

    def tests_run(self) -> set[str]:
        """The test files that ran, not those whose result was known."""
        lines = re.findall(r"^[✓✕] (.+) (?:succeeded|failed)(.*)", self.output, re.M)
        return {path for path, rest in lines if "cached" not in rest and "memoized" not in rest}

    def tests_known(self) -> set[str]:
        """The test files whose result came from a cache."""
        lines = re.findall(r"^✓ (.+) succeeded(.*)", self.output, re.M)
        return {path for path, rest in lines if "cached" in rest or "memoized" in rest}


@dataclass(frozen=True)
class Monorepo:
    """A repository that holds this checkout's launcher and plugin, and little else.

    Attributes:
        root: the build root.
        store: Pants' local store, empty at first, so that every cache hit is one of this test.
        variables: of the environment, beside those of the test's own; an empty one is taken away.
    """

    root: Path
    store: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def create(
        cls,
        folder: Path,
        files: Mapping[str, str] = FILES,
        variables: Mapping[str, str] = {},
        name: str = "mono repo",
    ) -> Monorepo:
        """Write the files; the lock of the default ones is still missing."""
        repo = cls(folder / name, folder / "store", variables)
        for path, text in files.items():
            repo.write(path, text)
        for path in ("pants", "pants.remote.toml", "py"):
            shutil.copy2(CHECKOUT / path, repo.root / path)
        for part in ("bootstrap", "lockstep"):
            shutil.copytree(
                CHECKOUT / "build-support" / part,
                repo.root / "build-support" / part,
                ignore=shutil.ignore_patterns("BUILD", "__pycache__", "tests", "acceptance"),
            )
        return repo

    def restore(self, locked: Mapping[str, str]) -> None:
        """Undo what a test did to the files.

        Args:
            locked: the lock and its graph, by path.
        """
        for folder in set(self.root.glob("[!.]*/")) - {self.path(path) for path in _NOT_SOURCES}:
            for added in set(folder.rglob("*")) - {self.path(path) for path in {*FILES, *locked}}:
                if not added.is_dir():
                    added.unlink()
        for path, text in {**FILES, **locked}.items():
            if not self.path(path).exists() or self.read(path) != text:
                self.write(path, text)

    def path(self, path: str) -> Path:
        return self.root / path

    def read(self, path: str) -> str:
        return self.path(path).read_text()

    def write(self, path: str, text: str) -> None:
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)

    def command(self, *args: str) -> tuple[list[str], Mapping[str, str]]:
        """The argv and environment of a call of Pants."""
        plain = {name: value for name, value in os.environ.items() if not _sets_locale(name)}
        environ = {**plain, "PANTS_LOCAL_STORE_DIR": str(self.store), **self.variables}
        environ = {name: value for name, value in environ.items() if value}
        return [str(self.path("pants")), "--no-dynamic-ui", "--no-colors", *args], environ

    def pants(self, *args: str) -> Result:
        """Call Pants and wait for it."""
        argv, environ = self.command(*args)
        return self._called(argv, environ)

    def py(self, *args: str) -> Result:
        """Run a script by `./py`."""
        _, environ = self.command()
        return self._called([str(self.path("py")), *args], environ)

    def _called(self, argv: list[str], environ: Mapping[str, str]) -> Result:
        return Result.of(
            subprocess.run(
                argv,
                cwd=self.root,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
        )

    def stop(self) -> None:
        """Stop the daemon of this repository."""
        for pid in self.path(".pids").rglob("pid"):
            subprocess.run(["kill", pid.read_text().strip()], check=False)


def _sets_locale(name: str) -> bool:
    """A minimal environment has none of these, and Pants puts them into its cache keys."""
    return name == "LANG" or name.startswith("LC_")
