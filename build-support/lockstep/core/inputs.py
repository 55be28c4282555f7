"""Requirements inputs: the places that state third-party requirements, read line by line."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any, Iterator, Mapping
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import Specifier

from lockstep.core.errors import TextError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class InputRequirement:
    """One requirement and the place that states it.

    Attributes:
        path: the input file, relative to the build root.
        line: its line, from 1; 0 where the format has no lines to name.
        text: the requirement (PEP 508).
    """

    path: str
    line: int
    text: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


def parse_input(text: str, path: str) -> tuple[InputRequirement, ...]:
    """Read an input file: `pyproject.toml` by name, everything else as requirements.txt format.

    Raises:
        TextError: a line is neither a requirement nor a comment; the file is not valid TOML.
    """
    text = text.removeprefix("\ufeff")  # a byte order mark, which pip passes over too
    if path.rsplit("/", 1)[-1] == "pyproject.toml":
        return tuple(_parse_pyproject(text, path))
    return tuple(_parse_requirements_txt(text, path))


def _parse_requirements_txt(text: str, path: str) -> Iterator[InputRequirement]:
    for number, line in _logical_lines(text):
        if line.startswith("-"):
            raise TextError(
                path,
                number,
                f"the option `{line.split()[0].partition('=')[0]}` is not supported in an input",
                mend="State requirements only, and give each file a `python_requirements` target",
            )
        yield _requirement(line, path, number)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines joined over `\\` and freed of comments as pip reads them, with their first number."""
    start, joined = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        start = start or number
        comment_only = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment_only:
            joined += line[:-1]
            continue
        joined += f" {line}" if comment_only else line
        yield from _uncommented(start, joined)
        start, joined = 0, ""
    yield from _uncommented(start, joined)


def _uncommented(start: int, joined: str) -> Iterator[tuple[int, str]]:
    logical = re.sub(r"(^|\s)#.*$", "", joined).strip()
    if logical:
        yield start, logical


def _parse_pyproject(text: str, path: str) -> Iterator[InputRequirement]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        raise TextError(
            path, int(place.group(1)) if place else 1, str(error), mend="Mend the TOML"
        ) from None
    project = _table(document, "project", "project", path)
    optional = _table(project, "optional-dependencies", "project.optional-dependencies", path)
    groups = {"project.dependencies": project.get("dependencies", [])}
    groups.update(
        (f"project.optional-dependencies.{name}", group) for name, group in optional.items()
    )
    for name, group in groups.items():
        if not isinstance(group, list) or not all(isinstance(entry, str) for entry in group):
            raise TextError(path, 1, f"`{name}` is not a list of strings", mend="Mend the TOML")
        for requirement in group:
            yield _requirement(requirement, path, _line_of(requirement, text))


def _table(within: Mapping[str, Any], key: str, name: str, path: str) -> Mapping[str, Any]:
    table = within.get(key, {})
    if not isinstance(table, dict):
        raise TextError(path, 1, f"`{name}` is not a table", mend="Mend the TOML")
    return table


def _line_of(requirement: str, text: str) -> int:
    """The first line that quotes the requirement; 0 where it is spelled with escapes."""
    quoted = (f'"{requirement}"', f"'{requirement}'")
    lines = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if any(q in line for q in quoted)), 0)


def _requirement(text: str, path: str, line: int) -> InputRequirement:
    try:
        requirement = Requirement(text)
        urlsplit(requirement.url or "")
        for specifier in requirement.specifier:
            Specifier(str(specifier))  # old releases of `packaging` let `==banana` through
    except (ValueError, RecursionError):
        raise TextError(
            path,
            max(line, 1),
            f"`{text}` is not a requirement",
            mend="Write it as PEP 508 has it, such as `name>=1.2`",
        ) from None
    return InputRequirement(path, line, text)
