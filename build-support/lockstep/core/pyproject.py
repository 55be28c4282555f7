"""Reads the requirements of a pyproject.toml: its project, extras, groups and build."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from dataclasses import replace
from typing import Any, Iterator, Mapping

from packaging.utils import canonicalize_name

from lockstep.core.input_values import Include, Input, InputRequirement
from lockstep.core.requirement_text import parsed, stated
from lockstep.core.script_metadata import requires_python
from lockstep.core.toml_text import Key, TomlText, read_toml

_BASE = "project.dependencies"
_EXTRA = "project.optional-dependencies"
_GROUP = "dependency-groups"
_BUILD = "build-system.requires"

_TO_PROJECT = "Move them to `project.dependencies`, where every tool finds them"
_TO_GROUPS = "Move them to `[dependency-groups]`, where every tool finds them"
_TO_CONSTRAINTS = "Move them to a file that a requirements file names by `-c`"
_OF_ONE_TOOL = {
    "tool.poetry.dependencies": _TO_PROJECT,
    "tool.poetry.dev-dependencies": _TO_GROUPS,
    "tool.poetry.group.*.dependencies": _TO_GROUPS,
    "tool.flit.metadata.requires": _TO_PROJECT,
    "tool.flit.metadata.requires-extra": _TO_PROJECT,
    "tool.pdm.dev-dependencies": _TO_GROUPS,
    "tool.rye.dev-dependencies": _TO_GROUPS,
    "tool.hatch.envs.*.dependencies": _TO_GROUPS,
    "tool.hatch.envs.*.extra-dependencies": _TO_GROUPS,
    "tool.uv.dev-dependencies": _TO_GROUPS,
    "tool.uv.constraint-dependencies": _TO_CONSTRAINTS,
    "tool.uv.override-dependencies": _TO_CONSTRAINTS,
    "tool.uv.sources": "Write `name @ url` where it is required; leave first-party code out",
}
"""Tables that state requirements, but for one tool alone."""


def parse(text: str, path: str) -> Input:
    """Read a pyproject.toml.

    Raises:
        TextError: it is not valid TOML; it states requirements in a way that only one tool reads,
            or leaves them to a build; a group or an extra is unknown, stated twice, or includes
            itself.
    """
    return _Pyproject(read_toml(text, path)).input()


class _Pyproject:
    def __init__(self, toml: TomlText) -> None:
        self.toml = toml
        self.project = canonicalize_name(toml.string("project", "name"))
        self.extras = self._names("project", "optional-dependencies")
        self.groups = self._names("dependency-groups")
        self.stated: list[InputRequirement] = []
        self.includes: dict[str, list[str]] = defaultdict(list)
        """The tables that a table includes."""

    def input(self) -> Input:
        self._refuse_tables_of_one_tool()
        files = tuple(self._dynamic())
        self._read(_BASE, self.toml.strings("project", "dependencies"), "project", "dependencies")
        for key, name in self.extras.items():
            keys = ("project", "optional-dependencies", name)
            self._read(f"{_EXTRA}.{key}", self.toml.strings(*keys), *keys)
        for key, name in self.groups.items():
            entries = self.toml.document["dependency-groups"][name]
            if not isinstance(entries, list):
                self.toml.fail(f"`{_GROUP}.{name}` is not a list", _GROUP, name)
            self._read(f"{_GROUP}.{key}", entries, _GROUP, name)
        self._refuse_cycles()
        bringing = self._bringing()
        return Input(
            self.toml.path,
            requirements=(
                *(
                    replace(requirement, tables=bringing[requirement.tables[0]])
                    for requirement in self.stated
                ),
                *self._of_build(),
            ),
            includes=files,
            requires_python=requires_python(self.toml, "project", "requires-python"),
        )

    def _of_build(self) -> Iterator[InputRequirement]:
        for index, text in enumerate(self.toml.strings(*_BUILD.split("."))):
            requirement = stated(self.toml.at(*_BUILD.split("."), index), text)
            yield replace(requirement, tables=(_BUILD,))

    def _names(self, *keys: str) -> Mapping[str, str]:
        """Names of extras or groups as written, by their normalised form."""
        names: dict[str, str] = {}
        for name in self.toml.table(*keys):
            first = names.setdefault(canonicalize_name(name), name)
            if first != name:
                self.toml.fail(
                    f"`{name}` is the same name as `{first}` in line"
                    f" {self.toml.at(*keys, first).line}",
                    *keys,
                    name,
                    mend="Join both into one, or rename one",
                )
        return names

    def _read(self, table: str, entries: Any, *keys: str) -> None:
        for index, entry in enumerate(entries):
            if isinstance(entry, str):
                self._requirement(table, entry, *keys, index)
            elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
                self._include_group(table, entry, *keys, index)
            else:
                self.toml.fail(
                    f"`{table}` holds what is neither a requirement nor an `include-group`",
                    *keys,
                    index,
                    mend='Write a requirement, or `{include-group = "name"}`',
                )

    def _requirement(self, table: str, text: str, *keys: Key) -> None:
        requirement = stated(self.toml.at(*keys), text)
        named = parsed(text)
        if not self.project or canonicalize_name(named.name) != self.project:
            self.stated.append(replace(requirement, tables=(table,)))
            return
        for extra in sorted(named.extras):
            if canonicalize_name(extra) not in self.extras:
                requirement.fail(
                    f"`{text}` names the extra `{extra}`, which this project does not have",
                    f"State it in `{_EXTRA}`, or correct the name",
                )
            self.includes[table].append(f"{_EXTRA}.{canonicalize_name(extra)}")
        if table.startswith(_GROUP):
            self.includes[table].append(_BASE)

    def _include_group(self, table: str, entry: Mapping[str, Any], *keys: Key) -> None:
        name = entry["include-group"]
        if len(entry) > 1:
            self.toml.fail(
                "an `include-group` takes no other key", *keys, mend="Leave the others out"
            )
        if canonicalize_name(name) not in self.groups:
            self.toml.fail(
                f"`{table}` includes the group `{name}`, which this file does not have",
                *keys,
                mend=f"State it in `[{_GROUP}]`, or correct the name",
            )
        self.includes[table].append(f"{_GROUP}.{canonicalize_name(name)}")

    def _refuse_cycles(self) -> None:
        """Groups that include themselves are an error (PEP 735); for extras pip knows a meaning."""
        for key, name in self.groups.items():
            table = f"{_GROUP}.{key}"
            if table in self._reached(table):
                self.toml.fail(
                    f"the group `{name}` includes itself",
                    *(_GROUP, name),
                    mend="Take one `include-group` out of the circle",
                )

    def _reached(self, table: str) -> list[str]:
        """The tables that a table includes, directly or through others."""
        reached: dict[str, None] = {}
        todo = self.includes[table][::-1]
        while todo:
            included = todo.pop()
            if included not in reached:
                reached[included] = None
                todo.extend(self.includes[included][::-1])
        return list(reached)

    def _bringing(self) -> Mapping[str, tuple[str, ...]]:
        """The tables that bring what a table states: itself first."""
        tables = [_BASE, *(f"{_EXTRA}.{key}" for key in self.extras)]
        tables += [f"{_GROUP}.{key}" for key in self.groups]
        bringing = {table: [table] for table in tables}
        for table in tables:
            for included in self._reached(table):
                if included != table:
                    bringing[included].append(table)
        return {table: tuple(by) for table, by in bringing.items()}

    def _dynamic(self) -> Iterator[Include]:
        """The requirements files that setuptools reads; all else that a build computes is unread."""
        dynamic = self.toml.strings("project", "dynamic")
        for field in ("dependencies", "optional-dependencies"):
            if field not in dynamic:
                continue
            within = self.toml.table("tool", "setuptools", "dynamic").get(field)
            tables = [within] if field == "dependencies" else _values(within)
            files = [t["file"] for t in tables if isinstance(t, dict) and t.get("file")]
            if not tables or len(files) < len(tables):
                self.toml.fail(
                    f"`project.{field}` is dynamic: only a build would tell what it is",
                    "project",
                    "dynamic",
                    dynamic.index(field),
                    mend=f"State it in `project.{field}`, or make the file that states it an input",
                )
            for named in files:
                for file in named if isinstance(named, list) else [named]:
                    yield self._file(field, file)

    def _file(self, field: str, file: Any) -> Include:
        place = self.toml.at("tool", "setuptools", "dynamic", field)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(place.path), str(file)))
        if not isinstance(file, str) or target.startswith(("/", "../")):
            place.fail(f"`{file}` is no file of this repository", "Name it by its path from here")
        return Include(place.path, place.line, target)

    def _refuse_tables_of_one_tool(self) -> None:
        for pattern, mend in _OF_ONE_TOOL.items():
            for keys, entries in _matching(self.toml.document, tuple(pattern.split("."))):
                if isinstance(entries, dict) and pattern == "tool.poetry.dependencies":
                    entries = {key: value for key, value in entries.items() if key != "python"}
                if entries:
                    name = ".".join(keys)
                    self.toml.fail(
                        f"`{name}` states requirements for one tool alone", *keys, mend=mend
                    )


def _values(table: Any) -> list[Any]:
    return list(table.values()) if isinstance(table, dict) else []


def _matching(table: Any, pattern: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The values that a dotted pattern leads to, where `*` is any key."""
    if not pattern:
        yield (), table
    elif isinstance(table, dict):
        first, *rest = pattern
        for key in list(table) if first == "*" else [first] if first in table else []:
            for keys, found in _matching(table[key], tuple(rest)):
                yield (key, *keys), found
