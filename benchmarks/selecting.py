"""Times `--changed-since` on the generated monorepo: with Lockstep, and with plain Pants.

README.md tells how to run it and how to read the result.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable, Iterator, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "build-support"))

from generated_tree import Tree, make_tree  # noqa: E402

_SETTLING_SECONDS = 1.0
"""From a change to the call: where Pants hears of a change in the middle of a call, it starts anew."""
_SELECT = ("--changed-since=HEAD", "--changed-dependents=transitive", "list")
_FACTS = ("enable_lockfile_targets = false\n", '  "lockstep",\n')
"""What plain Pants does without: its lock file then is a target of its own, as by default."""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="selecting-") as temporary:
        folder = Path(options.folder or temporary).resolve()
        _say(f"making a monorepo of {options.tests} test files and {options.pins} pins")
        ours = make_tree(folder, options.tests, options.pins, options.seed)
        plain = ours.copy(folder / "plain")
        toml = plain.monorepo.read("pants.toml")
        for fact in _FACTS:
            assert fact in toml
            toml = toml.replace(fact, "")
        plain.monorepo.write("pants.toml", toml)
        plain.git("commit", "-qam", "plain")
        try:
            _compare({"lockstep": ours, "pants": plain}, options.runs)
        finally:
            ours.monorepo.stop()
            plain.monorepo.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=2000, help="test files of the monorepo")
    parser.add_argument("--pins", type=int, default=300, help="pins of its lock")
    parser.add_argument(
        "--runs", type=int, default=9, help="changes that are measured of each kind"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="an empty folder for the monorepo, which then is kept")
    return parser.parse_args()


def _compare(contenders: Mapping[str, Tree], runs: int) -> None:
    for name, tree in contenders.items():
        begun = time.perf_counter()
        _select(tree)
        _say(f"{name}: {time.perf_counter() - begun:.1f} s with no daemon and no cache")
    kinds: Mapping[str, Callable[[Tree, int], Mapping[str, str]]] = {
        "one pin": _bump,
        "one source": _edit,
    }
    for kind, change in kinds.items():
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        shares: dict[str, list[float]] = {name: [] for name in contenders}
        for run in range(-1, runs):  # the first one is not counted: it makes the daemon warm
            for name in sorted(contenders, reverse=run % 2 == 0):
                tree = contenders[name]
                tree.reset()
                for path, text in change(tree, run).items():
                    tree.monorepo.write(path, text)
                time.sleep(_SETTLING_SECONDS)
                begun = time.perf_counter()
                selected = _select(tree)
                if run >= 0:
                    seconds[name].append(time.perf_counter() - begun)
                    shares[name].append(len(selected) / len(tree.tests))
        _tell(kind, seconds, shares)


def _bump(tree: Tree, run: int) -> Mapping[str, str]:
    """The lock with one pin of the base moved on."""
    names = sorted(tree.wheels.releases)
    name = names[(run * 37) % len(names)]
    bumped = replace(tree.wheels.releases[name], version="1.1.0")
    return tree.wheels.lock(tree.stated, {name: bumped})


def _edit(tree: Tree, run: int) -> Mapping[str, str]:
    module = tree.modules[(run * 37) % len(tree.modules)]
    return {module.path: module.text() + "# changed\n"}


def _select(tree: Tree) -> set[str]:
    done = tree.pants(*_SELECT)
    if done.returncode != 0:
        raise SystemExit(f"./pants {' '.join(_SELECT)} failed:\n{done.stdout}{done.stderr}")
    selected = {re.sub(r":[^/]*$", "", line) for line in done.stdout.splitlines()}
    return selected & {*tree.tests}


def _tell(kind: str, seconds: Mapping[str, list[float]], shares: Mapping[str, list[float]]) -> None:
    print(f"\n{kind:<12} median    best   worst   selected")
    for name, times in seconds.items():
        median, best, worst = statistics.median(times), min(times), max(times)
        share = statistics.mean(shares[name])
        print(
            f"{name:>10}   {median:5.2f} s {best:5.2f} s {worst:5.2f} s   {share:6.1%} of the tests"
        )
    ratios = list(_ratios(seconds["lockstep"], seconds["pants"]))
    print(f"  lockstep / pants, run by run: {statistics.median(ratios):.2f}", flush=True)


def _ratios(ours: list[float], others: list[float]) -> Iterator[float]:
    return (mine / other for mine, other in zip(ours, others))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
