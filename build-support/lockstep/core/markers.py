"""Environment markers (PEP 508) where not all is known of the environment: true, false, unknown.

`packaging` is what compares; here is what it lacks: an answer where a variable is not known, and
one spelling of a marker, whatever its release.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Mapping, Optional, Tuple, Union

from packaging import markers
from packaging.markers import InvalidMarker
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_TOKEN = re.compile(r"""\s*(?:
    (?P<parenthesis> [()])
    | (?P<literal> '[^']*' | "[^"]*")
    | (?P<operator> ===|==|~=|!=|<=|>=|<|> | not\s+in\b | in\b)
    | (?P<junction> (?:and|or)\b)
    | (?P<variable> [a-z_.]+)
    )""", re.VERBOSE)  # fmt: skip
_VARIABLES = frozenset("""
    implementation_name implementation_version os_name platform_machine
    platform_python_implementation platform_release platform_system platform_version
    python_full_version python_version sys_platform extra
    """.split())
_OLD_NAMES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}
_DEEPEST = 50


@dataclass(frozen=True)
class Comparison:
    """One comparison of a marker, in canonical spelling.

    Attributes:
        text: the comparison as a marker of its own.
        variable: what is compared; empty where not exactly one side is a known variable.
        operator: such as `>=` or `not in`.
        value: what it is compared with.
    """

    text: str
    variable: str
    operator: str
    value: str


Marker = Tuple[Tuple[Union[Comparison, "Marker"], ...], ...]
"""Alternatives, of which one must hold; each is a row of conditions that must all hold."""


@lru_cache(maxsize=None)
def read(text: str) -> Marker:
    """Read a marker.

    Raises:
        InvalidMarker: it is not one (PEP 508), or is nested more than 50 parentheses deep.
    """
    return _Reader(text).marker()


def written(marker: Marker) -> str:
    """A marker in its one spelling: double quotes, single blanks, no needless parentheses."""
    return " or ".join(
        " and ".join(
            condition.text if isinstance(condition, Comparison) else f"({written(condition)})"
            for condition in alternative
        )
        for alternative in marker
    )


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.kind, self.token = self._next()

    def marker(self) -> Marker:
        found = self._alternatives(0)
        if self.kind != "end":
            self._fail()
        return found

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            if self.text[self.at :].strip():
                self._fail()
            return "end", ""
        self.at = match.end()
        kind = str(match.lastgroup)
        return kind, match[kind]

    def _fail(self) -> None:
        raise InvalidMarker(f"`{self.text}` is not an environment marker (PEP 508)")

    def _take(self, kind: str, token: str | None = None) -> str:
        taken = self.token
        if self.kind != kind or token not in (None, taken):
            self._fail()
        self.kind, self.token = self._next()
        return taken

    def _alternatives(self, depth: int) -> Marker:
        alternatives = [self._conditions(depth)]
        while self.token == "or" and self.kind == "junction":
            self._take("junction")
            alternatives.append(self._conditions(depth))
        return tuple(spliced for row in alternatives for spliced in _spliced(row))

    def _conditions(self, depth: int) -> tuple[Comparison | Marker, ...]:
        conditions = [*self._condition(depth)]
        while self.token == "and" and self.kind == "junction":
            self._take("junction")
            conditions.extend(self._condition(depth))
        return tuple(conditions)

    def _condition(self, depth: int) -> tuple[Comparison | Marker, ...]:
        if self.kind != "parenthesis":
            return (self._comparison(),)
        if depth == _DEEPEST:
            self._fail()
        self._take("parenthesis", "(")
        inner = self._alternatives(depth + 1)
        self._take("parenthesis", ")")
        return inner[0] if len(inner) == 1 else (inner,)

    def _comparison(self) -> Comparison:
        left = self._side()
        operator = " ".join(self._take("operator").split())
        right = self._side()
        known = [side for side in (left, right) if side in _VARIABLES]
        values = [side[1:-1] for side in (left, right) if side[0] in "'\""]
        variable = known[0] if len(known) == len(values) == 1 else ""
        if variable == "extra" and operator in ("==", "!="):
            left, right = "extra", f'"{canonicalize_name(values[0])}"'
            values = [right[1:-1]]
        return Comparison(
            f"{left} {operator} {right}", variable, operator, values[0] if variable else ""
        )

    def _side(self) -> str:
        if self.kind == "literal":
            value = self._take("literal")[1:-1]
            return f"'{value}'" if '"' in value else f'"{value}"'
        name = self._take("variable")
        name = _OLD_NAMES.get(name, name)
        if name not in _VARIABLES | {"extras", "dependency_groups"}:
            self._fail()
        return name


def _spliced(row: tuple[Comparison | Marker, ...]) -> Marker:
    """A row that is nothing but alternatives in parentheses, as alternatives of what it is in."""
    only = row[0]
    return only if len(row) == 1 and isinstance(only, tuple) else (row,)


class Environment:
    """What is known of an environment.

    Args:
        variables: marker variables (PEP 508) and their values. What is not named is unknown,
            except that `python_version` bounds `python_full_version`.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)
        self._truths: dict[tuple[str, str], bool | None] = {}

    def truth(self, marker: str | None, extra: str = "") -> bool | None:
        """Whether a marker holds; None where that depends on what is not known.

        A marker that cannot be read, or that compares what cannot be compared, is unknown too.

        Args:
            marker: the marker as text; None is always true.
            extra: the normalised name of the extra it is asked for (PEP 685), if any.
        """
        if marker is None:
            return True
        if (marker, extra) not in self._truths:
            try:
                self._truths[marker, extra] = self._any(read(marker), extra)
            except InvalidMarker:
                self._truths[marker, extra] = None
        return self._truths[marker, extra]

    def _any(self, marker: Marker, extra: str) -> bool | None:
        truths = {self._all(alternative, extra) for alternative in marker}
        return True if True in truths else None if None in truths else False

    def _all(self, row: tuple[Comparison | Marker, ...], extra: str) -> bool | None:
        truths = {
            self._one(part, extra) if isinstance(part, Comparison) else self._any(part, extra)
            for part in row
        }
        return False if False in truths else None if None in truths else True

    def _one(self, comparison: Comparison, extra: str) -> bool | None:
        variable = comparison.variable
        if variable == "extra" and comparison.operator in ("==", "!="):
            return (comparison.value == extra) == (comparison.operator == "==")
        if variable == "extra":
            return _holds(comparison, extra)
        if variable in self._variables:
            return _holds(comparison, self._variables[variable])
        if variable == "python_full_version" and "python_version" in self._variables:
            return _holds_for_minor(comparison, self._variables["python_version"])
        return None


@lru_cache(maxsize=None)
def _holds(comparison: Comparison, value: str) -> Optional[bool]:
    try:
        return markers.Marker(comparison.text).evaluate({comparison.variable: value})
    except (ValueError, KeyError):  # what cannot be compared, by the releases of `packaging`
        return None


@lru_cache(maxsize=None)
def _holds_for_minor(comparison: Comparison, minor: str) -> Optional[bool]:
    """Whether a comparison holds for every patch release of a Python, for none, or for some."""
    if comparison.operator in ("in", "not in", "===") or minor.count(".") != 1:
        return None
    releases = {f"{minor}.0", f"{minor}.9999"}
    try:
        version = Version(comparison.value.strip().replace(".*", ""))
    except InvalidVersion:
        return None
    if f"{version.major}.{version.minor}" == minor:
        if version.is_prerelease:
            return None
        # What a comparison says can turn only at the release that it names.
        releases.add(f"{minor}.{version.micro}")
    truths = {_holds(comparison, release) for release in releases}
    return truths.pop() if len(truths) == 1 else None
