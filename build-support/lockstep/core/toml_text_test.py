"""Lines of TOML: compared key by key with what `tomllib` reads."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.errors import TextError
from lockstep.core.toml_text import Key, TomlText, read_toml

TEXT = '''\
# [not.a.table]
title = "a # b" # c
"d\\u0020e".f = 1979-05-27 07:32:00

[a]
b = [ # ]
  1, "x]",

  [2.5, {c = "}", d.e = [true]}],
]
text = """
[no.table]
"" """""
raw = \'\'\'
x = 1\'\'\'
[[a.list]]
k = "v"
[a.list.sub]
k = 1
[[ a . list ]]
k = 2
'''

LINES = {
    ("title",): 2,
    ("d e",): 3,
    ("d e", "f"): 3,
    ("a",): 5,
    ("a", "b"): 6,
    ("a", "b", 0): 7,
    ("a", "b", 1): 7,
    ("a", "b", 2): 9,
    ("a", "b", 2, 0): 9,
    ("a", "b", 2, 1): 9,
    ("a", "b", 2, 1, "c"): 9,
    ("a", "b", 2, 1, "d"): 9,
    ("a", "b", 2, 1, "d", "e"): 9,
    ("a", "b", 2, 1, "d", "e", 0): 9,
    ("a", "text"): 11,
    ("a", "raw"): 14,
    ("a", "list"): 16,
    ("a", "list", 0): 16,
    ("a", "list", 0, "k"): 17,
    ("a", "list", 0, "sub"): 18,
    ("a", "list", 0, "sub", "k"): 19,
    ("a", "list", 1): 20,
    ("a", "list", 1, "k"): 21,
}


def keys(value: Any, at: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in entries:
        yield (*at, key)
        if isinstance(child, (dict, list)):
            yield from keys(child, (*at, key))


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n")])
def test_lines(text: str) -> None:
    assert read_toml(text, "x.toml").lines == LINES


def test_lines_count_from_the_first() -> None:
    toml = read_toml("a = 1\nb = 2\n", "x.py", first_line=7)
    assert [toml.at("b").line, toml.at("b", "c").line, toml.at("z").line] == [8, 8, 7]


_PIECES = ["\n", "a", "b", ".", " = ", "[", "]", "[[", "]]", "{", "}", ",", "1", "#", " "] + [
    *('"x"', "'y'", '"""', "'''", '"\\""', "a = 1\n", "[a]\n", "[[a]]\n", "[a.b]\n", "= [1, 2]\n")
]


def read(text: str) -> TomlText | None:
    try:
        return read_toml(text, "x.toml")
    except TextError as error:
        assert 1 <= error.line <= text.count("\n") + 1
        return None


@given(st.lists(st.sampled_from(_PIECES)).map("".join))
def test_the_keys_of_valid_toml_are_those_of_tomllib(text: str) -> None:
    toml = read(text)
    if toml is not None:
        assert toml.lines.keys() == set(keys(toml.document))


_keys = st.sampled_from(["a", "b", '"c d"', "'e'", "a.b"])
_values = st.recursive(
    st.sampled_from(["1", '"x"', "'''\ny\n'''", '"""z"""""', "2026-02-03 04:05:06", "-1e3"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda found: "[\n%s]" % ", # x]\n".join(found)),
    max_leaves=6,
)
_statements = st.one_of(
    st.tuples(_keys, _values).map(" = ".join),
    st.tuples(_keys, _keys, _values).map(lambda t: f"{t[0]} = {{{t[1]} = {t[2]}}}"),
    _keys.map("[{}]".format),
    _keys.map("[[{}]]".format),
)


@given(st.lists(_statements, max_size=8).map("\n".join))
def test_the_keys_of_longer_toml_are_those_of_tomllib(text: str) -> None:
    toml = read(text)
    if toml is not None:
        assert toml.lines.keys() == set(keys(toml.document))


@pytest.mark.parametrize(
    "text,message",
    [
        ("a = 1\na = 2\n", "2: Cannot overwrite a value (column 6)"),
        ("a = " + "[" * 5000, "1: the TOML is nested too deeply"),
        ("\r\r\n", "1: Invalid statement (column 1)"),
    ],
)
def test_invalid_toml(text: str, message: str) -> None:
    with pytest.raises(TextError) as caught:
        read_toml(text, "x.toml")
    assert str(caught.value) == f"x.toml:{message}. Mend the TOML."
