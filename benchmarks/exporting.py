"""Measures what `./pants export` costs, beside uv with the same pins and Pants' own export.

README.md tells how to run it, what is measured, and how to read the table.
"""

from __future__ import annotations

import argparse
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
CHECKOUT = HERE.parent
sys.path.insert(0, str(CHECKOUT / "build-support"))

from lockstep.core import lock_codec  # noqa: E402
from lockstep.core.slices import Slice  # noqa: E402

from contenders import index_options  # noqa: E402
from monorepo import Tools, found_tools  # noqa: E402

LOCK, GRAPH = "3rdparty/python/lock.txt", "3rdparty/python/lock.graph.json"
BUMPED = "idna"
"""The pin that goes, so that each run builds an environment that was not there."""

COLD_UV, WARM_UV = "`uv venv` and `uv pip sync`, cold", "`uv venv` and `uv pip sync`, warm"
PANTS_EXPORT = "Pants' own export, its wheels in the caches"
COLD, WARM = "`./pants export`, cold", "`./pants export`, warm"
BUMP = "`./pants export`, one pin of the lock changed, its wheel in the cache"
NOTHING, EMPTY = "`./pants export`, nothing changed", "`./pants --version`"
SCRATCH = "`./pants export --scratch`, none there"
SCRATCH_AGAIN = "`./pants export --scratch`, once more"

PANTS_TOML = """\
[GLOBAL]
pants_version = "2.17.1"
pythonpath = ["%(buildroot)s/build-support"]
backend_packages = ["pants.backend.python"{plugin}]
pants_ignore = ["/.*", "__pycache__", "uv-venv"]

[anonymous-telemetry]
enabled = false

[source]
root_patterns = ["/code"]

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
class Limit:
    """What a row is compared with: a factor of another row, and seconds beyond."""

    beside: str
    factor: float
    grace: float

    def seconds(self, medians: Mapping[str, float]) -> float:
        return self.factor * medians.get(self.beside, 0) + self.grace


LIMITS = {
    COLD: Limit(COLD_UV, 1.3, 0),
    BUMP: Limit("", 0, 1),
    NOTHING: Limit(EMPTY, 1, 0.15),
    SCRATCH: Limit("", 0, 1),
    SCRATCH_AGAIN: Limit("", 0, 1),
}


def text_of(path: str) -> str:
    """A file of this repository."""
    return (CHECKOUT / path).read_text()


@dataclass(frozen=True)
class Repository:
    """A monorepo with this repository's lock, Pants caches and a store of its own.

    Attributes:
        root: the build root.
        caches: of Pants, Lockstep and uv.
    """

    root: Path
    caches: Path

    @classmethod
    def make(cls, folder: Path, *, plugin: bool) -> Repository:
        repo = cls(folder / "repository", folder / "caches")
        text = PANTS_TOML.format(plugin=', "lockstep"' if plugin else "")
        files = {"pants.toml": text, "code/BUILD": "python_sources()\n", "code/a.py": "A = 1\n"}
        files["3rdparty/python/BUILD"] = "".join(
            f'python_requirement(name="{name}", requirements=["{name}"])\n'
            for name in sorted({pin.key for pin in lock_codec.parse(text_of(LOCK), LOCK).pins})
        )
        for path, content in files.items():
            (repo.root / path).parent.mkdir(parents=True, exist_ok=True)
            (repo.root / path).write_text(content)
        repo.restore()
        for path in ("pants", "pants.remote.toml"):
            shutil.copy2(CHECKOUT / path, repo.root / path)
        left_out = shutil.ignore_patterns("BUILD", "__pycache__", "tests", "acceptance")
        for part in ("bootstrap", "lockstep"):
            source = CHECKOUT / "build-support" / part
            shutil.copytree(source, repo.root / "build-support" / part, ignore=left_out)
        (repo.caches / "lockstep").mkdir(parents=True)
        bootstrap = Path(os.environ["LOCKSTEP_BOOTSTRAP"]).parent
        (repo.caches / "lockstep" / "bootstrap").symlink_to(bootstrap)
        return repo

    def restore(self) -> None:
        """Put the whole lock in place."""
        (self.root / LOCK).parent.mkdir(parents=True, exist_ok=True)
        for path in (LOCK, GRAPH):
            shutil.copy2(CHECKOUT / path, self.root / path)

    def pants(self, *args: str) -> float:
        """How many seconds a call takes."""
        caches = self.caches
        environ = {
            **os.environ,
            "LOCKSTEP_CACHE": str(caches / "lockstep"),
            "PANTS_LOCAL_STORE_DIR": str(caches / "store"),
            "PANTS_NAMED_CACHES_DIR": str(caches / "named"),
        }
        started = time.monotonic()
        done = subprocess.run(
            [str(self.root / "pants"), "--no-dynamic-ui", *args],
            cwd=self.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"./pants {' '.join(args)} failed:\n{done.stdout}")
        return time.monotonic() - started

    def start(self) -> None:
        """Start the daemon, which may take longer than Pants waits for it."""
        for _ in range(4):
            try:
                self.pants("list", "code/a.py")
                return
            except SystemExit as error:
                last = error
        raise last

    def stop(self) -> None:
        """Stop the daemon."""
        for pid in (self.root / ".pids").rglob("pid"):
            subprocess.run(["kill", pid.read_text().strip()], check=False)


def bumped(lock: str) -> str:
    """The lock without the pin that goes."""
    parsed = lock_codec.parse(lock, LOCK)
    return Slice(tuple(pin for pin in parsed.pins if pin.key != BUMPED)).text


def away(folder: Path) -> None:
    """Move a folder out of the way: for a while after files were deleted, ext4 is slow to make any."""
    if folder.exists():
        folder.rename(f"{folder}.{time.monotonic_ns()}")


def with_uv(tools: Tools, folder: Path, cache: Path) -> float:
    """How many seconds uv takes for the pins of the lock."""
    venv = folder / "uv-venv"
    away(venv)
    common = ("--quiet", "--cache-dir", cache)
    started = time.monotonic()
    tools.run(tools.uv, "venv", *common, "--no-project", "--python", tools.python, venv)
    sync = (tools.uv, "pip", "sync", *common, "--require-hashes")
    tools.run(*sync, "--python", venv / "bin" / "python", CHECKOUT / LOCK)
    return time.monotonic() - started


def measure(
    folder: Path, tools: Tools, options: argparse.Namespace
) -> Mapping[str, Sequence[float]]:
    """Run everything, in turns; each row's seconds."""
    found: dict[str, list[float]] = defaultdict(list)
    ours = Repository.make(folder / "lockstep", plugin=True)
    plain = Repository.make(folder / "pants", plugin=False)
    environments = ours.caches / "lockstep" / "environments"
    uv_cache = ours.caches / "named" / "lockstep_uv"

    def note(row: str, run: Callable[[], float]) -> None:
        found[row].append(run())
        print(f"{row}: {found[row][-1]:.2f} s", file=sys.stderr, flush=True)

    try:
        ours.start()
        for number in range(options.cold_runs):
            for place in (folder / "uv-cache", uv_cache, environments):
                away(place)
            turns: list[tuple[str, Callable[[], float]]] = [
                (COLD_UV, lambda: with_uv(tools, folder, folder / "uv-cache")),
                (COLD, lambda: ours.pants("export")),
            ]
            for row, run in turns[:: 1 - 2 * (number % 2)]:
                note(row, run)
        for _ in range(options.runs):
            away(environments)
            note(WARM_UV, lambda: with_uv(tools, folder, folder / "uv-cache"))
            note(WARM, lambda: ours.pants("export"))
            (ours.root / LOCK).write_text(bumped((ours.root / LOCK).read_text()))
            note(BUMP, lambda: ours.pants("export"))
            ours.restore()
            ours.pants("export")
            note(NOTHING, lambda: ours.pants("export"))
            note(EMPTY, lambda: ours.pants("--version"))
            away(ours.root / ".venv-scratch")
            note(SCRATCH, lambda: ours.pants("export", "--scratch"))
            note(SCRATCH_AGAIN, lambda: ours.pants("export", "--scratch"))
        if options.pants:
            export = (*index_options(tools), "export", "--resolve=python-default")
            plain.start()
            plain.pants(*export)
            for _ in range(options.runs):
                note(PANTS_EXPORT, lambda: plain.pants(*export))
    finally:
        ours.stop()
        plain.stop()
    return found


def table(found: Mapping[str, Sequence[float]]) -> str:
    """The medians, and what they may be at most."""
    medians = {row: statistics.median(seconds) for row, seconds in found.items()}
    lines = ["| command | time | at most |", "|---|---:|---:|"]
    for row, median in medians.items():
        limit = LIMITS.get(row)
        most = f"{limit.seconds(medians):.2f} s" if limit else ""
        lines.append(f"| {row} | {median:.2f} s | {most} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--cold-runs", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--no-pants", dest="pants", action="store_false", help="leave Pants' out")
    options = parser.parse_args()
    tools = found_tools()
    with tempfile.TemporaryDirectory(prefix="exporting-") as folder:
        found = measure(Path(folder).resolve(), tools, options)
        pins = len(lock_codec.parse(text_of(LOCK), LOCK).pins)
        print(f"{pins} pins, {os.cpu_count()} cores.\n\n{table(found)}")
        subprocess.run(["chmod", "-R", "u+w", folder], check=False)


if __name__ == "__main__":
    main()
