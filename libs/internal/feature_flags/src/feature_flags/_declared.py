"""Flags as a file declares them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

_KEYS = ("description", "default", "rollout", "expires")


class FlagError(ValueError):
    """A sentence on what is wrong with a file of flags, a variable, or the name of a flag."""


@dataclass(frozen=True)
class Flag:
    """A declared flag; `rollout` is a percentage of keys."""

    name: str
    description: str
    default: bool
    rollout: float | None = None
    expires: date | None = None


def parse_flags(text: str, place: str) -> dict[str, Flag]:
    """Return the flags of a TOML file by name; `place` is how errors call the file.

    Raises FlagError for the first fault.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FlagError(f"{place} is not TOML: {error}.") from error
    return {name: _flag(name, table, f"{place}: {name}") for name, table in tables.items()}


def _flag(name: str, table: Any, place: str) -> Flag:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise FlagError(f"{place} must be lower-case letters, digits and underscores.")
    if not isinstance(table, dict):
        raise FlagError(f"{place} must be a table such as [{name}].")
    for key in table:
        if key not in _KEYS:
            raise FlagError(f"{place}.{key} is unknown; known are {', '.join(_KEYS)}.")
    return Flag(
        name=name,
        description=_description(table, place),
        default=_default(table, place),
        rollout=_rollout(table, place),
        expires=_expires(table, place),
    )


def _description(table: Mapping[str, Any], place: str) -> str:
    match table.get("description"):
        case str(text) if text.strip():
            return text
    raise FlagError(f"{place}.description must tell what the flag switches.")


def _default(table: Mapping[str, Any], place: str) -> bool:
    match table.get("default"):
        case bool(value):
            return value
    raise FlagError(f"{place}.default must be true or false.")


def _rollout(table: Mapping[str, Any], place: str) -> float | None:
    match table.get("rollout"):
        case None:
            return None
        case int(share) | float(share) if not isinstance(share, bool) and 0 <= share <= 100:
            if table["default"]:
                raise FlagError(f"{place}.rollout has no effect, since the default is true.")
            return share
    raise FlagError(f"{place}.rollout must be a percentage, a number from 0 to 100.")


def _expires(table: Mapping[str, Any], place: str) -> date | None:
    match table.get("expires"):
        case None:
            return None
        case date() as day if not isinstance(day, datetime):
            return day
    raise FlagError(f"{place}.expires must be a date such as 2027-06-30, without quotes.")
