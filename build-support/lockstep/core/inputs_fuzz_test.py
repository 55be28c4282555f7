"""Whatever stands in an input, it is read or told by its line: nothing else ever comes out."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.core.errors import TextError
from lockstep.core.inputs import decoded, is_compiled, joined, parse_input
from lockstep.core.requirement_text import parsed

FUZZ_CASES = int(os.environ.get("LOCKSTEP_FUZZ_CASES", "50"))

REQUIREMENTS = f"""\
# of the shop
-r base.in
--constraint=../c.txt
--index-url 'https://ann:s3cr3t@index.example/simple' --pre
httpx[socks,http2]~=0.28 ; python_version < "3.12"  # why
click==8.1 \\
    --hash=sha256:{"0a" * 32}
git+https://code.example/shop@v1#egg=shop&subdirectory=py
six @ https://files.example/six.whl
--no-binary numpy,six
"""
PYPROJECT = """\
[build-system]
requires = ["setuptools"]
[project]
name = "money"
dynamic = ["version"]
dependencies = ["click>=8", 'tomli ; python_version < "3.11"']
optional-dependencies.web = ["httpx", "money[all]"]
optional-dependencies.all = ["money[web]"]
[dependency-groups]
test = ["pytest", {include-group = "lint"}]
lint = [\"\"\"black\"\"\"]
[[tool.x.list]]
"""
SCRIPT = """\
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "rich",
# ]
# ///
import rich
"""
CREDENTIALS = "https://ann:s3cr3t@"
KINDS = {"x/a.in": REQUIREMENTS, "x/pyproject.toml": PYPROJECT, "x/a.py": SCRIPT}

_pieces = st.sampled_from(
    ["\n", "\r", " ", "#", "\\", ";", "==", "@", "--hash=", "--", "-r ", "-e ", "-c", "-", "$", "x"]
    + ["[", "]", "(", "://", "\x00", "\ufeff", "\u2028", "${A}", "'", '"', "=", "# ///", "# ", "{"]
    + ["}", "#egg=", "file:", "./", ".whl", ",", "coding: x", "dynamic", "[[", '"""', "9" * 5000]
)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """A valid text with a few pieces cut out, doubled or put in."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        text = text[:start] + draw(st.one_of(_pieces, st.just(text[start:end] * 2))) + text[end:]
    return text


def line_count(text: str) -> int:
    return len(f"{text}x".splitlines())


@pytest.mark.parametrize("path", KINDS)
@settings(max_examples=FUZZ_CASES, deadline=None)
@given(data=st.data())
def test_any_text_is_read_or_a_text_error(path: str, data: st.DataObject) -> None:
    anything = st.one_of(mutated(KINDS[path]), st.text(), st.lists(_pieces).map("".join))
    text = data.draw(anything)
    is_compiled(text)
    try:
        read = parse_input(text, path)
    except TextError as error:
        assert str(error).startswith(f"{path}:{error.line}: ")
        assert 1 <= error.line <= line_count(text)
        if text.count(CREDENTIALS) == text.count("s3cr3t"):
            assert "s3cr3t" not in str(error)
        return
    for stated in read.requirements:
        assert parsed(stated.text).name
        assert 1 <= stated.line <= line_count(text)
    for include in read.includes:
        assert not include.target.startswith(("/", "../"))


@settings(max_examples=FUZZ_CASES, deadline=None)
@given(st.binary())
def test_any_bytes_are_text_or_a_text_error(data: bytes) -> None:
    try:
        assert decoded(data, "a.in").encode() == data
    except TextError as error:
        assert 1 <= error.line <= line_count(data.decode(errors="replace"))


_files = st.sampled_from(["a.in", "b.in", "c.in", "none.in"])
_lines = st.one_of(
    st.tuples(st.sampled_from(["-r ", "-c "]), _files).map("".join),
    st.sampled_from(["click", "rich<9", "x[y]", "--pre", "-i https://a.example", "--no-index"]),
)


@settings(max_examples=FUZZ_CASES, deadline=None)
@given(st.lists(st.lists(_lines, max_size=4).map("\n".join), min_size=3, max_size=3))
def test_any_files_are_joined_or_a_text_error(texts: list[str]) -> None:
    read = {path: parse_input(text, path) for path, text in zip(("a.in", "b.in", "c.in"), texts)}
    try:
        inputs = joined(["a.in", "b.in"], read)
    except TextError as error:
        assert error.path in read
        return
    required, bounding = set(inputs.requirements), set(inputs.constraints)
    assert {*read["a.in"].requirements, *read["b.in"].requirements} <= required
    assert not required & bounding
    assert len(required) == len(inputs.requirements)
