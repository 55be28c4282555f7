"""The scheduled job: moves what can move, tests what that affects, and lands the largest green set."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Sequence

from lockstep.core import held, lock_codec
from lockstep.core.environments import stated_environments
from lockstep.core.errors import LockstepError
from lockstep.core.graph_codec import graph_path
from lockstep.core.green_set import GreenSet, OutOfBudget, Trial, green_set
from lockstep.core.held import Held
from lockstep.core.lock import Lock
from lockstep.core.lock_diff import LockMove, lock_moves
from lockstep.core.lock_refresh import (
    TITLE,
    Candidate,
    Failure,
    candidates,
    end_of,
    failed_tests,
    pull_request,
    suspects,
)
from lockstep.core.pin_moves import moves
from lockstep.core.slices import Slicer
from lockstep.envs.atomic import write_text, write_texts
from lockstep.refresh.changelogs import changelogs
from lockstep.refresh.journal import Journal
from lockstep.refresh.worktree import WorkTree

_BODY = "pull-request.md"
_CHANGED = ("--changed-since=HEAD", "--changed-dependents=transitive")


@dataclass(frozen=True)
class Options:
    """What the user asks for.

    Attributes:
        branch: the branch that the commit goes to.
        goals: what has to pass.
        resolves: the resolves to refresh; all where there are none.
        seconds: how long new trials may be begun; None for as long as it takes.
        hold_days: for how many days a release is held back.
        held_path: the file of held releases, relative to the build root.
    """

    branch: str
    goals: Sequence[str]
    resolves: Sequence[str]
    seconds: float | None
    hold_days: int
    held_path: str


@dataclass(frozen=True)
class Landed:
    """What came of it.

    Attributes:
        moved: how many pins move.
        commit: what the branch is at now; None where there was nothing to commit.
        body: the file of the pull request's text.
    """

    moved: int
    commit: str | None
    body: Path


class Refresh:
    """One run of the job.

    Args:
        tree: a work tree of its own.
        folder: for what it writes down.
        options: what is asked for.
        say: called with what was done, a line each.
        today: decides what has expired.
    """

    def __init__(
        self,
        tree: WorkTree,
        folder: Path,
        options: Options,
        say: Callable[[str], None],
        today: date,
    ) -> None:
        self._tree = tree
        self._folder = folder
        self._options = options
        self._say = say
        self._today = today
        self._end = None if options.seconds is None else time.monotonic() + options.seconds
        self._failures: Dict[Candidate, Failure] = {}
        key = json.dumps([tree.commit, options.goals, options.resolves, today.isoformat()])
        self._journal = Journal.load(folder / "journal.json", key)

    def run(self) -> Landed:
        """Do it.

        Raises:
            LockstepError: what could move is not known, for instance; no branch is touched.
        """
        if not self._journal.diff:
            self._say("Finding out what could move.")
            self._tree.reset()
            self._journal.diff = self._upgradable()
            self._journal.save()
        could_move = candidates(self._journal.diff)
        self._say(f"{_counted(len(could_move), 'pin')} could move.")
        targets = {one: frozenset(one.targets) for one in could_move}

        def attempt(tried: tuple[Candidate, ...]) -> Trial[Candidate]:
            failure = self._tried(tried)
            if failure is None:
                return Trial(True)
            self._failures.update((one, failure) for one in tried)
            return Trial(False, suspects(tried, failure.tests, targets))

        return self._land(green_set(could_move, attempt))

    def _upgradable(self) -> Mapping[str, object]:
        told = self._tree.pants("lock", "--upgrade", "--diff", "--format=json", *self._resolves())
        if told.exit_code != 0:
            raise LockstepError(
                "`./pants lock --upgrade` fails, so nothing moves",
                mend="Mend what it names",
                detail=end_of(told.output),
            )
        found: Mapping[str, object] = json.loads(told.stdout)
        return found

    def _resolves(self) -> List[str]:
        return [f"--resolve={name}" for name in self._options.resolves]

    def _tried(self, tried: tuple[Candidate, ...]) -> Failure | None:
        """Why some moves together do not pass; None where they do."""
        known = self._journal.result(tried)
        if known is None:
            if self._end is not None and time.monotonic() > self._end:
                raise OutOfBudget
            result = self._passed(tried)
            if result is not None and not result.tests:
                self._tree.reset()
                self._upgradable()  # raises where no release at all can be had: no move's fault
                result = self._passed(tried)
            if result is None:
                locks = [lock["lock"] for lock in self._journal.diff["locks"]]
                files = [path for lock in locks for path in (lock, graph_path(lock))]
                known = {path: (self._tree.path / path).read_text() for path in files}
            else:
                known = result
            self._journal.note(tried, known)
        failure = known if isinstance(known, Failure) else None
        came = "passes" if failure is None else failure.reason
        self._say(f"Trial {len(self._journal.trials)}: {_counted(len(tried), 'pin')}: {came}.")
        return failure

    def _passed(self, tried: Sequence[Candidate]) -> Failure | None:
        return self._locked(tried) or self._checked()

    def _locked(self, tried: Sequence[Candidate]) -> Failure | None:
        """Resolve with these moves, and with what has to move with them."""
        self._tree.reset()
        by_resolve: Dict[str, List[str]] = {}
        for one in tried:
            by_resolve.setdefault(one.resolve, []).append(f"--upgrade-package={one.wish}")
        for resolve, wishes in by_resolve.items():
            done = self._tree.pants("lock", f"--resolve={resolve}", *wishes)
            if done.exit_code != 0:
                return Failure("it cannot be resolved with the rest", log=end_of(done.output))
        return None

    def _checked(self) -> Failure | None:
        """Run the goals on exactly what the moves affect, each by itself, as the first to fail ends all."""
        for goal in self._options.goals:
            if self._journal.failing.get(goal):
                continue
            done = self._tree.pants(*_CHANGED, "--test-output=failed", goal)
            failed = failed_tests(done.output)
            new = [test for test in failed if not self._test_fails_anyway(test)]
            if new:
                reason = f"{_counted(len(new), 'test')} fail{'s' if len(new) == 1 else ''}"
                return Failure(reason, tuple(new), end_of(done.output))
            if done.exit_code != 0 and not failed and not self._goal_fails_anyway(goal):
                return Failure(f"`{goal}` fails", log=end_of(done.output))
        return None

    def _test_fails_anyway(self, test: str) -> bool:
        """Whether a test fails without any move; the moves stay in the work tree."""
        if test not in self._journal.failing:
            with self._tree.unchanged():
                told = self._tree.pants("test", test)
            self._journal.failing[test] = test in failed_tests(told.output)
            self._journal.save()
        return self._journal.failing[test]

    def _goal_fails_anyway(self, goal: str) -> bool:
        """Whether a goal fails without any move on what the moves affect; they stay in the work tree."""
        if goal not in self._journal.failing:
            affected = self._folder / "affected.txt"
            write_text(affected, self._tree.pants(*_CHANGED, "list").stdout)
            with self._tree.unchanged():
                told = self._tree.pants(f"--spec-files={affected}", goal)
                if told.exit_code != 0:
                    self._upgradable()  # raises where no release can be had, for which it may fail
            if told.exit_code != 0 and goal == "test":
                raise LockstepError(
                    "`./pants test` fails without any move, and tells no test that does, so no move"
                    " can be judged",
                    mend="Mend what it names",
                    detail=end_of(told.output),
                )
            self._journal.failing[goal] = told.exit_code != 0
            self._journal.save()
        return self._journal.failing[goal]

    def _land(self, found: GreenSet[Candidate]) -> Landed:
        """Commit what passed, and tell of it."""
        self._tree.reset()
        before, affecting = self._locks(), self._advisories()
        new_held = [self._held(one) for one in found.held]
        passed = self._journal.result(found.taken) if found.taken else {}
        assert isinstance(passed, Mapping), "what is taken was the last to pass"
        write_texts({self._tree.path / path: text for path, text in passed.items()})
        after = self._locks()
        moved = self._moves(before, after)
        self._write_held(new_held)
        failing = [test for test, fails in sorted(self._journal.failing.items()) if fails]
        body = self._folder / _BODY
        fixed = sorted(affecting - self._advisories()) if affecting else []
        links = self._changelogs(moved, after)
        write_text(body, pull_request(moved, new_held, found.untried, fixed, failing, links))
        count = sum(len(moves_of) for _, moves_of in moved)
        if not count and not new_held:
            return Landed(0, None, body)
        message = f"{TITLE}\n\n{_summary(count, new_held)}"
        return Landed(count, self._tree.commit_all(self._options.branch, message), body)

    def _changelogs(
        self, moved: Sequence[tuple[str, Sequence[LockMove]]], after: Mapping[str, Lock]
    ) -> Mapping[str, str]:
        found: Dict[str, str] = {}
        for path, moves_of in moved:
            projects = {one.move.project for one in moves_of}
            pins = [
                pin for pin in after[path].pins if pin.key in projects and pin.version is not None
            ]
            stated = stated_environments(after[path])
            if pins and stated:
                found.update(changelogs(pins, stated[0][0]))
        return found

    def _advisories(self) -> frozenset[str]:
        """The advisories that affect a pin of the locks as they are in the work tree."""
        told = self._tree.pants("audit", "--format=json", *self._resolves())
        try:
            locks = json.loads(told.stdout)["locks"]
        except ValueError:
            self._say(f"Advisories are not compared. {told.output.strip()}")
            return frozenset()
        return frozenset(one["id"] for lock in locks for one in lock["advisories"])

    def _held(self, one: Candidate) -> Held:
        failure = self._failures[one]  # of the last trial with it: it was the only one in question
        expires = self._today + timedelta(days=self._options.hold_days)
        return Held(
            one.project, one.after, failure.reason, expires, one.resolve, failure.tests, failure.log
        )

    def _write_held(self, new: Sequence[Held]) -> None:
        path = self._tree.path / self._options.held_path
        text = path.read_text() if path.exists() else ""
        standing = held.parse(text, self._options.held_path)
        kept = held.merged(standing, new, self._today)
        if kept:
            write_text(path, held.render(kept))
        elif path.exists():
            path.unlink()

    def _locks(self) -> Mapping[str, Lock]:
        found = {}
        for lock in self._journal.diff["locks"]:
            path = self._tree.path / lock["lock"]
            if path.exists():
                found[lock["lock"]] = lock_codec.parse(path.read_text(), lock["lock"])
        return found

    def _moves(
        self, before: Mapping[str, Lock], after: Mapping[str, Lock]
    ) -> Sequence[tuple[str, Sequence[LockMove]]]:
        told = []
        for lock in self._journal.diff["locks"]:
            path = lock["lock"]
            old, new = before.get(path, Lock(path, ())), after.get(path, Lock(path, ()))
            moved = moves(Slicer(old).whole(), Slicer(new).whole())
            targets = {one["project"]: tuple(one["targets"]) for one in lock["moves"]}
            told.append((path, lock_moves(old, new, moved, targets)))
        return told


def _summary(count: int, new_held: Sequence[Held]) -> str:
    text = f"{_counted(count, 'pin')} moved, and passed what they affect.\n"
    if new_held:
        text += f"Held back: {', '.join(one.release for one in new_held)}.\n"
    return text


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
