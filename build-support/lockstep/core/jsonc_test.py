"""Values change; comments, other values, line ends and the way a person writes stay."""

from __future__ import annotations

import json
import os
import re
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lockstep.core.errors import TextError
from lockstep.core.jsonc import read_jsonc, same

CASES = max(1, int(os.environ.get("LOCKSTEP_FUZZ_CASES", "160")) // 4)
cases = settings(max_examples=CASES, deadline=None)

keys = st.sampled_from(
    ["a", "b", "größe", "venv", "exclude", "extraPaths", "executionEnvironments"]
    + ["python.envFile", "python.testing.pytestArgs", "python.testing.pytestEnabled"]
)
elements = st.sampled_from(["", "a", "b c", "ß//", "/* x */", 'q"\\', "${x}", ",]"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.just(1.5) | elements,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(elements, inner, max_size=3),
    max_leaves=6,
)
_BLANKS = ("", "", " ", "\n", "\n    ", "\t", " // c\n", "/* \n, */", " /* } */ ")


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A text and what it means: one object."""
    value = draw(st.dictionaries(keys, values, max_size=4))
    # Drawing every blank by itself would take most of the time.
    random = Random(draw(st.integers(0, 999)))
    text = random.choice(_BLANKS) + _rendered(value, random)
    return text.replace("\n", random.choice(["\n", "\r\n"])), value


def _rendered(value: Any, random: Random) -> str:
    def blanks() -> str:
        return random.choice(_BLANKS)

    def join(parts: list[str], brackets: str) -> str:
        trailing = random.choice(["", ","]) if parts else ""
        inner = f",{blanks()}".join(parts)
        return f"{brackets[0]}{blanks()}{inner}{trailing}{blanks()}{brackets[1]}"

    if isinstance(value, list):
        text = join([_rendered(element, random) for element in value], "[]")
    elif isinstance(value, dict):
        pairs = [
            f"{json.dumps(key)}{blanks()}:{blanks()}{_rendered(value[key], random)}"
            for key in value
        ]
        text = join(pairs, "{}")
    else:
        text = json.dumps(value, ensure_ascii=random.choice([True, False]))
    return text + blanks()


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)


def comments(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(text) if token.startswith("/")]


@cases
@given(documents())
def test_what_is_read_is_what_was_written(document: tuple[str, dict[str, Any]]) -> None:
    text, value = document
    read = read_jsonc(text, "f")
    assert same(read.values, value)
    assert read.text == text


@cases
@example(('{\r\n"a": [ // c\r\n[ // c\r\n],[]]\r\n}', {"a": [[], []]}), "a", [])
@given(documents(), keys, values)
def test_one_key_changes_and_nothing_else(
    document: tuple[str, dict[str, Any]], key: str, new: Any
) -> None:
    text, value = document
    changed = read_jsonc(text, "f").with_value(key, new)
    assert same(changed.values[key], new)
    assert changed.with_value(key, new).text == changed.text
    assert same({**changed.values, key: 0}, {**value, key: 0})
    if key not in value or isinstance(new, list) and isinstance(value[key], list):
        assert comments(changed.text) == comments(text)
    if key not in value:
        assert list(changed.values)[:-1] == list(value)
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert "\n" not in changed.text.replace("\r\n", "")


def test_a_comment_that_stays_gets_no_blanks() -> None:
    text = '{"a": {\r\n"": null, // c\r\n}\t,\r\n"b": 1}'
    assert comments(read_jsonc(text, "f").without("a").text) == ["// c"]


@cases
@given(documents(), keys)
def test_a_key_goes_and_comments_beside_it_stay(
    document: tuple[str, dict[str, Any]], key: str
) -> None:
    text, value = document
    changed = read_jsonc(text, "f").without(key)
    assert same(changed.values, {name: value[name] for name in value if name != key})
    assert comments(changed.text) == comments(text)


@cases
@given(documents(), st.text('{}[]",:/*\\\n 0tx', max_size=3), st.data())
def test_damage_is_told_or_read(
    document: tuple[str, dict[str, Any]], piece: str, data: st.DataObject
) -> None:
    text = document[0]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    try:
        read_jsonc(text[:start] + piece + text[end:], "f").with_value("new", [1]).without("a")
    except TextError as error:
        assert str(error).startswith("f:")


LAYOUTS = {
    "empty": ("", '{\n    "k": 1\n}\n'),
    "braces": ("{}", '{\n    "k": 1\n}'),
    "only a comment": ("// mine\n", '// mine\n{\n    "k": 1\n}\n'),
    "a comment inside": ("{ // mine\n}", '{ // mine\n    "k": 1\n}'),
    "two blanks": ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "k": 1\n}\n'),
    "a tab": ('{\n\t"a": {}\n}\n', '{\n\t"a": {},\n\t"k": 1\n}\n'),
    "a trailing comma": ('{\n  "a": 1,\n}', '{\n  "a": 1,\n  "k": 1,\n}'),
    "one line": ('{"a": 1}', '{"a": 1, "k": 1}'),
    "one line and a comma": ('{ "a": 1, }', '{ "a": 1, "k": 1, }'),
    "windows": ('{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": 1,\r\n  "k": 1\r\n}\r\n'),
    "a last comment": ('{\n  "a": 1 // x\n}', '{\n  "a": 1, // x\n  "k": 1\n}'),
    "commented out": ('{\n  "a": 1\n  // "b": 2\n}', '{\n  "a": 1,\n  // "b": 2\n  "k": 1\n}'),
    "a byte order mark": ('\ufeff{"a": 1}', '\ufeff{"a": 1, "k": 1}'),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_new_key_stands_as_the_others_do(name: str) -> None:
    before, after = LAYOUTS[name]
    changed = read_jsonc(before, "f").with_value("k", 1)
    assert changed.text == after
    if "a" in changed.values:
        assert changed.without("k").text == before


@pytest.mark.parametrize(
    "before, wanted, after",
    [
        ("[1, 2, 3]", [1, 3], "[1, 3]"),
        ("[1, 2, 3]", [1, 2], "[1, 2]"),
        ("[1, 2]", [2, 4], "[2, 4]"),
        ("[\n  1, // one\n  2, // two\n]", [2, 3], "[\n  // one\n  2, // two\n  3,\n]"),
        ("[\n  1,\n  2\n]", [1], "[\n  1\n]"),
        ("[]", [], "[]"),
        ("[1]", [], "[]"),
    ],
)
def test_elements_that_stay_are_not_touched(before: str, wanted: list[int], after: str) -> None:
    changed = read_jsonc(f'{{"k": {before}}}', "f").with_value("k", wanted)
    assert changed.text.replace("{\n", "{") == f'{{"k": {after}}}'


def test_of_a_key_that_is_there_twice_the_last_counts() -> None:
    read = read_jsonc('{"a": 1, "a": 2}', "f")
    assert read.values == {"a": 2}
    assert read.with_value("a", 3).text == '{"a": 1, "a": 3}'
    assert read.without("a").values == {}


@pytest.mark.parametrize(
    "text, told",
    [
        ("[]", "f:1: it is not an object"),
        ("{\n'a': 1}", "f:2: a string is expected"),
        ('{\n"a" 1}', 'f:2: a colon is expected after the key "a"'),
        ('{"a": 1\n"b": 2}', "f:2: a comma or a closing brace is expected"),
        ('{"a": [1 2]}', "f:1: a comma or a closing bracket is expected"),
        ('{"a": "x}', "f:1: a string does not end"),
        ('{"a": 1} /* x', "f:1: there is something after the end of the object"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "f:1: it is nested too deeply"),
        ("<<<<<<< mine\n{}", "f:1: a value is expected"),
    ],
)
def test_a_fault_is_told_by_its_line(text: str, told: str) -> None:
    with pytest.raises(TextError) as caught:
        read_jsonc(text, "f")
    assert str(caught.value) == f"{told}. Mend the JSON, or delete the file."
