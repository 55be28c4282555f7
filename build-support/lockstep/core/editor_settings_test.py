"""Ours change as they should, a person's never, and doing it twice does nothing."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lockstep.core.editor_settings import DOTENV, PYRIGHT, VSCODE, merged, pyright_table
from lockstep.core.errors import TextError
from lockstep.core.jsonc import Json, read_jsonc, same
from lockstep.core.jsonc_test import comments, documents

CASES = max(1, int(os.environ.get("LOCKSTEP_FUZZ_CASES", "160")) // 4)
cases = settings(max_examples=CASES, deadline=None)

LISTS = ("extraPaths", "executionEnvironments")
Strategies = Dict[str, st.SearchStrategy[Any]]
_paths: st.SearchStrategy[Any] = st.lists(
    st.sampled_from(["a", "b c", "lib/ß", "own"]), unique=True, max_size=3
)
_root: Strategies = {"root": st.sampled_from(["a", "a/b", "c"])}
_environments: st.SearchStrategy[Any] = st.lists(
    st.fixed_dictionaries(_root, optional={"extraPaths": _paths}),
    unique_by=lambda environment: str(environment["root"]),
    max_size=3,
)
_always: Strategies = {"venv": st.sampled_from([".venv", "other"])}
_sometimes: Strategies = {
    "extraPaths": _paths,
    "executionEnvironments": _environments,
    "python.testing.pytestEnabled": st.just(True),
    "python.testing.pytestArgs": _paths,
}
wishes = st.fixed_dictionaries(_always, optional=_sometimes)


def last(written: Mapping[str, Json]) -> dict[str, list[Json]]:
    return {key: [value] for key, value in written.items()}


def holds(values: Any, value: Json) -> bool:
    return isinstance(values, list) and any(same(one, value) for one in values)


@cases
@given(documents(), wishes, wishes)
def test_of_a_person_nothing_changes(
    document: tuple[str, dict[str, Any]], first: dict[str, Any], second: dict[str, Any]
) -> None:
    text, theirs = document
    once = merged(PYRIGHT, text, first)
    assert once.text is not None
    assert merged(PYRIGHT, once.text, first, last(once.written)) == once
    twice = merged(PYRIGHT, once.text, second, last(once.written))
    assert merged(PYRIGHT, twice.text, second, last(twice.written)) == twice
    for result, wanted in ((once, first), (twice, second)):
        there = read_jsonc(result.text or "", "f").values
        for key, value in theirs.items():
            if key in LISTS and isinstance(value, list):
                assert all(holds(there[key], element) for element in value if key in there or value)
            else:
                assert same(there[key], value)
        for key, value in wanted.items():
            if key in LISTS and isinstance(theirs.get(key, []), list) and key == "extraPaths":
                assert all(holds(there.get(key, []), element) for element in value)
            elif key not in theirs and value:
                assert same(there[key], value)
        assert set(there) <= {*theirs, *wanted}
        assert comments(result.text or "") == comments(text)


@cases
@given(documents(), wishes)
@example(('{"extraPaths": []}', {"extraPaths": []}), {"venv": ".venv", "extraPaths": ["a"]})
def test_what_is_no_longer_wanted_goes(
    document: tuple[str, dict[str, Any]], wanted: dict[str, Any]
) -> None:
    text, theirs = document
    once = merged(PYRIGHT, text, wanted)
    gone = merged(PYRIGHT, once.text, {}, last(once.written))
    assert gone.written == {}
    left = read_jsonc(gone.text or "", "f").values
    # An empty list goes with what it came to hold.
    empty: dict[str, Json] = {key: [] for key in LISTS if theirs.get(key) == []}
    assert same({**empty, **left}, theirs)
    assert comments(gone.text or "") == comments(text)


MINE = """\
{
  // how we test here
  "python.testing.pytestArgs": ["-x"],
  "editor.rulers": [100], /* wide */
}
"""


def test_a_settings_file_of_a_person() -> None:
    wanted = {
        "python.defaultInterpreterPath": "${workspaceFolder}/.venv/bin/python",
        "python.testing.pytestArgs": ["services/a/tests"],
    }
    result = merged(VSCODE, MINE, wanted)
    assert result.text == MINE.replace(
        "/* wide */\n",
        '/* wide */\n  "python.defaultInterpreterPath": "${workspaceFolder}/.venv/bin/python",\n',
    )
    assert result.kept == ("python.testing.pytestArgs",)
    assert list(result.written) == ["python.defaultInterpreterPath"]
    assert merged(VSCODE, result.text, {}, last(result.written)).text == MINE


def test_a_person_who_changes_a_key_of_ours_has_it() -> None:
    ours = merged(VSCODE, None, {"python.envFile": "a"})
    theirs = (ours.text or "").replace('"a"', '"b"')
    result = merged(VSCODE, theirs, {"python.envFile": "c"}, last(ours.written))
    assert (result.text, result.written, result.kept) == (theirs, {}, ("python.envFile",))


def test_after_a_kill_either_value_is_ours() -> None:
    for there in ("a", "b"):
        text = json.dumps({"python.envFile": there})
        result = merged(VSCODE, text, {"python.envFile": "c"}, {"python.envFile": ["a", "b"]})
        assert read_jsonc(result.text or "", "f").values == {"python.envFile": "c"}


def test_who_tests_with_unittest_is_not_given_pytest() -> None:
    text = '{"python.testing.unittestEnabled": true}'
    result = merged(VSCODE, text, {"python.testing.pytestEnabled": True})
    assert result.text == text


def test_inner_environments_come_first_even_where_they_are_new() -> None:
    outer, inner = {"root": "a"}, {"root": "a/b"}
    once = merged(PYRIGHT, None, {"executionEnvironments": [outer]})
    wanted = {"executionEnvironments": [inner, outer]}
    twice = merged(PYRIGHT, once.text, wanted, last(once.written))
    assert read_jsonc(twice.text or "", "f").values == wanted


def test_an_environment_of_a_person_stands_for_its_folder() -> None:
    text = '{"executionEnvironments": [{"root": "a", "pythonVersion": "3.8"}]}'
    wanted = {"executionEnvironments": [{"root": "a"}, {"root": "b"}]}
    values = read_jsonc(merged(PYRIGHT, text, wanted).text or "", "f").values
    assert values == {
        "executionEnvironments": [{"root": "a", "pythonVersion": "3.8"}, {"root": "b"}]
    }


@pytest.mark.parametrize(
    "before, after",
    [
        (None, "PYTHONPATH=/r/a:/r/b\n"),
        ("A=1", "A=1\nPYTHONPATH=/r/a:/r/b\n"),
        ("A=1\r\n", "A=1\r\nPYTHONPATH=/r/a:/r/b\r\n"),
        (
            "export PYTHONPATH='/x:${env:PYTHONPATH}' # why\nB=2\n",
            "export PYTHONPATH='/x:${env:PYTHONPATH}:/r/a:/r/b' # why\nB=2\n",
        ),
        ("PYTHONPATH=/r/old:/x\n", "PYTHONPATH=/x:/r/a:/r/b\n"),
        ("# PYTHONPATH=/y\nPYTHONPATH=\n", "# PYTHONPATH=/y\nPYTHONPATH=/r/a:/r/b\n"),
        ("PYTHONPATH=/y\nPYTHONPATH=/x", "PYTHONPATH=/y\nPYTHONPATH=/x:/r/a:/r/b"),
    ],
)
def test_variables_of_a_person_stay(before: str | None, after: str) -> None:
    wanted = {"PYTHONPATH": ["/r/a", "/r/b"]}
    result = merged(DOTENV, before, wanted, {"PYTHONPATH": [["/r/old"]]})
    assert result.text == after
    assert merged(DOTENV, after, wanted, last(result.written)) == result
    if "/r/old" not in (before or ""):
        gone = merged(DOTENV, after, {}, last(result.written)).text
        assert (gone or "").strip() == (before or "").replace("\nPYTHONPATH=\n", "").strip()


def test_paths_with_blanks_are_quoted() -> None:
    assert merged(DOTENV, None, {"PYTHONPATH": ["/my repo"]}).text == 'PYTHONPATH="/my repo"\n'


def test_a_value_that_cannot_be_read_is_told() -> None:
    with pytest.raises(TextError) as caught:
        merged(DOTENV, 'A=1\nPYTHONPATH="a\nb"\n', {"PYTHONPATH": ["/r"]})
    assert str(caught.value) == (
        ".env:2: the value of PYTHONPATH cannot be read as a list of paths. Put the whole value into"
        " double quotes, on one line."
    )


def test_the_table_of_pyright() -> None:
    assert pyright_table('[project]\nname = "x"\n') is None
    assert pyright_table('[project]\ndependencies = ["pyright"]\n') is None
    assert pyright_table('[tool.pyright]\nvenv = "v"\n') == {"venv": "v"}
    with pytest.raises(TextError):
        pyright_table("[tool.pyright\n")
