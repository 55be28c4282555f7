"""Reads the requirements that a script states in a comment block (PEP 723)."""

from __future__ import annotations

import re
from typing import Iterator

from packaging.specifiers import SpecifierSet

from lockstep.core.input_values import Input, Placed, PythonRange
from lockstep.core.requirement_text import stated
from lockstep.core.toml_text import TomlText, read_toml

_OPENING = re.compile(r"# /// ([a-zA-Z0-9-]+)")
_CLOSING = "# ///"
_KNOWN = {"dependencies", "requires-python", "tool"}


def parse(text: str, path: str) -> Input:
    """Read a script. One without a block states nothing, as PEP 723 has it.

    Raises:
        TextError: there are two blocks, or the block holds something else than PEP 723 allows.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    blocks = [(start, end) for kind, start, end in _blocks(lines) if kind == "script"]
    if not blocks:
        return Input(path)
    if len(blocks) > 1:
        Placed(path, blocks[1][0] + 1).fail(
            f"a second `script` block begins (first: {blocks[0][0] + 1})",
            "Join both into one",
        )
    start, end = blocks[0]
    content = "".join(f"{line[2:]}\n" for line in lines[start + 1 : end])
    toml = read_toml(content, path, first_line=start + 2)
    for key in toml.document.keys() - _KNOWN:
        toml.fail(f"`{key}` belongs in no `script` block", key, mend="Put it below `[tool]`")
    return Input(
        path,
        requirements=tuple(
            stated(toml.at("dependencies", index), requirement)
            for index, requirement in enumerate(toml.strings("dependencies"))
        ),
        requires_python=requires_python(toml, "requires-python"),
    )


def has_block(text: str) -> bool:
    """Whether a script has a block, be it one that requires nothing."""
    lines = text.replace("\r\n", "\n").split("\n")
    return any(kind == "script" for kind, _, _ in _blocks(lines))


def _blocks(lines: list[str]) -> Iterator[tuple[str, int, int]]:
    """Kind, first and last line (from 0) of each block; one that is not closed is none."""
    at = 0
    while at < len(lines):
        opening = _OPENING.fullmatch(lines[at])
        start = at
        at += 1
        if opening is None:
            continue
        end = at
        while end < len(lines) and (lines[end] == "#" or lines[end].startswith("# ")):
            end += 1
        closings = [line for line in range(start + 2, end) if lines[line] == _CLOSING]
        if closings:  # the last one closes: those before it are content
            yield opening[1], start, closings[-1]
            at = closings[-1] + 1


def requires_python(toml: TomlText, *keys: str) -> PythonRange | None:
    """The Pythons that a file is for; None where it does not say.

    Raises:
        TextError: it says something else.
    """
    text = toml.string(*keys)
    try:
        SpecifierSet(text)
    except ValueError:  # `InvalidSpecifier` is one, and so is a number of too many digits
        toml.fail(
            f"`{text}` is no range of Python versions",
            *keys,
            mend="Write it as PEP 440 has it, such as `>=3.9`",
        )
    place = toml.at(*keys)
    return PythonRange(place.path, place.line, text) if text else None
