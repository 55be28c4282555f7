"""Compares selections with the truth, over seeded changes or over the history of a repository.

README.md tells how to run it, what the truth is, and how to read the table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterable, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "build-support"))

from lockstep.acceptance.monorepo import LOCK, Result  # noqa: E402

from history import replay_history  # noqa: E402
from generated_tree import ROOTS, Tree, make_tree  # noqa: E402
from generated_wheels import PYTHON  # noqa: E402
from mutations import OF_THE_SANDBOX, Mutation, mutations  # noqa: E402
from scoring import Compared, Score  # noqa: E402
from truth import Runner, Site, Trace, differing, find_python, flipped, test_path  # noqa: E402


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="replay-") as temporary:
        folder = Path(options.folder or temporary).resolve()
        score = replay_history(options.history, folder) if options.history else _mutate(folder, options)
    print(score.table())
    if score.missed:
        raise SystemExit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=20, help="changes to seed")
    parser.add_argument("--history", type=int, help="the last commits of this repository instead")
    parser.add_argument("--flipping", action="store_true", help="count only those that flip tests")
    parser.add_argument("--run", action="store_true", help="run all tests in Pants after each change")
    parser.add_argument("--only", help="the one group of changes to seed, such as `lock`")
    parser.add_argument("--tests", type=int, default=60, help="test files of the monorepo")
    parser.add_argument("--pins", type=int, default=40, help="pins of its lock")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="an empty folder for the monorepo, which then is kept")
    return parser.parse_args()


def _mutate(folder: Path, options: argparse.Namespace) -> Score:
    tree = make_tree(folder, options.tests, options.pins, options.seed)
    laboratory = _Laboratory(tree, folder / "site")
    score = Score()
    counted = 0
    try:
        laboratory.prepare()
        for mutation in mutations(tree, options.seed):
            if counted >= options.mutations:
                break
            if options.only and mutation.group != options.only:
                continue
            tree.reset()
            mutation.apply(tree)
            compared = laboratory.compare(mutation, in_pants=options.run)
            score.compared.append(compared)
            counted += bool(compared.flipped) if options.flipping else 1
            compared.tell()
    finally:
        tree.monorepo.stop()
    return score


class _Laboratory:
    """Compares selection and truth for changes of one tree.

    Args:
        tree: the generated monorepo, at its base whenever a change is to be made.
        site: a folder for third-party code.
    """

    def __init__(self, tree: Tree, site: Path) -> None:
        self._tree = tree
        self._site = Site(tree.wheels.folder, site)
        self._runner = Runner(find_python(PYTHON), tree.root, ROOTS, {"LEVEL": "on"})
        self._base: Mapping[str, Trace] = {}

    def prepare(self) -> None:
        """Run all tests of the base, in Pants and outside.

        Raises:
            SystemExit: one fails.
        """
        self._base = self._trace()
        failed = sorted(test for test, trace in self._base.items() if not trace.passed)
        done = self._tree.pants("test", "::")
        if failed or done.returncode != 0:
            raise SystemExit(f"The base fails outside of Pants: {failed}, within:\n{done.stderr}")

    def compare(self, mutation: Mutation, *, in_pants: bool) -> Compared:
        """What is selected for the change that the work tree holds, and what it affects."""
        begun = time.perf_counter()
        told = self._tree.pants("affected", "--goal=test")
        seconds = time.perf_counter() - begun
        refused = told.returncode != 0
        there = self._tests()
        selected = (
            there if refused else there & {test_path(line) for line in told.stdout.splitlines()}
        )
        affected: set[str] = set()
        flips: set[str] = set()
        if mutation.group not in OF_THE_SANDBOX:
            after = self._trace()
            affected |= differing(self._base, after)
            flips |= flipped(self._base, after)
        if (in_pants or mutation.group in OF_THE_SANDBOX) and not refused:
            ran, failed = self._run(there, selected)
            affected |= ran
            flips |= failed
        return Compared(
            mutation.group,
            mutation.told,
            len(there),
            frozenset(selected),
            frozenset(affected),
            frozenset(flips),
            seconds,
            refused,
        )

    def _tests(self) -> set[str]:
        return {test for test in self._tree.tests if self._tree.monorepo.path(test).exists()}

    def _trace(self) -> Mapping[str, Trace]:
        return self._runner.trace(self._tests(), self._site.of(self._tree.monorepo.read(LOCK)))

    def _run(self, tests: set[str], selected: set[str]) -> tuple[set[str], set[str]]:
        """The tests that Pants has to run anew, and those that fail."""
        ran: set[str] = set()
        failed: set[str] = set()
        for part in (tests - selected, selected):
            if not part:
                continue
            result = self._test(part)
            ran |= result.tests_run() & tests
            if result.exit_code == 0:
                continue
            found = {line.split()[1] for line in result.output.splitlines() if line[:2] == "✕ "}
            if found:
                failed |= found & tests
            else:
                # Pants gives up as a whole where one test's environment cannot be had.
                failed |= {test for test in sorted(part) if self._test({test}).exit_code != 0}
        return ran | failed, failed

    def _test(self, tests: Iterable[str]) -> Result:
        done = self._tree.pants("test", *sorted(tests))
        return Result(done.returncode, done.stdout + done.stderr)


if __name__ == "__main__":
    main()
