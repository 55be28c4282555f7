"""A repository with the real `./py`, whose lock pins tiny wheels of a folder; Pants is not run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterable, Mapping, Optional, Sequence

import pytest

from lockstep.core import graph_codec, lock_codec
from lockstep.core.graph import Entry, LockGraph, hashes_digest, pin_key
from lockstep.envs.conftest import write_wheel

CHECKOUT = Path(__file__).resolve().parents[3]
LOCK = "3rdparty/python/lock.txt"
GRAPH = "3rdparty/python/lock.graph.json"

_PANTS_TOML = """\
[source]
root_patterns = ["/cmd", "/libs/*/src", "/services/*/src", "/services/*/tests"]
[python]
interpreter_constraints = ["CPython==3.9.*"]
[python.resolves]
python-default = "3rdparty/python/lock.txt"
[python-bootstrap]
search_path = ["{python}"]
"""

_TELL = """\
import sys
def main(): print("run by", sys.executable)
RELEASE = {release!r}
"""


class Repository:
    """A repository, and the empty cache that its launcher uses.

    Attributes:
        root: the build root.
        cache: the launcher's cache, in which only what launchers set up is there already.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a mono repo"
        self.cache = folder / "it's a cache"
        self._index = folder / "index"
        self._pins: dict[str, tuple[str, Sequence[str]]] = {}
        self.write("pants.toml", _PANTS_TOML.format(python=os.path.realpath(sys.executable)))
        for launcher in ("py", "pants"):
            shutil.copy2(CHECKOUT / launcher, self.root / launcher)
        for part in ("bootstrap", "lockstep"):
            self.path("build-support").mkdir(exist_ok=True)
            self.path(f"build-support/{part}").symlink_to(CHECKOUT / "build-support" / part)
        self.cache.mkdir()
        set_up = Path(os.environ["LOCKSTEP_BOOTSTRAP"]).parent
        self.cache.joinpath("bootstrap").symlink_to(set_up)
        self.variables: dict[str, Optional[str]] = {
            "LOCKSTEP_CACHE": str(self.cache),
            "PANTS_NAMED_CACHES_DIR": str(folder / "named"),
            "PIP_FIND_LINKS": None,
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": None,
            "UV_FIND_LINKS": str(self._index),
        }

    def path(self, path: str) -> Path:
        return self.root / path

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)
        self.path(path).chmod(mode)

    def pin(
        self, name: str, release: str = "1.0", requires: Sequence[str] = (), via: str = ""
    ) -> None:
        """Make a release, with one module that says which it is, and put it into the lock.

        Args:
            name: the project, and its module.
            release: its version.
            requires: what it requires (PEP 508).
            via: the input that states it.
        """
        text = _TELL.format(release=release)
        pin = write_wheel(self._index, name, release, {f"{name}.py": text})
        self._pins[name] = (pin + (f"    # via -r {via}\n" if via else ""), requires)
        text = "".join(entry for entry, _ in (self._pins[key] for key in sorted(self._pins)))
        self.write(LOCK, text)
        entries = (
            Entry(pin_key(p), hashes_digest(p), tuple(self._pins[p.key][1]), modules=(p.key,))
            for p in lock_codec.parse(text, LOCK).pins
        )
        self.write(GRAPH, graph_codec.render(LockGraph(tuple(entries))))

    def environ(self, **variables: Optional[str]) -> Mapping[str, str]:
        """The environment of a call; a variable that is None is left out."""
        of_pants = ("PANTS_", "_PANTS_", "__PANTS_", "LOCKSTEP_")
        base = {k: v for k, v in os.environ.items() if not k.startswith(of_pants)}
        merged = {**base, **self.variables, **variables}
        return {name: value for name, value in merged.items() if value is not None}

    def start(
        self, *args: str, cwd: Optional[Path] = None, **variables: Optional[str]
    ) -> subprocess.Popen[str]:
        """Call `./py`."""
        return subprocess.Popen(
            [str(self.path("py")), *args],
            cwd=cwd or self.root,
            env=self.environ(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *args: str, cwd: Optional[Path] = None, **variables: Optional[str]
    ) -> tuple[int, str, str]:
        """Call `./py`; its exit code and what it prints, without what tells of a build."""
        process = self.start(*args, cwd=cwd, **variables)
        out, err = process.communicate()
        told = [line for line in err.splitlines(True) if not line.startswith("py: Building ")]
        return process.returncode, out, "".join(told)

    def print_env(self, *args: str, cwd: Optional[Path] = None) -> Mapping[str, str]:
        """What `--print-env` tells, by its names."""
        code, out, err = self.run("--print-env", *args, cwd=cwd)
        assert code == 0, err
        rows = (line.partition(":") for line in out.splitlines())
        return {name: value.strip() for name, _, value in rows}

    def environments(self) -> Iterable[Path]:
        """Those that are there."""
        return [p for p in self.cache.glob("environments/*") if p.is_dir() and p.suffix == ""]

    def settle(self) -> None:
        """Let what was just written be old enough to be remembered."""
        time.sleep(0.15)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path)
    found.pin("one", via="cmd/requirements.in")
    found.pin("two", via="libs/text/requirements.in")
    found.pin("three", "3.0", via="3rdparty/python/tools.in")
    found.pin("four", requires=["two"], via="services/web/requirements.in")
    found.write("cmd/BUILD", "python_requirements(source='requirements.in')\npython_sources()\n")
    found.write("cmd/requirements.in", "one>=1\n")
    found.write("libs/text/BUILD", "python_requirements(source='requirements.in')\n")
    found.write("libs/text/requirements.in", "two\n")
    found.write("libs/text/src/text/__init__.py", "import two\n")
    found.write("3rdparty/python/tools.in", "three\n")
    return found
