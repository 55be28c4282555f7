from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.affected import Affected, Cause, CauseKind, Reach
from lockstep.core.affected_report import Label, as_json, as_matrix, check_shards
from lockstep.core.errors import LockstepError

PIN = Cause("idna 3.10 → 3.11 ← requests", CauseKind.PIN)
OPTION = Cause("`[mypy].args` changed", CauseKind.OPTION, Reach.FORMAT)
REQUESTS = Label("app:inputs#requests", "python_requirement", "app", "requests")
TEST = Label("app/name_test.py", "python_test", "app", "app/name_test.py")
FOUND = [Affected(REQUESTS, PIN, (REQUESTS,)), Affected(TEST, PIN, (REQUESTS, TEST))]


def test_json() -> None:
    cause = '{"kind": "pin", "reach": "all", "text": "idna 3.10 \\u2192 3.11 \\u2190 requests"}'
    assert as_json(FOUND, [OPTION], since="main", goal="test") == (
        '{"schema": 1, "since": "main", "goal": "test",\n'
        '"everywhere": [\n'
        '  {"kind": "option", "reach": "lint", "text": "`[mypy].args` changed"}\n'
        "],\n"
        '"affected": [\n'
        '  {"target": "app:inputs#requests", "type": "python_requirement",'
        f' "cause": {cause}, "path": ["app:inputs#requests"]}},\n'
        '  {"target": "app/name_test.py", "type": "python_test",'
        f' "cause": {cause}, "path": ["app:inputs#requests", "app/name_test.py"]}}\n'
        "]}"
    )


def test_json_of_nothing() -> None:
    assert json.loads(as_json([], [], since='a"b', goal="all")) == {
        "schema": 1,
        "since": 'a"b',
        "goal": "all",
        "everywhere": [],
        "affected": [],
    }


def test_matrix() -> None:
    targets = ["app/a_test.py", "app/x y_test.py:../tests", "lib:lib@python=3.11"]
    assert as_matrix(targets, 2, {"app/a_test.py": 3.0, "lib:lib@python=3.11": 1.25}) == (
        '{"include":['
        '{"shard":1,"count":1,"seconds":3.0,"targets":"app/a_test.py"},'
        '{"shard":2,"count":2,"seconds":3.375,'
        '"targets":"\'app/x y_test.py:../tests\' lib:lib@python=3.11"}'
        "]}"
    )
    assert as_matrix(["a:a"], 4, {}) == (
        '{"include":[{"shard":1,"count":1,"seconds":null,"targets":"a:a"}]}'
    )
    assert as_matrix([], 4, {"a:a": 1.0}) == '{"include":[]}'


@given(targets=st.lists(st.text(min_size=1), unique=True), shards=st.integers(1, 4))
def test_a_shell_reads_the_targets_of_a_matrix_and_nothing_else(
    targets: list[str], shards: int
) -> None:
    matrix = as_matrix(targets, shards, {})
    assert matrix.isascii() and "\n" not in matrix
    jobs = json.loads(matrix)["include"]
    read = [shlex.split(job["targets"]) for job in jobs]
    assert [len(names) for names in read] == [job["count"] for job in jobs]
    assert sorted(name for names in read for name in names) == sorted(targets)


@pytest.mark.parametrize("shards", [-1, 0, 257])
def test_a_number_of_jobs_that_github_does_not_run(shards: int) -> None:
    check_shards(1)
    check_shards(256)
    with pytest.raises(LockstepError) as raised:
        check_shards(shards)
    assert str(raised.value) == (
        f"A matrix has from 1 to 256 jobs, not {shards}. Give `--shards` such a number."
    )
