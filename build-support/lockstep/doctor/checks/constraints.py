"""Interpreter constraints, such as `CPython>=3.9,<3.12`, read where nothing is installed."""

from __future__ import annotations

import re

_CONSTRAINT = re.compile(r"\s*(?P<name>[A-Za-z]*)\s*(?P<specifiers>.*)")
_SPECIFIER = re.compile(r"\s*(==|!=|>=|<=|~=|>|<)\s*(\d+(?:\.\d+){0,2})(\.\*)?\s*")


def allows(constraint: str, implementation: str, version: tuple[int, int, int]) -> bool:
    """Whether a constraint holds for an interpreter.

    Args:
        constraint: as in `[python].interpreter_constraints`.
        implementation: such as `CPython`.
        version: major, minor and patch.

    Raises:
        ValueError: this reader does not know what the constraint says.
    """
    match = _CONSTRAINT.fullmatch(constraint)
    assert match is not None  # it matches any line
    texts = [text for text in match["specifiers"].split(",") if text.strip()]
    specifiers = [_SPECIFIER.fullmatch(text) for text in texts]
    if match["name"].lower() not in ("", "cpython", "pypy") or None in specifiers:
        raise ValueError(constraint)
    if match["name"] and match["name"].lower() != implementation.lower():
        return False
    return all(_holds(found[1], found[2], found[3], version) for found in specifiers if found)


def _holds(operator: str, text: str, star: str | None, version: tuple[int, int, int]) -> bool:
    """Whether one specifier holds."""
    parts = tuple(int(part) for part in text.split("."))
    whole = (*parts, 0, 0)[:3]
    if star:
        if operator not in ("==", "!="):
            raise ValueError(f"{operator}{text}.*")
        return (version[: len(parts)] == parts) is (operator == "==")
    if operator == "~=":
        if len(parts) < 2:
            raise ValueError(f"~={text}")
        return version >= whole and version[: len(parts) - 1] == parts[:-1]
    return {
        "==": version == whole,
        "!=": version != whole,
        ">=": version >= whole,
        "<=": version <= whole,
        ">": version > whole,
        "<": version < whole,
    }[operator]
