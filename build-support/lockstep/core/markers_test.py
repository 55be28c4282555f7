"""Markers: agreement with `packaging` where all is known, and soundness where it is not."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging import markers
from packaging.markers import InvalidMarker

from lockstep.core.markers import Environment, read, written

cases = settings(max_examples=int(os.environ.get("LOCKSTEP_FUZZ_CASES", "60")), deadline=None)

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12")
VALUES = {
    "os_name": ("posix", "nt"),
    "sys_platform": ("linux", "win32", "darwin"),
    "platform_machine": ("x86_64", "aarch64", "arm64"),
    "platform_system": ("Linux", "Windows", "Darwin"),
    "platform_python_implementation": ("CPython", "PyPy"),
    "implementation_name": ("cpython", "pypy"),
    "python_version": PYTHONS,
    "python_full_version": tuple(f"{minor}.{patch}" for minor in PYTHONS for patch in (0, 1, 2, 9)),
    "implementation_version": ("3.11.4",),
    "platform_release": ("5.10", "6.1.0"),
    "platform_version": ("12", "13.1"),
}
VERSIONED = ("python_version", "python_full_version", "implementation_version", "platform_release")
ORDERS = ("==", "!=", "<", "<=", ">", ">=")


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    variable = draw(st.sampled_from([*VALUES, "python_full_version", "extra"]))
    if variable == "extra":
        return f"extra {draw(st.sampled_from(['==', '!=']))} '{draw(st.sampled_from('ab'))}'"
    value = draw(st.sampled_from(VALUES[variable]))
    operators = ["==", "!=", "in", "not in"]
    if variable in VERSIONED:
        operators += [*ORDERS, "~="]
    operator = draw(st.sampled_from(operators))
    if variable in VERSIONED and operator in ("==", "!=") and draw(st.booleans()):
        value += ".*"
    sides = [variable, draw(st.sampled_from([f'"{value}"', f"'{value}'"]))]
    if operator in ORDERS and not value.endswith("*") and draw(st.booleans()):
        sides.reverse()
    return f" {operator} ".join(sides)


def marker_texts() -> st.SearchStrategy[str]:
    return st.recursive(
        comparisons(),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(" and ".join),
            st.tuples(inner, inner).map(" or ".join),
            inner.map(lambda text: f"( {text})"),
        ),
        max_leaves=6,
    )


@st.composite
def environments(draw: st.DrawFn) -> dict[str, str]:
    full = {name: draw(st.sampled_from(values)) for name, values in VALUES.items()}
    return {**full, "python_version": full["python_full_version"].rpartition(".")[0]}


EXTRAS = st.sampled_from(["", "a", "b"])


@cases
@given(marker_texts(), environments(), EXTRAS)
def test_where_all_is_known_packaging_says_the_same(
    text: str, known: dict[str, str], extra: str
) -> None:
    wanted = markers.Marker(text).evaluate({**known, "extra": extra})
    assert Environment(known).truth(text, extra) is wanted


@cases
@given(marker_texts(), environments(), EXTRAS, st.sets(st.sampled_from(sorted(VALUES))))
def test_what_is_said_of_a_part_holds_for_the_whole(
    text: str, whole: dict[str, str], extra: str, unknown: set[str]
) -> None:
    part = {name: value for name, value in whole.items() if name not in unknown}
    assert Environment(part).truth(text, extra) in (None, Environment(whole).truth(text, extra))


@cases
@given(marker_texts(), environments(), EXTRAS)
def test_canonical_spelling_means_the_same_and_is_its_own(
    text: str, known: dict[str, str], extra: str
) -> None:
    spelled = written(read(text))
    assert written(read(spelled)) == spelled
    assert read(spelled) == read(text)
    whole = {**known, "extra": extra}
    assert markers.Marker(spelled).evaluate(whole) is markers.Marker(text).evaluate(whole)


@cases
@given(st.text(alphabet="ao()'\"<= nidrextos_nam.\u00e9", max_size=30) | marker_texts().map(repr))
def test_any_text_is_a_marker_or_invalid(text: str) -> None:
    try:
        assert read(written(read(text))) == read(text)
    except InvalidMarker as error:
        assert str(error) == f"`{text}` is not an environment marker (PEP 508)"
        assert Environment({}).truth(text) is None


@pytest.mark.parametrize(
    "text,truth",
    [
        ("python_version >= '3.9'", True),
        ("python_version < '3.9'", False),
        ("python_full_version >= '3.11.2'", None),
        ("python_full_version < '3.10'", False),
        ("python_full_version >= '3.11'", True),
        ("python_full_version <= '3.11'", None),
        ("python_full_version < '3.11.0'", False),
        ("python_full_version > '3.11.0'", None),
        ("python_full_version < '3.11.0rc2'", None),
        ("python_full_version != '3.11.3'", None),
        ("python_full_version == '3.11.*'", True),
        ("python_full_version != '3.11.*'", False),
        ("python_full_version ~= '3.10.2'", False),
        ("'3.11.5' <= python_full_version", None),
        ("'3.12' > python_full_version", True),
        ("python_full_version in '3.11.1 3.11.2'", None),
        ("platform_machine == 'arm64'", None),
        ("platform_machine == 'arm64' and python_version < '3'", False),
        ("platform_machine == 'arm64' or python_version > '3'", True),
        ("platform_machine == 'arm64' or python_version < '3'", None),
        ("extra == 'Big_Data'", True),
        ("'big.data' == extra", True),
        ("extra != 'big-data'", False),
        ("extra == 'small' and platform_machine == 'arm64'", False),
        ("python_version ~= 'x'", None),
        ("'a' == 'b'", None),
        ("os_name == sys_platform", None),
        ("'cli' in extras", None),
        ("os.name == 'posix' and python_implementation == 'CPython'", True),
        ("not a marker", None),
        (f"{'(' * 999}os_name == 'posix'{')' * 999}", None),
    ],
)
def test_truth_where_only_the_minor_version_is_known(text: str, truth: bool | None) -> None:
    known = {"python_version": "3.11", "os_name": "posix"}
    known["platform_python_implementation"] = "CPython"
    assert Environment(known).truth(text, "big-data") is truth


def test_no_marker_is_always_true() -> None:
    assert Environment({}).truth(None) is True


@pytest.mark.parametrize(
    "text,spelled",
    [
        ("os.name=='nt'and( python_version<'3' )", 'os_name == "nt" and python_version < "3"'),
        (
            "((os_name == 'a' or (os_name  not   in 'b'))) or extra == 'X_y'",
            'os_name == "a" or os_name not in "b" or extra == "x-y"',
        ),
        (
            "os_name == 'a' and (os_name == 'b' or os_name == 'c' and os_name == 'd')",
            'os_name == "a" and (os_name == "b" or os_name == "c" and os_name == "d")',
        ),
        ("platform_version == 'a\"b'", "platform_version == 'a\"b'"),
    ],
)
def test_canonical_spelling(text: str, spelled: str) -> None:
    assert written(read(text)) == spelled
