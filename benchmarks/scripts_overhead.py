"""What `./py script.py` costs beyond `python script.py`, and what an edit of the script costs.

    build-support/python benchmarks/scripts_overhead.py [--pairs N]

Each script does nothing but what its name says. Bare Python is that of the script's environment, with
the same PYTHONPATH. A pair is one call of each, in turns; the table has medians, of the pairs'
differences for the overhead. Its CPU time tells how much of it is other work on the machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Mapping, NamedTuple, Sequence

PY = Path(__file__).resolve().parents[1] / "py"
MOST_MS = 40
_BLOCK = "# /// script\n# dependencies = {}\n# ///\n"

SCRIPTS: Mapping[str, str] = {
    "no pin": _BLOCK.format("[]"),
    "imports a service": "import linehaul.app\n",
    "a tool and its pins": _BLOCK.format('["mypy", "pytest", "black"]'),
}


class Cost(NamedTuple):
    """What a call cost, in milliseconds."""

    wall: float
    cpu: float


def _cost(command: Sequence[str], environ: Mapping[str, str]) -> Cost:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdin=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall * 1000, cpu * 1000)


def _environ() -> dict[str, str]:
    """The caller's, except that Python keeps bytecode, as it does by default."""
    dropped = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if name not in dropped}


def _bare(script: Path) -> tuple[list[str], Mapping[str, str], str]:
    """The same call without `./py`, and how many pins its slice has."""
    told = subprocess.run(
        [str(PY), "--print-env", str(script)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    rows = {name: value.strip() for name, _, value in (r.partition(":") for r in told.splitlines())}
    environ = _environ()
    if rows["PYTHONPATH"] != "not set":
        environ["PYTHONPATH"] = rows["PYTHONPATH"]
    pins = rows["slice"].partition("(")[2].rstrip(")")
    return [rows["python"].rpartition(" (")[0], str(script)], environ, pins


def measure(script: Path, pairs: int) -> tuple[str, Sequence[float]]:
    """Pins, and milliseconds: bare, by `./py`, the overhead, its CPU time, and after an edit."""
    command, environ, pins = _bare(script)
    run = [str(PY), str(script)]
    time.sleep(0.2)  # what has just been written is not remembered
    for _ in range(2):
        _cost(run, _environ())
    bare, own = [], []
    for turn in range(pairs):
        for contender in (0, 1) if turn % 2 else (1, 0):
            if contender:
                own.append(_cost(run, _environ()))
            else:
                bare.append(_cost(command, environ))
    edited = []
    for turn in range(5):
        with script.open("a") as file:
            file.write(f"# {turn}\n")
        edited.append(_cost(run, _environ()).wall)
    overhead = median(mine.wall - its.wall for its, mine in zip(bare, own))
    cpu = median(mine.cpu - its.cpu for its, mine in zip(bare, own))
    walls = (median(cost.wall for cost in costs) for costs in (bare, own))
    return pins, (*walls, overhead, cpu, median(edited))


def main() -> None:
    """Print the table; exit code 1 where an overhead is more than is allowed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=50)
    pairs = parser.parse_args().pairs
    print("| script | slice | bare | `./py` | overhead | of CPU | after an edit |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, text) in enumerate(SCRIPTS.items()):
            script = Path(folder, f"script{number}.py")
            script.write_text(text)
            pins, figures = measure(script, pairs)
            worst = max(worst, figures[2])
            print(f"| {name} | {pins} | {' | '.join(f'{figure:.0f} ms' for figure in figures)} |")
    print(f"\nAt most {MOST_MS} ms of overhead are allowed; the worst here are {worst:.0f} ms.")
    raise SystemExit(int(worst > MOST_MS))


if __name__ == "__main__":
    main()
