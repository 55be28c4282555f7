"""Compares selections with the truth, over seeded changes or over the history of a repository.

README.md tells how to run it, what the truth is, and how to read the table.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterable, Mapping, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "build-support"))

from lockstep.acceptance.monorepo import LOCK, Result  # noqa: E402

from history import CHECKOUT, replay_history  # noqa: E402
from generated_tree import SOURCES, Tree, make_tree  # noqa: E402
from generated_wheels import PYTHON  # noqa: E402
from mutations import OF_THE_SANDBOX, Change, Mutation, mutations  # noqa: E402
from scoring import Compared, Score  # noqa: E402
from truth import Ran, Runner, Site, ThirdParty, bare_python, differing, error_of  # noqa: E402
from truth import flipped, notices, test_path, tracked_files  # noqa: E402

_CLOSEST = 3
_SELECT = ("--changed-since=HEAD", "--changed-dependents=transitive")
_ENVIRON = {"LEVEL": "on", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""What tests of the base need, and that there are no plugins to look for."""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="replay-") as temporary:
        folder = Path(options.folder or temporary).resolve()
        if options.history:
            score = replay_history(Path(options.repository), options.history, folder)
        else:
            score = _mutate(folder, options)
    print(score.table())
    if score.missed:
        raise SystemExit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=20, help="changes to seed")
    parser.add_argument(
        "--history", type=int, metavar="N", help="replay the last N commits instead"
    )
    parser.add_argument("--repository", default=str(CHECKOUT), help="whose commits; this one's")
    parser.add_argument("--flipping", action="store_true", help="count only those that flip tests")
    parser.add_argument(
        "--run", action="store_true", help="run all tests in Pants after each change"
    )
    parser.add_argument("--only", help="the one group of changes to seed, such as `lock`")
    parser.add_argument("--tests", type=int, default=60, help="test files of the monorepo")
    parser.add_argument("--pins", type=int, default=40, help="pins of its lock")
    parser.add_argument(
        "--sandboxed", type=int, metavar="N", help="run N of the tests in Pants, not all of them"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="an empty folder for the monorepo, which then is kept")
    return parser.parse_args()


def _mutate(folder: Path, options: argparse.Namespace) -> Score:
    tree = make_tree(folder, options.tests, options.pins, options.seed)
    count = min(options.sandboxed or options.tests, options.tests)
    sandboxed = random.Random(f"sandboxed {options.seed}").sample(tree.tests, count)
    laboratory = _Laboratory(
        tree, folder / "site", frozenset(sandboxed), outcomes_alone=options.flipping
    )
    score = Score()
    counted = 0
    try:
        laboratory.prepare(in_pants=options.run or options.only in {None, *OF_THE_SANDBOX})
        seeded = mutations(tree, options.seed, only=options.only, breaking=options.flipping)
        while counted < options.mutations:
            tree.reset()
            mutation = next(seeded)
            mutation.apply(tree)
            compared = laboratory.compare(mutation, in_pants=options.run)
            score.compared.append(compared)
            # A tree that Pants cannot read has no selection to judge.
            counted += not compared.refused and (bool(compared.flipped) or not options.flipping)
            compared.tell()
    finally:
        laboratory.close()
        tree.monorepo.stop()
    return score


class _Laboratory:
    """Compares selection and truth for changes of one tree.

    Args:
        tree: the generated monorepo, at its base whenever a change is to be made.
        site: a folder for third-party code.
        sandboxed: the tests to run in Pants.
        outcomes_alone: whether only flipped tests are looked for. In Pants then run all tests that
            are not selected, but only the closest few of those that are.
    """

    def __init__(
        self, tree: Tree, site: Path, sandboxed: frozenset[str], *, outcomes_alone: bool
    ) -> None:
        self._tree = tree
        self._sandboxed = sandboxed
        self._outcomes_alone = outcomes_alone
        self._site = Site(tree.wheels.folder, site)
        python = bare_python(PYTHON, site / "venv")
        self._runner = Runner(python, tree.root, (SOURCES,), _ENVIRON)
        self._base = Ran({}, {})
        self._there: frozenset[str] = frozenset()
        self._owners: Mapping[str, tuple[str, str]] = {}
        self._roots: Sequence[str] = ()

    def prepare(self, *, in_pants: bool) -> None:
        """Run all tests of the base outside of Pants, and in it if some will run there.

        Raises:
            SystemExit: one fails.
        """
        others = self._third_party()
        traces = self._runner.trace(self._tests(), others)
        self._base = Ran(traces, self._runner.holds(others))
        self._there = frozenset(tracked_files(self._tree.root))
        self._owners = others.owners
        self._roots = self._runner.source_roots()
        if failed := sorted(test for test, trace in traces.items() if not trace.passed):
            raise SystemExit(f"The base fails outside of Pants: {failed}")
        result = self._test(self._sandboxed) if in_pants else Result(0, "", "")
        if result.exit_code != 0:
            raise SystemExit(f"The base fails in Pants:\n{result.output}")

    def close(self) -> None:
        """End the process that runs tests."""
        self._runner.close()

    def compare(self, mutation: Mutation, *, in_pants: bool) -> Compared:
        """What is selected for the change that the work tree holds, and what it affects."""
        begun = time.perf_counter()
        told = self._tree.pants("affected", "--goal=test", "--closest-first")
        seconds = time.perf_counter() - begun
        refused = error_of(told)
        if refused and self._tree.pants("dependencies", "::").returncode == 0:
            raise SystemExit(f"`affected` fails where Pants can read the tree:\n{told.stderr}")
        if not refused:
            self._check_listed()
        there = self._tests()
        if mutation.group in OF_THE_SANDBOX:
            there &= self._sandboxed
        lines = map(test_path, told.stdout.splitlines())
        selected = [test for test in dict.fromkeys(lines) if test in there]
        affected: set[str] = set()
        flips: set[str] = set()
        if mutation.group not in OF_THE_SANDBOX:
            after = self._trace(mutation.change)
            affected |= differing(self._base, after).keys()
            flips |= flipped(self._base.traces, after.traces)
        if (in_pants or mutation.group in OF_THE_SANDBOX) and not refused:
            closest = selected[:_CLOSEST] if self._outcomes_alone else selected
            for part in (there.difference(selected), closest):
                ran, failed = self._run(part)
                affected |= ran
                flips |= failed
        return Compared(
            mutation.group,
            mutation.told,
            len(there),
            frozenset(there if refused else selected),
            frozenset(flips if self._outcomes_alone else affected),
            frozenset(flips),
            seconds,
            refused,
            self._outcomes_alone,
        )

    def _check_listed(self) -> None:
        """`--changed-since` remembers who depends on what; `affected` finds it out in each call.

        Raises:
            SystemExit: they select differently.
        """
        listed = self._tree.pants(*_SELECT, "list").stdout.splitlines()
        affected = self._tree.pants("affected").stdout.splitlines()
        if listed != affected:
            differ = sorted({*listed} ^ {*affected})
            raise SystemExit(f"`list` and `affected` differ in {differ}: {self._tree.root}")

    def _tests(self) -> set[str]:
        found = self._tree.root.glob("projects/*/tests/**/*_test.py")
        return {str(path.relative_to(self._tree.root)) for path in found}

    def _trace(self, change: Change) -> Ran:
        """Run the tests again that a change can matter to, and take the others from the base.

        It can matter to those that read what differs or went, and to those that looked for what came.
        """
        others = self._third_party()
        tests = self._tests()
        base = self._base.traces
        pins = dict(others.owners.values())
        held = dict(self._owners.values())
        changed = {*change, *(name for name in held if pins.get(name) != held[name])}
        folders = {str(folder) for path in self._there for folder in Path(path).parents}
        came = notices({*change} - self._there, folders)
        came |= notices(others.owners.keys() - self._owners.keys(), others.path)
        again = {
            test
            for test in tests
            if self._roots != self._runner.source_roots()
            or test not in base
            or changed & {test, *base[test].read}
            or came & base[test].sought
        }
        kept = {test: base[test] for test in tests - again}
        anew = self._runner.trace(again, others) if again else {}
        return Ran({**kept, **anew}, self._runner.holds(others))

    def _third_party(self) -> ThirdParty:
        return self._site.of(self._tree.monorepo.read(LOCK))

    def _run(self, tests: Iterable[str]) -> tuple[set[str], set[str]]:
        """The tests that Pants has to run anew, and those that fail; none of them did at the base."""
        asked = self._sandboxed.intersection(tests)
        if not asked:
            return set(), set()
        result = self._test(asked)
        ran = result.tests_run() & asked
        failed = {line.split()[1] for line in result.output.splitlines() if line[:2] == "✕ "}
        if result.exit_code != 0 and not failed:
            # Pants gives up as a whole where one test's environment cannot be had.
            failed = {test for test in sorted(asked) if self._test({test}).exit_code != 0}
        return ran | failed, failed

    def _test(self, tests: Iterable[str]) -> Result:
        return Result.of(self._tree.pants("test", *sorted(tests)))


if __name__ == "__main__":
    main()
