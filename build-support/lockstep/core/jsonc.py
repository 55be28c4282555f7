"""JSON with comments, as editors read it: changes single values and leaves all else as it stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Mapping, NoReturn, Sequence, Union

from lockstep.core.errors import TextError

Json = Union[None, bool, int, float, str, Sequence[Any], Mapping[str, Any]]

_COMMENT = r"//[^\r\n]*|/\*.*?\*/"
_COMMENTS = re.compile(_COMMENT, re.DOTALL)
_TRIVIA = re.compile(rf"(?:[ \t\r\n]+|{_COMMENT})*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"')
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_COMMENT_OR_STRING = re.compile(rf"{_STRING.pattern}|({_COMMENT})", re.DOTALL)
_DEEPEST = 100
_INDENT = "    "


def same(one: Json, other: Json) -> bool:
    """Whether two values are the same JSON, where `true` is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@dataclass(frozen=True)
class Part:
    """A value in a text.

    Attributes:
        outer: where its key begins; where it begins itself in an array.
        start, end: where it begins and ends.
        comma: where the comma after it is; -1 where there is none.
        value: what it means.
        parts: of an object or array, what it holds; by key for an object.
    """

    outer: int
    start: int
    end: int
    comma: int
    value: Any
    parts: Sequence[tuple[Union[str, int], Part]] = ()


@dataclass(frozen=True)
class JsoncText:
    """A text that is one object.

    Attributes:
        text: all of it.
        top: the object.
    """

    text: str
    top: Part

    @property
    def values(self) -> Mapping[str, Any]:
        """What it means; of a key that is there twice, the last, as editors read it."""
        return dict(self.top.value)

    def with_value(self, key: str, value: Json) -> JsoncText:
        """Give a key a value, at the end where it is new; elements of an array that stay, stay."""
        if self._place(key) is None:
            return self._with_new(self.top, f"{json.dumps(key, ensure_ascii=False)}: ", value)
        there = self._part(key)
        if same(there.value, value):
            return self
        if isinstance(value, (list, tuple)) and isinstance(there.value, list):
            return self._with_elements(key, value)
        text = self._rendered(value, self._indent_at(there.outer))
        return _again(self.text[: there.start] + text + self.text[there.end :])

    def without(self, key: str) -> JsoncText:
        """Take a key away; comments beside it stay."""
        changed = self
        while (place := changed._place(key)) is not None:
            changed = changed._without_part(changed.top, place)
        return changed

    def _place(self, key: str) -> int | None:
        places = [at for at, (name, _) in enumerate(self.top.parts) if name == key]
        return places[-1] if places else None

    def _part(self, key: str) -> Part:
        place = self._place(key)
        assert place is not None, "the key is there"
        return self.top.parts[place][1]

    def _with_elements(self, key: str, wanted: Sequence[Json]) -> JsoncText:
        """Drop the elements that are in the way of those wanted, and append what is missing."""
        changed, stay = self, 0
        drop = []
        for place, element in enumerate(self.values[key]):
            if stay < len(wanted) and same(element, wanted[stay]):
                stay += 1
            else:
                drop.append(place)
        for place in reversed(drop):
            changed = changed._without_part(changed._part(key), place)
        for element in wanted[stay:]:
            changed = changed._with_new(changed._part(key), "", element)
        return changed

    def _with_new(self, container: Part, key: str, value: Json) -> JsoncText:
        """Append to an object or array, in the way in which the others stand there."""
        newline, text, close = self._newline, self.text, container.end - 1
        last = container.parts[-1][1] if container.parts else None
        after = container.start + 1 if last is None else max(last.end, last.comma + 1)
        comments = [match.end() for match in _COMMENTS.finditer(text, after, close)]
        place = comments[-1] if comments else after
        if last is None:
            outside = self._indent_at(container.outer)
            indent = outside + self._unit
            after_it = "" if "\n" in text[place:close] else newline + outside
            added = f"{newline}{indent}{key}{self._rendered(value, indent)}{after_it}"
            return _again(text[:place] + added + text[close if after_it else place :])
        comma = "," if last.comma < 0 else ""
        trailing = "" if comma else ","
        if "\n" in text[container.start : close]:
            indent = self._indent_at(last.outer)
            added = f"{newline}{indent}{key}{self._rendered(value, indent)}{trailing}"
        else:
            added = f" {key}{json.dumps(value, ensure_ascii=False)}{trailing}"
        return _again(text[: last.end] + comma + text[last.end : place] + added + text[place:])

    def _without_part(self, container: Part, place: int) -> JsoncText:
        part = container.parts[place][1]
        cuts = [(part.outer, part.end)]
        if part.comma >= 0:
            cuts.append((part.comma, part.comma + 1))
        elif place:
            comma = container.parts[place - 1][1].comma
            if not self.text[comma + 1 : part.outer].strip():
                cuts = [(comma, part.end)]
            else:
                cuts.append((comma, comma + 1))
        between = self._newline + self._indent_at(part.outer)
        comments = between.join(
            match[1]
            for match in _COMMENT_OR_STRING.finditer(self.text, part.outer, part.end)
            if match[1]
        )
        text = self.text
        for start, end in sorted(cuts, reverse=True):
            text = _cut(text, start, end, comments if end == part.end else "", self._newline)
        return _again(text)

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    @property
    def _unit(self) -> str:
        """One step of indentation, as the first key of the object stands."""
        for _, part in self.top.parts[:1]:
            indent = self._indent_at(part.outer)
            if indent and "\n" in self.text[: part.outer]:
                return indent
        return _INDENT

    def _indent_at(self, place: int) -> str:
        """The blanks that the line of a place begins with."""
        line = self.text.rfind("\n", 0, place) + 1
        blanks = re.compile(r"[ \t]*").match(self.text, line)
        assert blanks is not None, "it matches the empty text"
        return blanks[0]

    def _rendered(self, value: Json, indent: str) -> str:
        text = json.dumps(value, indent=self._unit, ensure_ascii=False)
        return text.replace("\n", self._newline + indent)


def _cut(text: str, start: int, end: int, comments: str, newline: str) -> str:
    """The text without a piece but for its comments; without its line if nothing else is there."""
    line = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    before, after = text[line:start], text[end : len(text) if line_end < 0 else line_end]
    if comments:
        to_end = comments.rpartition("\n")[2].lstrip().startswith("//")  # of its line
        if to_end and not after.strip():
            end += len(after) - len(after.lstrip(" \t"))
        between = newline if to_end and after.strip() else ""
        return text[:start] + comments + between + text[end:]
    if not before.strip() and not after.strip() and line and line_end >= 0:
        return text[:line] + text[line_end + 1 :]
    if not before.strip() or before[-1] in " \t[{":
        end += len(after) - len(after.lstrip(" \t"))
    return text[:start] + text[end:]


def read_jsonc(text: str, path: str) -> JsoncText:
    """Read a text that is one object; one that holds nothing but comments is an empty object.

    Raises:
        TextError: it is not valid, or something else than an object.
    """
    reader = _Reader(text, path)
    if reader.at_end():
        newline = "\r\n" if "\r\n" in text else "\n"
        between = newline if text.strip("\ufeff") and not text.endswith("\n") else ""
        return read_jsonc(f"{text}{between}{{}}{newline}", path)
    top = reader.value(reader.at, 0)
    if not reader.at_end():
        reader.fail("there is something after the end of the object")
    if not isinstance(top.value, dict):
        reader.fail("it is not an object", top.start)
    return JsoncText(text, top)


def _again(text: str) -> JsoncText:
    return read_jsonc(text, "changed text")


class _Reader:
    """Walks over a text; `at` is what comes next, past blanks and comments."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.at = 1 if text.startswith("\ufeff") else 0
        self.skip()

    def fail(self, fault: str, at: int | None = None) -> NoReturn:
        line = self.text.count("\n", 0, self.at if at is None else at) + 1
        raise TextError(self.path, line, fault, mend="Mend the JSON, or delete the file")

    def skip(self) -> None:
        match = _TRIVIA.match(self.text, self.at)
        assert match is not None, "it matches the empty text"
        self.at = match.end()

    def at_end(self) -> bool:
        return self.at == len(self.text)

    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def past(self, character: str) -> bool:
        """Whether a character is next, which is taken then."""
        if self.next() != character:
            return False
        self.at += 1
        self.skip()
        return True

    def string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            self.fail("a string is expected" if self.next() != '"' else "a string does not end")
        self.at = match.end()
        return str(json.loads(match[0]))

    def value(self, outer: int, depth: int) -> Part:
        if depth > _DEEPEST:
            self.fail("it is nested too deeply")
        start = self.at
        value: Any
        parts: list[tuple[Union[str, int], Part]] = []
        if self.past("{"):
            while self.next() != "}":
                place = self.at
                key = self.string()
                self.skip()
                if not self.past(":"):
                    self.fail(f"a colon is expected after the key {json.dumps(key)}")
                parts.append((key, self.value(place, depth + 1)))
                if parts[-1][1].comma < 0 and self.next() != "}":
                    self.fail("a comma or a closing brace is expected")
            value = {key: part.value for key, part in parts}
        elif self.past("["):
            while self.next() != "]":
                parts.append((len(parts), self.value(self.at, depth + 1)))
                if parts[-1][1].comma < 0 and self.next() != "]":
                    self.fail("a comma or a closing bracket is expected")
            value = [part.value for _, part in parts]
        elif self.next() == '"':
            value = self.string()
            self.at -= 1
        else:
            match = _SCALAR.match(self.text, self.at)
            if match is None:
                self.fail("a value is expected")
            value = _number(match[0])
            self.at = match.end() - 1
        self.at += 1
        end = self.at
        self.skip()
        place = self.at
        comma = place if depth and self.past(",") else -1
        return Part(outer, start, end, comma, value, parts)


def _number(text: str) -> Json:
    """What a number or word means; a number that Python refuses stays text, since none is ours."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value
