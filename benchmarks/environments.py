"""Measures what environments of slices cost: with Lockstep, with plain uv, with plain Pants.

README.md tells how to run it, what is measured, and how to read the table.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Callable, Iterator, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "build-support"))

from contenders import CONTENDERS  # noqa: E402
from measuring import Folders, Measurement  # noqa: E402
from monorepo import PYTHON, Monorepo, Tools, Wanted, found_tools, make  # noqa: E402

ONE_SLICE_PINS = 30
BASE = "uv"
COMPARED = ("lockstep", "pants")


@dataclasses.dataclass(frozen=True)
class Case:
    """A row of the table: what is built, and whether the downloads are there already."""

    slices: str
    caches: str


def main() -> None:
    options = _options()
    tools = found_tools()
    with tempfile.TemporaryDirectory(prefix="environments-") as temporary:
        folder = Path(options.folder or temporary).resolve()
        _say("making the monorepo")
        monorepo = make(folder / "monorepo", options.pins, tools)
        wanted = {"one": (monorepo.one(ONE_SLICE_PINS),), "many": monorepo.many(options.slices)}
        results: dict[Case, dict[str, list[Measurement]]] = {}
        for name in [options.only] if options.only else wanted:
            title = _title(wanted[name])
            for case, contender, measured in _measure(
                title, monorepo, wanted[name], folder / name, tools, options
            ):
                _say(f"{case.slices}, {case.caches}, {contender}: {measured.seconds:.1f} s")
                results.setdefault(case, defaultdict(list))[contender].append(measured)
    print(f"A lock of {monorepo.pins} pins, CPython {PYTHON}, {os.cpu_count()} cores.\n")
    print("\n".join(table(results)))
    if options.json:
        Path(options.json).write_text(json.dumps(_plain(results), indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="warm runs (default: %(default)s)")
    parser.add_argument("--cold-runs", type=int, default=1, help="at least 1, to fill the caches")
    parser.add_argument("--slices", type=int, default=50, help="(default: %(default)s)")
    parser.add_argument("--pins", type=int, default=150, help="of the lock (default: %(default)s)")
    parser.add_argument("--only", choices=("one", "many"), help="one slice, or many")
    parser.add_argument("--json", metavar="FILE", help="write every measurement here")
    parser.add_argument("--folder", help="work here, and take the monorepo from an earlier run")
    options = parser.parse_args()
    if options.runs < 1 or options.cold_runs < 1:
        parser.error("at least one run of each kind is needed")
    return options


def _measure(
    title: str,
    monorepo: Monorepo,
    wanted: Sequence[Wanted],
    folder: Path,
    tools: Tools,
    options: argparse.Namespace,
) -> Iterator[tuple[Case, str, Measurement]]:
    """Let the contenders take turns, each time another one being the first."""
    names = [name for name in CONTENDERS if len(wanted) > 1 or "at a time" not in name]
    for caches, runs in (("cold", options.cold_runs), ("warm", options.runs)):
        for run in range(runs):
            for name in names[run % len(names) :] + names[: run % len(names)]:
                folders = Folders.below(folder / name.replace(", ", "-").replace(" ", "-"))
                folders.empty(caches=caches == "cold")
                os.sync()
                yield Case(title, caches), name, CONTENDERS[name](monorepo, wanted, folders, tools)


def _title(wanted: Sequence[Wanted]) -> str:
    sizes = [len(one.slice.pins) for one in wanted]
    if len(sizes) == 1:
        return f"1 slice of {sizes[0]} pins"
    middle = statistics.median(sizes)
    return f"{len(sizes)} slices of {min(sizes)} to {max(sizes)} pins (median {middle:g})"


def table(results: dict[Case, dict[str, list[Measurement]]]) -> Iterator[str]:
    """The lines of a Markdown table, the medians of all runs."""
    yield _row("", "caches", "", *CONTENDERS, *(f"{name} / {BASE}" for name in COMPARED))
    yield _row(*["---"] * 3, *["---:"] * (len(CONTENDERS) + len(COMPARED)))
    for case, measured in results.items():
        for what, value, form in QUANTITIES:
            medians = {
                name: statistics.median(value(one, case) for one in runs)
                for name, runs in measured.items()
            }
            ratios = (medians[name] / medians[BASE] for name in COMPARED)
            yield _row(
                *(case.slices, case.caches, what),
                *(form.format(medians[name]) if name in medians else "" for name in CONTENDERS),
                *(f"{ratio:.2f}" for ratio in ratios),
            )
    yield ""
    yield "Once per start of Pants' daemon (in the cold rows, and not in the warm ones): "
    starts = {
        name: [one for measured in results.values() for one in measured.get(name, ())]
        for name in COMPARED
    }
    yield "; ".join(
        f"{name} {statistics.median(one.start for one in runs):.1f} s, "
        f"{statistics.median(one.start_bytes for one in runs) / 1e6:.0f} MB"
        for name, runs in starts.items()
    ) + "."


def _seconds(measured: Measurement, case: Case) -> float:
    return measured.seconds + (measured.start if case.caches == "cold" else 0)


def _megabytes(measured: Measurement, case: Case) -> float:
    return (measured.bytes + (measured.start_bytes if case.caches == "cold" else 0)) / 1e6


QUANTITIES: Sequence[tuple[str, Callable[[Measurement, Case], float], str]] = (
    ("time", _seconds, "{:.2f} s"),
    ("disk", _megabytes, "{:.0f} MB"),
)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(results: dict[Case, dict[str, list[Measurement]]]) -> list[dict[str, object]]:
    return [
        {**dataclasses.asdict(case), "contender": name, **dataclasses.asdict(one)}
        for case, measured in results.items()
        for name, runs in measured.items()
        for one in runs
    ]


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
