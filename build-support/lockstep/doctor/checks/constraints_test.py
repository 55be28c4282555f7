"""The doctor's reading of interpreter constraints, beside that of `packaging`."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from lockstep.doctor.checks.constraints import allows


@pytest.mark.parametrize(
    "constraint,implementation,version,holds",
    [
        ("CPython==3.11.*", "CPython", (3, 11, 7), True),
        ("CPython==3.11.*", "CPython", (3, 1, 1), False),
        ("CPython>=3.9,<3.15", "CPython", (3, 14, 9), True),
        ("CPython>=3.9,<3.15", "CPython", (3, 15, 0), False),
        ("CPython>=3.9", "PyPy", (3, 10, 0), False),
        (">=3.9", "PyPy", (3, 10, 0), True),
        ("CPython", "CPython", (2, 7, 18), True),
        (" CPython >= 3.9 , != 3.9.2 ", "CPython", (3, 9, 2), False),
    ],
)
def test_allows(
    constraint: str, implementation: str, version: tuple[int, int, int], holds: bool
) -> None:
    assert allows(constraint, implementation, version) is holds


@pytest.mark.parametrize("constraint", ["CPython===3.9", "Jython>=3", "CPython>=3.9rc1", "~=3"])
def test_what_is_not_understood_is_an_error(constraint: str) -> None:
    with pytest.raises(ValueError, match=r"3"):
        allows(constraint, "CPython", (3, 9, 1))


numbers = st.lists(st.integers(0, 12), min_size=1, max_size=3)


@st.composite
def specifiers(draw: st.DrawFn) -> str:
    parts = draw(numbers)
    operators = ["==", "!=", ">=", "<=", ">", "<", *(["~="] if len(parts) > 1 else [])]
    operator = draw(st.sampled_from(operators))
    star = ".*" if operator in ("==", "!=") and draw(st.booleans()) else ""
    return operator + ".".join(map(str, parts)) + star


@settings(
    max_examples=int(os.environ.get("LOCKSTEP_FUZZ_CASES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(specifiers(), max_size=3), st.tuples(*[st.integers(0, 12)] * 3))
def test_specifiers_mean_what_they_mean_to_packaging(
    texts: list[str], version: tuple[int, int, int]
) -> None:
    text = ",".join(texts)
    assert allows(f"CPython{text}", "CPython", version) is (
        ".".join(map(str, version)) in SpecifierSet(text)
    )
