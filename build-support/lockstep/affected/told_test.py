from __future__ import annotations

from pathlib import Path

import pytest
from pants.backend.python.target_types import PythonTestTarget
from pants.engine.addresses import Address
from pants.engine.target import AllTargets

from lockstep.affected.owners import Ownership
from lockstep.affected.told import labelled, recorded_seconds, types_of
from lockstep.core.affected import Affected, Cause, CauseKind
from lockstep.core.affected_report import Label
from lockstep.core.errors import LockstepError

A, B = (
    PythonTestTarget(
        {"source": f"{name}_test.py"},
        Address("app", target_name="tests", relative_file_path=f"{name}_test.py"),
    )
    for name in ("a", "b")
)
OWNERSHIP = Ownership(AllTargets([A, B]), ())


def report(path: Path, seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'<testsuites><testsuite time="{seconds}" /></testsuites>')


def test_of_several_reports_the_longest_counts_and_others_are_passed_over(tmp_path: Path) -> None:
    name = f"{A.address.path_safe_spec}.xml"
    report(tmp_path / "one" / name, 2.0)
    report(tmp_path / "two/deeper" / name, 1.0)
    report(tmp_path / "one/of.a.test.that.is.gone.xml", 9.0)
    both = {"app/a_test.py:tests": 2.0}
    assert recorded_seconds("**/*.xml", tmp_path, OWNERSHIP) == both
    assert recorded_seconds(f"{tmp_path}/*/*.xml", Path("/nowhere"), OWNERSHIP) == both
    assert recorded_seconds("two/*/*", tmp_path, OWNERSHIP) == {"app/a_test.py:tests": 1.0}
    assert recorded_seconds("three/*.xml", tmp_path, OWNERSHIP) == {}


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "reports/x.xml").mkdir(parents=True)
    (tmp_path / "damaged.xml").write_text("<testsuites>")
    for glob, error in {
        "reports/*.xml": "reports/x.xml cannot be read: Is a directory. Correct `--durations`.",
        "*.xml": (
            "damaged.xml:1: this is not XML."
            " Name reports that `./pants test --report` wrote, or delete it."
        ),
        "**x/y": (
            "`--durations=**x/y` is no glob: Invalid pattern: '**' can only be an entire path"
            " component. Give one such as `dir/**/*.xml`."
        ),
        "/": "`--durations=/` is no glob: Unacceptable pattern: ''. Give one such as `dir/**/*.xml`.",
    }.items():
        with pytest.raises(LockstepError) as raised:
            recorded_seconds(glob, tmp_path, OWNERSHIP)
        assert str(raised.value) == error


def test_labels() -> None:
    requirement = Address("3rdparty", target_name="tools", generated_name="pytest")
    cause = Cause("pytest 9.1 → 9.2", CauseKind.PIN)
    types = {**types_of(OWNERSHIP), requirement: "python_requirement"}
    assert labelled(Affected(A.address, cause, (requirement, A.address)), types) == Affected(
        Label("app/a_test.py:tests", "python_test", "app", "app/a_test.py"),
        cause,
        (
            Label("3rdparty:tools#pytest", "python_requirement", "3rdparty", "pytest"),
            Label("app/a_test.py:tests", "python_test", "app", "app/a_test.py"),
        ),
    )
