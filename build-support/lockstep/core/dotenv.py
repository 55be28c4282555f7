"""Files of variables, as editors and direnv read `.env`: changes lists of paths and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Mapping, Sequence

from lockstep.core.errors import TextError

_LINE = re.compile(
    r"(?m)^(?P<before>[ \t]*(?:export[ \t]+)?(?P<name>\w+)[ \t]*=[ \t]*)(?P<rest>[^\r\n]*)"
)
_VALUE = re.compile(r"(?P<value>\"[^\"\\]*\"|'[^']*'|[^\s\"'#]*)(?P<after>[ \t]*(?:[ \t]#.*)?)")
_ELEMENT = re.compile(r"(?:\$\{[^}]*\}|[^:])+")
_PLAIN = re.compile(r"[\w./:@%+,=~-]*")


@dataclass(frozen=True)
class DotenvText:
    """A file of variables.

    Attributes:
        text: all of it.
        path: the file, for errors.
        lists: the names of the variables that are lists of paths; no other is looked at.
    """

    text: str
    path: str
    lists: tuple[str, ...]

    @property
    def values(self) -> Mapping[str, Sequence[str]]:
        """The lists that are set, with their elements; `${env:A}` is one."""
        found = {}
        for line in _LINE.finditer(self.text):
            if line["name"] in self.lists:
                found[line["name"]] = _ELEMENT.findall(self._value(line)["value"].strip("\"'"))
        return found

    def with_value(self, name: str, value: Sequence[str]) -> DotenvText:
        """Give a list its elements, in a new last line where it is not set."""
        if list(self.values.get(name, ())) == list(value):
            return self
        joined = ":".join(value)
        line = self._line(name)
        if line is None:
            newline = "\r\n" if "\r\n" in self.text else "\n"
            between = "" if not self.text.strip("\ufeff") or self.text.endswith("\n") else newline
            return self._with(f"{self.text}{between}{name}={_quoted(joined, '')}{newline}")
        there = self._value(line)["value"]
        end = line.start("rest") + len(there)
        return self._with(
            self.text[: line.start("rest")] + _quoted(joined, there[:1]) + self.text[end:]
        )

    def without(self, name: str) -> DotenvText:
        """Take a list away, with the lines that set it; a comment that stands in one stays."""
        changed = self
        while (line := changed._line(name)) is not None:
            comment = changed._value(line)["after"].strip()
            end = line.end()
            if not comment:
                end += 2 if changed.text.startswith("\r\n", end) else 1
            changed = changed._with(changed.text[: line.start()] + comment + changed.text[end:])
        return changed

    def _with(self, text: str) -> DotenvText:
        return DotenvText(text, self.path, self.lists)

    def _line(self, name: str) -> re.Match[str] | None:
        """The line that sets a variable: of several the last."""
        lines = [line for line in _LINE.finditer(self.text) if line["name"] == name]
        return lines[-1] if lines else None

    def _value(self, line: re.Match[str]) -> re.Match[str]:
        match = _VALUE.fullmatch(line["rest"])
        if match is None:
            number = self.text.count("\n", 0, line.start()) + 1
            raise TextError(
                self.path,
                number,
                f"the value of {line['name']} cannot be read as a list of paths",
                mend="Put the whole value into double quotes, on one line",
            )
        return match


def read_dotenv(text: str, path: str, lists: tuple[str, ...]) -> DotenvText:
    """Read a file of variables.

    Args:
        lists: the names of the variables that are lists of paths; no other is looked at.

    Raises:
        TextError: the value of one of them cannot be read.
    """
    document = DotenvText(text, path, lists)
    document.values  # for what it raises
    return document


def _quoted(text: str, quote: str) -> str:
    """With the quotes that stood there, or those it needs."""
    if quote not in ("'", '"'):
        quote = "" if _PLAIN.fullmatch(text) else '"'
    return f"{quote}{text}{quote}"
