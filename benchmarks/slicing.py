"""Measures what cutting slices costs: a generated lock and its graph, many targets.

README.md tells how to run it, what is measured, and how to read the table.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "build-support"))

from lockstep.core import graph_codec, lock_codec, markers  # noqa: E402
from lockstep.core.environments import platform_environment, python_environment  # noqa: E402
from lockstep.core.graph import Installed, derive  # noqa: E402
from lockstep.core.lock import Header, Lock, Pin  # noqa: E402
from lockstep.core.slices import Slicer, requirement_of  # noqa: E402

SEED = 20
TARGETS = (125, 250, 500, 1000)
PINS = (250, 500, 1000, 2000)
USUAL_TARGETS, USUAL_PINS = 500, 1000
ENVIRONMENT = {**python_environment("3.11"), **platform_environment("linux_x86_64")}
MARKERS = (
    *(f'python_version < "3.{minor}"' for minor in range(7, 15)),
    *(f'python_full_version >= "3.{minor}.2"' for minor in range(8, 13)),
    'sys_platform == "win32"',
    'platform_system == "Windows"',
    'platform_machine == "arm64" and sys_platform == "darwin"',
    'platform_python_implementation != "PyPy"',
)
EXTRAS = ("test", "docs", "async", "speed")
T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """What is sliced.

    Attributes:
        lock: the lock as text.
        graph: its graph as text.
        targets: the requirements of each target.
    """

    lock: str
    graph: str
    targets: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Measurement:
    """What one run took, in seconds, and what came out.

    Attributes:
        lock: reading the lock.
        graph: reading the graph.
        slices: cutting a slice for each target, with text and digest.
        size: pins in the slices, on average.
    """

    lock: float
    graph: float
    slices: float
    size: float

    @property
    def total(self) -> float:
        """All of it, in seconds."""
        return self.lock + self.graph + self.slices


def main() -> None:
    options = _options()
    version = platform.python_version()
    print(f"CPython {version}, {os.cpu_count()} cores, medians of {options.runs} runs.\n")
    print("| pins | targets | pins a slice | lock | graph | slices | total | slices by `# via` |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    cases = {*((USUAL_PINS, t) for t in TARGETS), *((p, USUAL_TARGETS) for p in PINS)}
    for pins, targets in sorted(cases):
        case = make(pins, targets)
        exact = _median([measure(case, exact=True) for _ in range(options.runs)])
        loose = _median([measure(case, exact=False) for _ in range(options.runs)])
        times = (exact.lock, exact.graph, exact.slices, exact.total, loose.slices)
        shown = " | ".join(f"{seconds:.3f} s" for seconds in times)
        print(f"| {pins} | {targets} | {exact.size:.0f} ({loose.size:.0f}) | {shown} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="(default: %(default)s)")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("at least one run is needed")
    return options


def make(pins: int, targets: int) -> Case:
    """A lock as large monorepos have them, the same one on each run.

    A pin requires up to eight projects of the first third of those before it, so that paths are
    short as they are in real locks. Every second requirement has a marker or is of an extra.
    Targets require one to eight of those 30 % of the projects that the inputs name.
    """
    chance = random.Random(SEED)
    names = [f"project-{number:04}" for number in range(pins)]
    requires = [list(_requires(chance, names[: at // 3])) for at in range(pins)]
    via: dict[str, list[str]] = {name: ["-r requirements.in"] for name in names}
    for name, texts in zip(names, requires):
        for text in texts:
            via[text[: len(name)]].append(name)
    header = Header("python-default", "0" * 64, "uv", ("CPython 3.11 on linux_x86_64",))
    lock = lock_codec.finished(
        "lock.txt", header, (_pin(chance, name, via[name]) for name in names)
    )
    installed = [
        Installed(name, "1.0", tuple(texts), EXTRAS, (name.replace("-", "_"),))
        for name, texts in zip(names, requires)
    ]
    direct = [f"{name}[speed]>=0.9" for name in chance.sample(names, pins // 10)]
    direct += [f"{name}>=0.9" for name in chance.sample(names, pins // 5)]
    chosen = (tuple(chance.sample(direct, chance.randint(1, 8))) for _ in range(targets))
    graph = graph_codec.render(derive(lock, installed))
    return Case(lock_codec.render(lock), graph, tuple(chosen))


def _pin(chance: random.Random, name: str, via: list[str]) -> Pin:
    hashes = (f"sha256:{chance.getrandbits(256):064x}" for _ in range(chance.randint(2, 20)))
    return Pin(name, "1.0", tuple(hashes), tuple(sorted(set(via))))


def _requires(chance: random.Random, before: list[str]) -> Iterator[str]:
    for name in chance.sample(before, min(len(before), chance.randint(0, 8))):
        extra = chance.choice(("", "", "", f"[{chance.choice(EXTRAS)}]"))
        marker = chance.choice(("", "", chance.choice(MARKERS), "extra"))
        if marker == "extra":
            marker = f'extra == "{chance.choice(EXTRAS)}"'
        yield f"{name}{extra}>=0.9" + (f" ; {marker}" if marker else "")


_REMEMBERED = (markers.read, markers._holds, markers._holds_for_minor, requirement_of)


def measure(case: Case, *, exact: bool) -> Measurement:
    """Read a lock and cut its slices, with nothing remembered from runs before."""
    for remembered in _REMEMBERED:
        remembered.cache_clear()
    lock, lock_seconds = _timed(lambda: lock_codec.parse(case.lock, "lock.txt"))
    graph, graph_seconds = _timed(lambda: graph_codec.parse(case.graph, "lock.graph.json"))

    def cut() -> list[int]:
        slicer = Slicer(lock, graph if exact else None)
        slices = [slicer.cut(target, ENVIRONMENT) for target in case.targets]
        return [len(part.pins) for part in slices if part.digest]

    sizes, slice_seconds = _timed(cut)
    return Measurement(lock_seconds, graph_seconds, slice_seconds, statistics.mean(sizes))


def _timed(action: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start


def _median(measured: list[Measurement]) -> Measurement:
    return Measurement(
        *(
            statistics.median(getattr(one, field) for one in measured)
            for field in ("lock", "graph", "slices", "size")
        )
    )


if __name__ == "__main__":
    main()
