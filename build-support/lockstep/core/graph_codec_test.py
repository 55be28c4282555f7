"""The reader and writer of the graph beside a lock, on good, damaged and random files."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.core.errors import TextError
from lockstep.core.graph import Entry, LockGraph
from lockstep.core.graph_codec import graph_path, parse, render

cases = settings(max_examples=int(os.environ.get("LOCKSTEP_FUZZ_CASES", "50")), deadline=None)
RESTORE = "Restore the file from version control, or run `./pants lock` to write it anew."

GRAPH = LockGraph(
    (
        Entry("attrs==25.1", "0" * 16, modules=("attr", "attrs")),
        Entry("six @ https://files.example/six.whl", "1" * 16),
        Entry(
            "web==2",
            "2" * 16,
            ("attrs<26,>=25", 'idna[all] ; extra == "x"'),
            ("x",),
            ("web.api",),
            ("web",),
        ),
    )
)
TEXT = """\
{
  "about": "What the pins of the lock beside this require and provide. `./pants lock` writes it.",
  "format": 1,
  "pins": {
    "attrs==25.1": {"hashes": "0000000000000000", "modules": ["attr", "attrs"]},
    "six @ https://files.example/six.whl": {"hashes": "1111111111111111"},
    "web==2": {"extras": ["x"], "hashes": "2222222222222222", "modules": ["web.api"], \
"requires": ["attrs<26,>=25", "idna[all] ; extra == \\"x\\""], "stubs": ["web"]}
  }
}
"""
SECOND_HALF = TEXT[TEXT.index('tr", "attrs') :]
PINS = TEXT[TEXT.index('"pins"') :]


def test_whole_value() -> None:
    assert render(GRAPH) == TEXT
    assert parse(TEXT, "lock.graph.json") == GRAPH


def test_a_graph_of_nothing() -> None:
    assert parse(render(LockGraph(())), "x") == LockGraph(())


def test_other_layout_means_the_same() -> None:
    assert parse(" ".join(TEXT.split()), "x") == GRAPH


def test_where_it_stands() -> None:
    assert graph_path("3rdparty/python/lock.txt") == "3rdparty/python/lock.graph.json"
    assert graph_path("all.lock") == "all.lock.graph.json"


@pytest.mark.parametrize(
    "old,new,fault",
    [
        (TEXT, "", "1: this is not JSON (Expecting value)"),
        (TEXT, "[]", "1: this is not the graph of a lock, since it states no `format`"),
        (TEXT, "[" * 100_000, "1: this is not the graph of a lock, but other JSON"),
        ('  "format": 1,\n', "", "1: this is not the graph of a lock, since it states no `format`"),
        ('"format": 1', '"format": true', "3: `True` is not a format's number"),
        ('"format": 1', '"format": 0', "3: `0` is not a format's number"),
        ('"web==2"', '<<<<<<< HEAD\n    "web==2"', "7: this is not JSON (Expecting property name "),
        (SECOND_HALF, "", "5: this is not JSON (Unterminated string starting at)"),
        ('"six @', '"attrs==25.1": {}, "six @', "5: `attrs==25.1` is stated twice"),
        ('{"hashes": "1111111111111111"}', "[]", "6: `six @ https://files.example/six.whl` lacks "),
        ('"hashes": "1111111111111111"', "", "6: `six @ https://files.example/six.whl` lacks "),
        ('"stubs"', '"stbus"', "7: `web==2` has an unknown `stbus`"),
        ('["web.api"]', '"web.api"', "7: `modules` of `web==2` is not a list of strings"),
        ('["x"]', "[1]", "7: `extras` of `web==2` is not a list of strings"),
        (
            "attrs<26,>=25",
            "attrs < 26",
            "7: `web==2`: `attrs < 26` is not a requirement in canonical spelling",
        ),
        (
            "; extra ==",
            "; extr\\u0007a ==",
            '7: `web==2`: `extr\\x07a == "x"` is not an environment marker (PEP 508)',
        ),
        (PINS, '"pins": []}', "4: `pins` is not an object"),
    ],
)
def test_damaged_graphs(old: str, new: str, fault: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(TextError) as caught:
        parse(TEXT.replace(old, new), "lock.graph.json")
    told = str(caught.value)
    assert told.startswith(f"lock.graph.json:{fault}")
    assert told.endswith(f". {RESTORE}")


def test_newer_formats_are_refused() -> None:
    with pytest.raises(TextError) as caught:
        parse(TEXT.replace('"format": 1', '"format": 2, "new": 1'), "lock.graph.json")
    assert str(caught.value) == (
        "lock.graph.json:3: the graph has format 2, this Lockstep reads up to 1. "
        "Update Lockstep in this checkout."
    )


_words = st.text(max_size=8)
_lists = st.lists(_words, max_size=3).map(tuple)
_requirements = st.sampled_from(["a", "a[b,c]<2,>=1", 'b-c @ file:///x ; os_name == "\u00e9\\"'])


@st.composite
def graphs(draw: st.DrawFn) -> LockGraph:
    pins = sorted(draw(st.sets(_words, max_size=4)))
    requires = st.lists(_requirements, max_size=3).map(tuple)
    return LockGraph(
        tuple(
            Entry(pin, draw(_words), draw(requires), draw(_lists), draw(_lists), draw(_lists))
            for pin in pins
        )
    )


@cases
@given(graphs())
def test_what_is_written_is_read_back(graph: LockGraph) -> None:
    assert parse(render(graph), "x") == graph
    assert all(line.isascii() for line in render(graph).splitlines())


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
)
_pieces = st.sampled_from(
    ['"', "{", "}", "[", "]", ",", ":", "\n", "\\", "1e999", "null", '"hashes": "x"', "\ufeff"]
    + ['"pins"', "NaN", "\\ud800", "9" * 5000, '" ; os_name"', "\x00"]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid graph with a few pieces cut out, doubled or put in."""
    text = TEXT
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        text = text[:start] + draw(_pieces | st.just(text[start:end] * 2)) + text[end:]
    return text


@st.composite
def misshapen(draw: st.DrawFn) -> str:
    fields = st.dictionaries(
        st.sampled_from(["hashes", "requires", "extras", "modules", "x"]), _json, max_size=4
    )
    pins = _json | st.dictionaries(_words, fields | _json, max_size=3)
    return json.dumps({"format": draw(st.just(1) | _json), "pins": draw(pins)})


@cases
@given(mutated() | misshapen() | _json.map(repr) | st.text())
def test_any_text_is_a_graph_or_a_text_error(text: str) -> None:
    try:
        graph = parse(text, "lock.graph.json")
    except TextError as error:
        assert str(error).startswith(f"lock.graph.json:{error.line}: ")
        assert 1 <= error.line <= text.count("\n") + 1
        assert "\n" not in str(error)
    else:
        assert parse(render(graph), "x") == graph
