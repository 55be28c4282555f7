"""The coverage report of a partial run is that of a full one, from a cold cache, to the arc."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest

from lockstep.acceptance.changes import Repository
from lockstep.acceptance.bump_test import SIX, pinned
from lockstep.acceptance.monorepo import FILES, LOCK, Monorepo, Result

_TOOLS = """\
[pytest]
install_from_resolve = "python-default"
requirements = ["//3rdparty/python:tools#pytest", "//3rdparty/python:tools#pytest-cov"]

[coverage-py]
install_from_resolve = "python-default"
requirements = ["//3rdparty/python:tools#coverage"]
interpreter_constraints = ["CPython==3.11.*"]
report = ["console", "json", "raw"]
"""
_TEST = "from {module} import {name}\n\n\ndef test_it() -> None:\n    assert {assertion}\n"
SOURCES: Mapping[str, str] = {
    ".coveragerc": "[run]\nbranch = True\n",
    ".gitignore": FILES[".gitignore"],
    "3rdparty/python/BUILD": FILES["3rdparty/python/BUILD"],
    "3rdparty/python/tools.in": "coverage\npytest\npytest-cov\nsix\n",
    "README.md": "What this is.\n",
    "pants.toml": FILES["pants.toml"].partition("[pytest]")[0].replace('"/dates"', '"/lib", "/app"')
    + _TOOLS,
    "lib/BUILD": "python_sources()\n",
    "lib/sign.py": (
        "def sign(number):\n    if number < 0:\n        return '-'\n    return '+' if number else ''\n"
    ),
    "lib/half.py": "from sign import sign\n\n\ndef half(number):\n    return sign(number), number / 2\n",
    "lib/size.py": "import six\n\n\ndef size(text):\n    return len(six.ensure_str(text))\n",
    "app/BUILD": (
        "python_tests(overrides={\n"
        "    ('together_a_test.py', 'together_b_test.py'): {'batch_compatibility_tag': 'one'},\n"
        "})\n"
    ),
    # Each covers a part of `sign`, and only together they cover all of it.
    "app/half_test.py": _TEST.format(module="half", name="half", assertion="half(-2) == ('-', -1)"),
    "app/size_test.py": _TEST.format(module="size", name="size", assertion="size('ab') == 2"),
    "app/together_a_test.py": _TEST.format(module="sign", name="sign", assertion="sign(1) == '+'"),
    "app/together_b_test.py": _TEST.format(module="sign", name="sign", assertion="sign(0) == ''"),
}
TOGETHER = ("app/together_a_test.py", "app/together_b_test.py")
ALL = {"app/half_test.py", "app/size_test.py", *TOGETHER}
AFFECTED = ("--changed-since=HEAD", "--changed-dependents=transitive")
GATE = "--coverage-py-fail-under=100"
COLD = ("--no-pantsd", "--no-local-cache")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    monorepo = Monorepo.create(Path(tmp_path_factory.mktemp("coverage")))
    for path in FILES:
        monorepo.path(path).unlink()
    for path, text in SOURCES.items():
        monorepo.write(path, text)
    locked = monorepo.pants("lock")
    assert locked.exit_code == 0, locked.output
    repository = Repository(monorepo)
    repository.git("init", "-q", "-b", "main")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "base")
    repository.git("tag", "base")
    tested = monorepo.pants("test", "--use-coverage", "::")
    assert tested.exit_code == 0, tested.output
    assert not carried(repository)["carried"]
    monorepo.path(".git/lockstep").rename(monorepo.path(".git/kept"))
    yield repository
    monorepo.stop()


@pytest.fixture
def repository(prepared: Repository) -> Repository:
    """At the base, with the baseline of a full run there."""
    prepared.git("reset", "-q", "--hard", "base")
    prepared.git("clean", "-fdq")
    shutil.rmtree(prepared.monorepo.path(".git/lockstep"), ignore_errors=True)
    shutil.copytree(prepared.monorepo.path(".git/kept"), prepared.monorepo.path(".git/lockstep"))
    return prepared


def report(repository: Repository) -> tuple[Any, set[tuple[str, int, int]]]:
    """What the run before reported: the JSON document, and the arcs of each file."""
    folder = repository.monorepo.path("dist/coverage/python")
    document = json.loads((folder / "coverage.json").read_text())
    del document["meta"]["timestamp"]
    query = "select path, fromno, tono from arc join file on file.id = arc.file_id"
    with closing(sqlite3.connect(folder / ".coverage")) as database:
        arcs = set(database.execute(query))
    shutil.rmtree(folder)
    return document, arcs


def carried(repository: Repository) -> Any:
    return json.loads(repository.monorepo.read("dist/coverage/python/carried.json"))


def carried_targets(repository: Repository) -> list[tuple[str, ...]]:
    return sorted(tuple(entry["targets"]) for entry in carried(repository)["carried"])


def partial(repository: Repository, *options: str, cold: bool = False) -> Result:
    how = COLD if cold else ()
    return repository.monorepo.pants(*how, *AFFECTED, "test", "--use-coverage", *options)


def full(repository: Repository) -> Result:
    """A full run that knows of no run before it."""
    options = ("--use-coverage", "--lockstep-carry-coverage=never")
    return repository.monorepo.pants(*COLD, "test", *options, "::")


def test_a_partial_run_reports_what_a_full_one_does(repository: Repository) -> None:
    repository.edit("lib/half.py", "return", "sign(5)\n    return")
    tested = partial(repository, GATE, cold=True)
    assert tested.exit_code == 0, tested.output
    assert tested.tests_run() == {"app/half_test.py"}
    assert tested.built() == set()  # what only carried tests require is not installed
    assert (
        "\nCoverage of 3 of 4 test targets was carried from the baseline (keys match); 1 ran.\n"
        in tested.output
    )
    assert carried_targets(repository) == [("app/size_test.py",), TOGETHER]
    assert carried(repository)["ran"] == ["app/half_test.py"]
    reported = report(repository)
    truth = full(repository)
    assert truth.exit_code == 0, truth.output
    assert carried(repository)["ran"] == sorted(ALL)
    assert reported == report(repository)
    assert reported[0]["totals"]["percent_covered"] == 100

    # The gate fails where a full run would: what `half` no longer reaches nobody else does.
    repository.edit("app/half_test.py", "assert half", "assert True or half")
    uncovered = partial(repository, GATE)
    assert uncovered.exit_code == 2, uncovered.output
    assert "Test goal failed due to insufficient coverage" in uncovered.output
    reported = report(repository)
    assert reported[0]["totals"]["percent_covered"] < 100
    # Nor does it pass where that is what was carried, and nothing is selected.
    repository.git("commit", "-qam", "uncovered")
    assert partial(repository, GATE).exit_code == 2
    assert carried(repository)["ran"] == []
    assert reported == report(repository)


def test_nothing_selected(repository: Repository) -> None:
    repository.edit("README.md", "What", "All that")
    tested = partial(repository, GATE, cold=True)
    assert tested.exit_code == 0, tested.output
    assert tested.tests_run() == set()
    assert carried_targets(repository) == [("app/half_test.py",), ("app/size_test.py",), TOGETHER]
    reported = report(repository)
    assert full(repository).exit_code == 0
    assert reported == report(repository)


def test_tests_that_run_together_are_carried_or_run_together(repository: Repository) -> None:
    repository.edit(TOGETHER[0], "sign(1)", "sign(2)")
    tested = partial(repository)
    assert tested.exit_code == 0, tested.output
    assert carried(repository)["ran"] == list(TOGETHER)
    assert carried_targets(repository) == [("app/half_test.py",), ("app/size_test.py",)]
    reported = report(repository)
    assert full(repository).exit_code == 0
    assert reported == report(repository)


def test_what_changed_since_the_baseline_is_never_carried(repository: Repository) -> None:
    repository.edit("lib/half.py", "return", "sign(5)\n    return")
    repository.edit("app/size_test.py", "size('ab')", "size('cd')")
    repository.git("commit", "-qam", "untested")
    missing = (
        "There is no coverage baseline for app/half_test.py, app/size_test.py, which did not have to"
        " run, so {}. Run `./pants test --use-coverage ::` once.\n"
    )
    told = partial(repository)
    assert told.exit_code == 0, told.output
    assert missing.format("the report lacks them") in told.output
    assert carried_targets(repository) == [TOGETHER]
    assert carried(repository)["missing"] == ["app/half_test.py", "app/size_test.py"]
    for gate in (GATE, "--coverage-py-fail-under=1"):
        undecided = partial(repository, gate)
        assert undecided.exit_code == 1, undecided.output
        cause = "`[coverage-py].fail_under` cannot be judged"
        assert missing.format(cause) in undecided.output
    # Named targets are as in Pants, and add to the baseline.
    plain = repository.monorepo.pants("test", "--use-coverage", "app/half_test.py")
    assert plain.exit_code == 0, plain.output
    assert carried(repository) == {
        "schema": 1,
        "carried": [],
        "ran": ["app/half_test.py"],
        "missing": [],
    }
    assert "was carried" not in plain.output
    always = ("test", "--use-coverage", "--lockstep-carry-coverage=always", GATE)
    whole = repository.monorepo.pants(*always, "app/size_test.py")
    assert whole.exit_code == 0, whole.output
    assert carried_targets(repository) == [("app/half_test.py",), TOGETHER]


def test_damaged_files_count_as_absent(repository: Repository) -> None:
    (of_size,) = (
        path
        for path in repository.monorepo.path(".git/lockstep/coverage").iterdir()
        if b"size_test" in path.read_bytes().partition(b"\n")[0]
    )
    of_size.write_bytes(of_size.read_bytes()[:-9])
    told = partial(repository, GATE)
    assert told.exit_code == 1, told.output
    damaged = (
        f"{of_size} is not the coverage that was kept for app/size_test.py. It counts as absent; a"
        " run that has to test this target writes it anew.\n"
    )
    assert told.output.count(damaged) == 1
    assert carried(repository)["missing"] == ["app/size_test.py"]
    nowhere = ("--use-coverage", "--lockstep-coverage-baseline=README.md/folder")
    unkept = repository.monorepo.pants("test", *nowhere, "app/size_test.py", "app/half_test.py")
    assert unkept.exit_code == 0, unkept.output
    told_once = (
        f"The coverage of this run cannot be kept in {repository.monorepo.path('README.md/folder')}:"
        " Not a directory. Make room there, or set `[lockstep].coverage_baseline` to another"
        " folder.\n"
    )
    assert unkept.output.count(told_once) == 1


def test_a_pin_and_an_option_are_part_of_the_key(repository: Repository) -> None:
    def keys() -> Mapping[str, str]:
        told = repository.monorepo.pants(
            "test", "--use-coverage", "--lockstep-carry-coverage=always"
        )
        assert told.exit_code == 0, told.output
        return {entry["targets"][0]: entry["key"] for entry in carried(repository)["carried"]}

    before = keys()
    assert set(before) == ALL - {TOGETHER[1]}
    lock = repository.monorepo.read(LOCK)
    repository.monorepo.write(LOCK, pinned(lock, SIX))
    assert set(keys()) == ALL - {TOGETHER[1], "app/size_test.py"}
    repository.monorepo.write(LOCK, lock)
    assert keys() == before
    repository.edit("pants.toml", "[pytest]\n", '[pytest]\nargs = ["-q"]\n')
    assert keys() == {}
