"""What `--why` tells for each class of cause: stdout and stderr, whole."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import Callable, Mapping

import pytest

from lockstep.acceptance.changes import ALL, Repository
from lockstep.acceptance.monorepo import LOCK


@dataclass(frozen=True)
class Case:
    """A change and what is told of it.

    Attributes:
        change: makes the change.
        ways: the lines of stdout.
        remarks: the lines of stderr that are not Pants' own warnings.
    """

    change: Callable[[Repository], None]
    ways: list[str]
    remarks: list[str] = field(default_factory=list)


def _edit(path: str, old: str, new: str) -> Callable[[Repository], None]:
    return lambda repository: repository.edit(path, old, new)


def _ambiguous(repository: Repository) -> None:
    repository.monorepo.write("plain/name.py", "NAME = 'name'\n")
    repository.monorepo.write("plain/BUILD", "python_tests()\npython_sources(name='lib')\n")


def _with_another_hash(project: str) -> Callable[[Repository], None]:
    """The version stays, what may be installed does not."""

    def change(repository: Repository) -> None:
        lock = repository.monorepo.read(LOCK)
        changed, count = re.subn(
            rf"(?m)^({project}==.* \\\n)", rf"\1    --hash=sha256:{64 * '0'} \\\n", lock
        )
        assert count == 1
        repository.monorepo.write(LOCK, changed)

    return change


def _all_by(way: str) -> list[str]:
    return [f"{way} ← {test}" for test in sorted(ALL)]


_SIX = "six 1.17.0 with other hashes"
_PYTEST = "iniconfig 2.3.1 with other hashes ← pytest"
_LAUNCHER = "pants changed, which Pants itself runs on"

CASES: Mapping[str, Case] = {
    "source": Case(
        _edit("lib/ring_b.py", "import six", "import six  # x"),
        [
            "lib/ring_b.py changed ← lib/ring_a.py ← app/ring_test.py",
            "lib/ring_b.py changed ← lib/ring_a.py",
            "lib/ring_b.py changed",
        ],
    ),
    "import": Case(_ambiguous, ["plain/name.py added ← app/name_test.py", "plain/name.py added"]),
    "pin": Case(
        _with_another_hash("six"),
        [
            f"{_SIX} ← lib/ring_b.py ← lib/ring_a.py ← app/ring_test.py",
            f"{_SIX} ← python-dateutil",
            f"{_SIX} ← python-dateutil ← dates/dates_test.py",
            f"{_SIX} ← lib/ring_b.py ← lib/ring_a.py",
            f"{_SIX} ← lib/ring_b.py",
            _SIX,
            f"{_SIX} ← text/six_test.py",
        ],
    ),
    "requirement": Case(
        _edit("text/inputs.in", "idna>=3.7\n", ""),
        ["idna removed from text/inputs.in ← text/idna_test.py"],
    ),
    "definition": Case(
        _edit("app/BUILD", "overrides={", "overrides={'name_test.py': {'timeout': 99}, "),
        ["app:app overrides changed ← app/name_test.py"],
    ),
    "tool": Case(
        _with_another_hash("iniconfig"),
        [_PYTEST, *_all_by(f"{_PYTEST} ← [pytest]")],
        [f"All in reach of test: {_PYTEST} ← [pytest]"],
    ),
    "configuration": Case(
        lambda repository: repository.monorepo.write("pytest.ini", "[pytest]\n"),
        _all_by("pytest.ini changed"),
        ["All in reach of test: pytest.ini changed"],
    ),
    "plugin": Case(
        _edit("pants", "#!/bin/sh\n", "#!/bin/sh\n# changed\n"),
        _all_by(_LAUNCHER),
        [f"All in reach of all goals: {_LAUNCHER}"],
    ),
}
"""An `option` costs two starts of the daemon, so that `affected_test` looks at it; `base` is below."""


@pytest.mark.parametrize("kind", CASES)
def test_the_way_from_each_class_of_cause(repository: Repository, kind: str) -> None:
    case = CASES[kind]
    case.change(repository)
    ways, remarks = _told(repository, "HEAD")
    if kind == "plugin":  # all targets, not only tests
        assert {*case.ways} < {*ways}
        assert all(way.startswith(f"{_LAUNCHER} ← ") for way in ways)
    else:
        assert ways == case.ways
    assert remarks == case.remarks


@pytest.mark.parametrize("fault", ["unknown revision", "no repository", "unreadable lock"])
def test_where_the_base_cannot_be_known_all_is_selected(repository: Repository, fault: str) -> None:
    since = "HEAD"
    git, hidden = repository.monorepo.path(".git"), repository.monorepo.root.parent / "hidden.git"
    try:
        if fault == "unknown revision":
            since = "nowhere"
            expected = (
                "git knows no revision `nowhere`. Fetch it, or correct the name."
                " Until then everything counts as affected."
            )
        elif fault == "no repository":
            git.rename(hidden)
            expected = (
                f"{repository.monorepo.root} is in no git repository, so nothing tells what"
                " changed. Run `git init` and commit, or name targets instead."
                " Until then everything counts as affected."
            )
        else:
            lock = repository.monorepo.read(LOCK)
            repository.monorepo.write(LOCK, "nonsense\n")
            repository.git("commit", "-qam", "broken")
            repository.monorepo.write(LOCK, lock)
            expected = f"{LOCK} cannot be read at the base"
        ways, remarks = _told(repository, since)
        assert remarks == [f"All in reach of all goals: {expected}"]
        assert {*_all_by(expected)} <= {*ways}
    finally:
        if hidden.exists():
            hidden.rename(git)


def _told(repository: Repository, since: str) -> tuple[list[str], list[str]]:
    options = (f"--since={since}", "--goal=test", "--why")
    argv, environ = repository.monorepo.command("affected", *options)
    done = subprocess.run(
        argv, cwd=repository.monorepo.root, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    remarks = [line for line in done.stderr.splitlines() if line.startswith("All in reach")]
    return done.stdout.splitlines(), remarks
