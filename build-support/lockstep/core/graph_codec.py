"""Reads and writes `lock.graph.json`: JSON with one pin a line, so that changes are easy to read."""

from __future__ import annotations

import json
from typing import Any, Iterator, NoReturn

from lockstep.core.errors import TextError, redacted
from lockstep.core.graph import Entry, LockGraph

FORMAT = 1
"""The version of the format this code writes; a graph of a newer one is refused."""

_ABOUT = "What the pins of the lock beside this require and provide. `./pants lock` writes it."
_LISTS = ("extras", "modules", "requires", "stubs")
_RESTORE = "Restore the file from version control, or run `./pants lock` to write it anew"


def graph_path(lock_path: str) -> str:
    """Where the graph of a lock stands: `3rdparty/python/lock.graph.json` for `…/lock.txt`."""
    folder, slash, name = lock_path.rpartition("/")
    return f"{folder}{slash}{name[:-4] if name.endswith('.txt') else name}.graph.json"


def render(graph: LockGraph) -> str:
    """A graph as text; the same graph is always the same text."""
    lines = ",\n".join(f"    {json.dumps(e.pin)}: {json.dumps(_fields(e))}" for e in graph.entries)
    pins = f"{{\n{lines}\n  }}" if lines else "{}"
    return f'{{\n  "about": {json.dumps(_ABOUT)},\n  "format": {FORMAT},\n  "pins": {pins}\n}}\n'


def _fields(entry: Entry) -> dict[str, object]:
    lists = {name: list(getattr(entry, name)) for name in _LISTS}
    return dict(sorted({"hashes": entry.hashes, **{k: v for k, v in lists.items() if v}}.items()))


def parse(text: str, path: str) -> LockGraph:
    """Read a graph.

    Args:
        text: the whole file.
        path: how to call the file in errors, relative to the build root.

    Raises:
        TextError: the text is not JSON, or not a graph; its format is newer than this code.
    """
    return _Reader(text, path).graph()


class _Reader:
    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path

    def fail(self, fault: str, quoted: str = "") -> NoReturn:
        """Refuse the text; the line is the first that quotes a string, where there is one."""
        at = self.text.find(json.dumps(quoted)) if quoted else -1
        raise TextError(self.path, self.text.count("\n", 0, max(at, 0)) + 1, fault, mend=_RESTORE)

    def graph(self) -> LockGraph:
        document = self._load()
        if not isinstance(document, dict) or "format" not in document:
            self.fail("this is not the graph of a lock, since it states no `format`")
        self._known_format(document["format"])
        pins = document.get("pins")
        if not isinstance(pins, dict):
            self.fail("`pins` is not an object", "pins")
        return LockGraph(tuple(self._entry(pin, fields) for pin, fields in sorted(pins.items())))

    def _load(self) -> Any:
        try:
            return json.loads(self.text, object_pairs_hook=self._unique)
        except json.JSONDecodeError as error:
            fault = f"this is not JSON ({error.msg})"
            raise TextError(self.path, error.lineno, fault, mend=_RESTORE) from None
        except (ValueError, RecursionError):  # numbers too long, lists nested too deep
            self.fail("this is not the graph of a lock, but other JSON")

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self.fail(f"`{_short(twice)}` is stated twice", twice)
        return found

    def _known_format(self, stated: object) -> None:
        if type(stated) is not int or stated < 1:
            self.fail(f"`{_short(str(stated))}` is not a format's number", "format")
        if stated > FORMAT:
            at = self.text.find('"format"')
            raise TextError(
                self.path,
                self.text.count("\n", 0, max(at, 0)) + 1,
                f"the graph has format {_short(str(stated))}, this Lockstep reads up to {FORMAT}",
                mend="Update Lockstep in this checkout",
            )

    def _entry(self, pin: str, fields: object) -> Entry:
        if not isinstance(fields, dict) or not isinstance(fields.get("hashes"), str):
            self.fail(f"`{_short(pin)}` lacks the digest of its `hashes`", pin)
        unknown = sorted(fields.keys() - {"hashes", *_LISTS})
        if unknown:
            self.fail(f"`{_short(pin)}` has an unknown `{_short(unknown[0])}`", pin)
        lists = {name: tuple(self._strings(pin, name, fields.get(name, []))) for name in _LISTS}
        entry = Entry(pin, fields["hashes"], **lists)
        try:
            entry.edges
        except ValueError as error:
            self.fail(f"`{_short(pin)}`: {_short(str(error), 120)}", pin)
        return entry

    def _strings(self, pin: str, name: str, value: object) -> Iterator[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(f"`{name}` of `{_short(pin)}` is not a list of strings", pin)
        yield from value


def _short(text: str, most: int = 60) -> str:
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in redacted(text.strip()))
    return shown if len(shown) <= most else f"{shown[:most - 3]}..."
