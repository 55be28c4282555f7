"""Reads TOML together with the line of every key and value, which `tomllib` does not tell."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, Mapping, NoReturn, Union

from lockstep.core.errors import TextError
from lockstep.core.input_values import Placed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Key = Union[str, int]
"""A table's key, or the index in an array."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'", re.DOTALL
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\[\]{}#\n]+")


@dataclass(frozen=True)
class TomlText:
    """A TOML file.

    Attributes:
        path: the file, relative to the build root.
        document: what `tomllib` reads.
        lines: the line of each table, key and array's value, by the keys that lead to it.
        first_line: the line of the file on which the TOML begins.
    """

    path: str
    document: Mapping[str, Any]
    lines: Mapping[tuple[Key, ...], int]
    first_line: int = 1

    def at(self, *keys: Key) -> Placed:
        """The place of a value; of the nearest table around it where it is not there."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return Placed(self.path, self.lines.get(keys, 1) + self.first_line - 1)

    def table(self, *keys: str) -> Mapping[str, Any]:
        """A table; an empty one where it is not there.

        Raises:
            TextError: there is something else.
        """
        found: Any = self.document
        for depth, key in enumerate(keys, start=1):
            found = found.get(key, {})
            if not isinstance(found, dict):
                self.fail(f"`{'.'.join(keys[:depth])}` is not a table", *keys[:depth])
        return dict(found)

    def strings(self, *keys: str) -> tuple[str, ...]:
        """An array of strings; an empty one where it is not there.

        Raises:
            TextError: there is something else.
        """
        found = self.table(*keys[:-1]).get(keys[-1], [])
        if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
            self.fail(f"`{'.'.join(keys)}` is not a list of strings", *keys)
        return tuple(found)

    def string(self, *keys: str) -> str:
        """A string; an empty one where it is not there.

        Raises:
            TextError: there is something else.
        """
        found = self.table(*keys[:-1]).get(keys[-1], "")
        if not isinstance(found, str):
            self.fail(f"`{'.'.join(keys)}` is not a string", *keys)
        return found

    def fail(self, fault: str, *keys: Key, mend: str = "Mend the TOML") -> NoReturn:
        self.at(*keys).fail(fault, mend)


def read_toml(text: str, path: str, first_line: int = 1) -> TomlText:
    """Read TOML.

    Raises:
        TextError: it is not valid.
    """
    try:
        document = tomllib.loads(text)
        return TomlText(path, document, _Scanner(text.replace("\r\n", "\n")).lines(), first_line)
    except RecursionError:
        fault, line = "the TOML is nested too deeply", 1
    except ValueError as error:  # of `tomllib`, or of `int` for a number of too many digits
        told = re.search(r"at line (\d+)", str(error))
        at_end = text.count("\n") + 1 if "end of document)" in str(error) else 1
        fault, line = re.sub(r"at line \d+, ", "", str(error)), int(told[1]) if told else at_end
    raise TextError(path, line + first_line - 1, fault, mend="Mend the TOML")


class _Scanner:
    """Walks over a text that is known to be valid, noting lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line_ends = [match.start() for match in re.finditer("\n", text)]
        self.found: dict[tuple[Key, ...], int] = {}
        self.lengths: dict[tuple[Key, ...], int] = {}

    def lines(self) -> Mapping[tuple[Key, ...], int]:
        table: tuple[Key, ...] = ()
        while self.next():
            if self.text.startswith("[[", self.at):
                *parents, last = self.header(2)
                array = (*self.resolved(parents), last)
                self.lengths[array] = self.lengths.get(array, 0) + 1
                table = (*array, self.lengths[array] - 1)
            elif self.text.startswith("[", self.at):
                table = self.resolved(self.header(1))
            else:
                self.pair(table)
                continue
            self.note(table)
        return self.found

    def next(self) -> str:
        """The next character that means something; empty at the end."""
        blank = _BLANK.match(self.text, self.at)
        assert blank is not None, "it matches the empty text"
        self.at = blank.end()
        return self.text[self.at : self.at + 1]

    def take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        assert match is not None, "the text is valid"
        self.at = match.end()
        return match[0]

    def note(self, keys: tuple[Key, ...]) -> None:
        """This line is that of a value, and of each table that it is the first to make."""
        line = bisect_left(self.line_ends, self.at) + 1
        for depth in range(1, len(keys) + 1):
            self.found.setdefault(keys[:depth], line)

    def resolved(self, keys: list[str]) -> tuple[Key, ...]:
        """The keys of a header, where an array of tables means its last table."""
        resolved: tuple[Key, ...] = ()
        for key in keys:
            resolved = (*resolved, key)
            if resolved in self.lengths:
                resolved = (*resolved, self.lengths[resolved] - 1)
        return resolved

    def header(self, brackets: int) -> list[str]:
        self.at += brackets
        keys = self.keys()
        self.at += brackets
        return keys

    def keys(self) -> list[str]:
        keys = []
        while True:
            if self.next() in "\"'":
                keys.append(str(tomllib.loads(f"key = {self.take(_STRING)}")["key"]))
            else:
                keys.append(self.take(_BARE_KEY))
            if self.next() != ".":
                return keys
            self.at += 1

    def pair(self, table: tuple[Key, ...]) -> None:
        self.next()
        start = self.at
        keys = (*table, *self.keys())
        end, self.at = self.at, start
        self.note(keys)
        self.at = end + 1  # past the equals sign
        self.value(keys)

    def value(self, keys: tuple[Key, ...]) -> None:
        first = self.next()
        if first in "\"'":
            self.take(_STRING)
        elif first == "[":
            self.at += 1
            index = 0
            while self.next() != "]":
                self.note((*keys, index))
                self.value((*keys, index))
                index += 1
                self.past_comma()
            self.at += 1
        elif first == "{":
            self.at += 1
            while self.next() != "}":
                self.pair(keys)
                self.past_comma()
            self.at += 1
        else:
            self.take(_SCALAR)

    def past_comma(self) -> None:
        if self.next() == ",":
            self.at += 1
