"""Releases that are held back: the file, and what it keeps from being chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.errors import TextError
from lockstep.core.held import Held, bounds, merged, parse, render
from lockstep.core.input_values import InputRequirement

TODAY = date(2026, 11, 28)
IDNA = Held("idna", "3.11", "breaks names", date(2026, 12, 12))
NUMPY = Held(
    *("numpy", "2.2", 'its "new" types', date(2026, 12, 1), "python-default"),
    tests=("libs/a_test.py:tests", "libs/b_test.py"),
    log="E   boom\n\\ a backslash\n",
)
TEXT = """\
# Releases that `./pants lock --upgrade` leaves out until they expire (docs/lock.md). Deleting an entry
# lets the next upgrade try it again; `./pants lock --upgrade-package=NAME==VERSION` takes it at once.

[[held]]
release = "idna==3.11"
reason = "breaks names"
expires = 2026-12-12

[[held]]
release = "numpy==2.2"
resolve = "python-default"
reason = "its \\"new\\" types"
expires = 2026-12-01
tests = [
    "libs/a_test.py:tests",
    "libs/b_test.py",
]
log = \"\"\"
E   boom
\\\\ a backslash
\"\"\"
"""


def test_the_file() -> None:
    assert render([IDNA, NUMPY]) == TEXT
    assert parse(TEXT, "held.toml") == (replace(IDNA, line=4), replace(NUMPY, line=9))
    assert parse("", "held.toml") == parse(render([]), "held.toml") == ()


@given(st.text(), st.text(), st.lists(st.text()))
def test_whatever_a_test_says_can_be_read_again(reason: str, log: str, tests: list[str]) -> None:
    held = replace(IDNA, reason=f"x{reason}".strip(), log=log, tests=tuple(tests))
    written = render([held])
    (read,) = parse(written, "held.toml")
    assert (read.reason, read.tests) == (held.reason, held.tests)
    assert render([read]) == written


@pytest.mark.parametrize(
    "text,error",
    [
        ("held = 3", "1: `held` is not an array of tables. Write each as `[[held]]`."),
        (
            "\n[[held]]\nrelease = 'idna>=3'",
            '2: the entry names no release of one project. Write it as `release = "idna==3.11"`.',
        ),
        (
            "[[held]]\nrelease = 'idna==3.*'",
            '1: the entry names no release of one project. Write it as `release = "idna==3.11"`.',
        ),
        (
            "[[held]]\nrelease = 'idna==3.11'",
            "1: the entry for `idna==3.11` tells no reason. State it as `reason`.",
        ),
        (
            "[[held]]\nrelease = 'idna==3.11'\nreason = 'x'\nexpires = '2026-12-31'",
            "1: the entry for `idna==3.11` tells no day on which it expires. State it as `expires ="
            " 2026-12-31`, without quotes.",
        ),
        (
            "[[held]]\nrelease = 'idna==3.11'\nreason = 'x'\nexpires = 2026-12-31\ntests = 'a'",
            "1: `tests` of the entry for `idna==3.11` is no list of strings. Mend it.",
        ),
    ],
)
def test_what_an_entry_lacks(text: str, error: str) -> None:
    with pytest.raises(TextError) as raised:
        parse(text, "held.toml")
    assert str(raised.value) == f"held.toml:{error}"


def test_what_is_not_chosen() -> None:
    held = (replace(IDNA, line=4), replace(NUMPY, line=9))
    idna, numpy = (
        InputRequirement("held.toml", 4, "idna!=3.11"),
        InputRequirement("held.toml", 9, "numpy!=2.2"),
    )
    assert bounds(held, "python-default", "held.toml", TODAY) == (idna, numpy)
    assert bounds(held, "other", "held.toml", TODAY) == (idna,)
    assert bounds(held, "python-default", "held.toml", date(2026, 12, 1)) == (idna,)
    assert bounds(held, "python-default", "held.toml", TODAY, ["idna"]) == (numpy,)


def test_new_entries_join_those_that_have_not_expired() -> None:
    again = replace(IDNA, reason="still breaks", expires=date(2026, 12, 24))
    expired = Held("six", "2.0", "x", TODAY)
    assert merged([IDNA, NUMPY, expired], [again], TODAY) == (again, NUMPY)
