"""Conflicts: the smallest set of demands, and what is said of it.

`testdata/conflicts` holds inputs that cannot be resolved, with what uv, pip and pip-tools really
wrote about each. The demands are minimised by a small resolver of the same wheels.
"""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from typing import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from lockstep.core.conflicts import Demand, demands, explain, minimise
from lockstep.core.inputs import InputRequirement, is_compiled, joined, parse_input
from lockstep.core.resolver_texts import Edge, edges

CASES = Path(__file__).parent / "testdata" / "conflicts"
TEXTS = ("uv.txt", "pip.txt", "pip_tools.txt")

WHEELS: dict[str, dict[str, list[str]]] = {
    "engine": {"1.0": [], "1.5": [], "2.0": [], "2.1": []},
    "wagon": {"1.0": ["engine<2"], "1.1": ["engine<2"]},
    "train": {"3.0": ["wagon>=1"]},
    "winch": {"1.0": ["engine<2"]},
    "future": {},  # all of its releases are for a newer Python
    "crane": {"1.0": ["engine>=2"]},
}
"""The wheels that the tools were run on, as they are on Linux with every extra."""


def cannot_be_met(wanted: Sequence[Demand]) -> bool:
    """Tries every choice of versions."""
    stated = [(Requirement(d.stated.text), d.constraint) for d in wanted]
    for versions in product(*([None, *releases] for releases in WHEELS.values())):
        chosen = {name: version for name, version in zip(WHEELS, versions) if version}
        required = [
            Requirement(text) for name, version in chosen.items() for text in WHEELS[name][version]
        ]
        met = all(r.name in chosen or bound for r, bound in stated)
        met = met and all(r.name in chosen for r in required)
        bounds = [*required, *(r for r, _ in stated)]
        if met and all(r.specifier.contains(chosen[r.name]) for r in bounds if r.name in chosen):
            return False
    return True


def explained(case: str, tool: str) -> str:
    folder = CASES / case
    texts = {path.name: path.read_text() for path in folder.iterdir() if path.name not in TEXTS}
    inputs = joined(
        sorted(name for name in texts if name.endswith(".in")),
        {name: parse_input(text, name) for name, text in texts.items()},
    )
    compiled = [name for name, text in texts.items() if is_compiled(text)]
    core = minimise(demands(inputs, compiled), cannot_be_met)
    return explain(core, (folder / tool).read_text(), "3.11")


TOGETHER = "These cannot be met together:\n"
ENGINE = "Change a.in:1 or b.in:1, so that one release of `engine` fits all of them."
MESSAGES = {
    "direct": f"{TOGETHER}  a.in:1 requires `engine>=2`\n  b.in:1 requires `engine<2`\n{ENGINE}",
    "transitive": f"{TOGETHER}"
    "  a.in:1 requires `wagon`; every release of `wagon` requires `engine<2`\n"
    f"  b.in:1 requires `engine>=2`\n{ENGINE}",
    "middle": f"{TOGETHER}"
    "  a.in:1 requires `wagon>1`; `wagon>=1.1` requires `engine<2`\n"
    f"  b.in:1 requires `engine>=2`\n{ENGINE}",
    "chain": f"{TOGETHER}"
    "  a.in:1 requires `train`; every release of `train` requires `wagon`;"
    " every release of `wagon` requires `engine<2`\n"
    f"  b.in:1 requires `engine>=2`\n{ENGINE}",
    "extra": f"{TOGETHER}"
    "  a.in:1 requires `crane[heavy]`; every release of `crane[heavy]` requires `engine>=2`\n"
    f"  b.in:1 requires `engine<2`\n{ENGINE}",
    "two": f"{TOGETHER}"
    "  a.in:1 requires `wagon`; every release of `wagon` requires `engine<2`\n"
    "  b.in:1 requires `crane[heavy]`; every release of `crane[heavy]` requires `engine>=2`\n"
    f"{ENGINE}",
    "marker": f"{TOGETHER}"
    '  a.in:1 requires `engine>=2 ; sys_platform == "linux"`\n'
    "  b.in:1 requires `winch`; every release of `winch` requires"
    " `engine<2 ; sys_platform == 'linux'`\n"
    f"{ENGINE}\nOr narrow their markers, so that they do not hold at once.",
    "constraint": f"{TOGETHER}"
    "  a.in:2 requires `engine>=2`\n  c.txt:1 bounds `engine<2`\n"
    "Change a.in:2 or c.txt:1, so that one release of `engine` fits all of them.",
    "compiled": f"{TOGETHER}"
    "  a.in:2 requires `engine>=2`\n  c.txt:6 bounds `engine==1.5`\n"
    "Leave `-c c.txt` out: another tool compiled it as a lock, and this one lock takes its place.",
    "python": "This cannot be met:\n"
    "  a.in:1 requires `future`; `future==4.0` requires `Python>=3.13`;"
    " `future==4.1` requires `Python>=3.14`\n"
    "None of these is for Python 3.11: allow another release in a.in:1, or change the interpreter"
    " constraints of the resolve.",
    "missing": "This cannot be met:\n  a.in:1 requires `engine>=3`\n"
    "No release of `engine` fits: correct a.in:1, or offer one by an index.",
}


def test_every_case_is_in_the_table() -> None:
    assert {path.name for path in CASES.iterdir()} == MESSAGES.keys()


@pytest.mark.parametrize("case", sorted(MESSAGES))
def test_message_from_the_words_of_uv(case: str) -> None:
    assert explained(case, "uv.txt") == MESSAGES[case]


FROM_PIP = {
    "transitive": "  a.in:1 requires `wagon`; `wagon==1.1` and `wagon==1.0` require `engine<2`",
    "marker": "  b.in:1 requires `winch`; `winch==1.0` requires"
    ' `engine<2; sys_platform == "linux"`',
    "python": "  a.in:1 requires `future`; `future==4.1` requires `Python>=3.14`;"
    " `future==4.0` requires `Python>=3.13`",
}


@pytest.mark.parametrize("tool", TEXTS[1:])
@pytest.mark.parametrize("case", sorted(FROM_PIP))
def test_path_from_the_words_of_pip(case: str, tool: str) -> None:
    assert FROM_PIP[case] in explained(case, tool).splitlines()


@pytest.mark.parametrize("tool", TEXTS[1:])
@pytest.mark.parametrize("case", ["direct", "constraint", "compiled", "missing"])
def test_message_that_needs_no_path_is_the_same_for_all_tools(case: str, tool: str) -> None:
    assert explained(case, tool) == MESSAGES[case]


@pytest.mark.parametrize("text", ["", (CASES / "chain" / "pip.txt").read_text()])
def test_link_that_no_resolver_told(text: str) -> None:
    core = [Demand(InputRequirement(f"{n}.in", 1, n)) for n in ("train", "engine")]
    assert explain(core, text, "3.11") == (
        f"{TOGETHER}  train.in:1 requires `train`\n  engine.in:1 requires `engine`\n"
        "Change train.in:1 or engine.in:1; how they are linked stands in the resolver's own words."
    )


def test_many_releases_are_counted() -> None:
    text = "".join(f"    wagon 1.{n} depends on engine<2\n" for n in range(9))
    core = [
        Demand(InputRequirement("a.in", 1, "wagon")),
        Demand(InputRequirement("b", 0, "engine")),
    ]
    assert explain(core, text, "3.11").splitlines()[1] == (
        "  a.in:1 requires `wagon`;"
        " `wagon==1.0` and `wagon==1.1` and `wagon==1.2` and 6 more require `engine<2`"
    )


def test_no_credentials_in_a_message() -> None:
    stated = InputRequirement("a.in", 1, "six @ https://ann:secret@files.example/six.whl")
    assert "secret" not in explain([Demand(stated)], "", "3.11")


def test_conclusions_of_uv_are_no_edges() -> None:
    assert edges((CASES / "chain" / "uv.txt").read_text()) == (
        Edge("wagon", "", "engine", "engine<2"),
        Edge("train", "", "wagon", "wagon"),
    )


_WORDS = [
    *("all versions of ", "a", "b==1", " depends on ", " depend on ", "\n    ", " ", ".", ", "),
    *("Because ", "we can conclude that ", "requires Python ", ">=3", "{", "}", "'", "(", "["),
    *("requirement=SpecifierRequirement('a<1'), parent=", "LinkCandidate('/x-1.tar.gz'", "]"),
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(_WORDS)).map("".join)))
def test_any_text_is_explained(text: str) -> None:
    core = [Demand(InputRequirement("a.in", 1, name)) for name in ("a", "b")]
    assert explain(core, text, "3.11").startswith(TOGETHER)


@st.composite
def conflicting(draw: st.DrawFn) -> tuple[int, list[frozenset[int]]]:
    """How many items there are, and sets of them that cannot be met together."""
    count = draw(st.integers(1, 40))
    sets = st.frozensets(st.integers(0, count - 1), min_size=1, max_size=6)
    return count, draw(st.lists(sets, min_size=1, max_size=5))


@given(conflicting())
def test_what_is_found_is_minimal_and_found_in_few_calls(
    case: tuple[int, list[frozenset[int]]],
) -> None:
    count, conflicts = case
    calls: list[int] = []

    def is_unsatisfiable(items: Sequence[int]) -> bool:
        calls.append(len(items))
        return any(conflict <= set(items) for conflict in conflicts)

    found = minimise(range(count), is_unsatisfiable)
    asked = len(calls)
    assert list(found) == sorted(found)
    assert is_unsatisfiable(found)
    for left_out in found:
        assert not is_unsatisfiable([item for item in found if item != left_out])
    assert asked <= 1 + 2 * len(found) * (math.log2(count / len(found)) + 2)


def test_nothing_to_minimise() -> None:
    with pytest.raises(ValueError, match="there is no conflict"):
        minimise([1, 2], lambda items: False)
    assert minimise([], lambda items: True) == ()
