"""What `pants.toml` says that holds without Pants too: resolves, their locks, and source roots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from lockstep.core.source_roots import DEFAULT_PATTERNS
from lockstep.core.toml_text import TomlText, read_toml

PATH = "pants.toml"


@dataclass(frozen=True)
class PantsOptions:
    """Some options. What the environment, the command line or another file sets is not known here.

    Attributes:
        document: the whole file.
        locks: the lock of each resolve, relative to the build root.
        default_resolve: the resolve of whatever names none.
        root_patterns: of source roots.
        marker_filenames: files that mark a source root.
        shared_inputs: the folder of the requirements inputs that all projects share.
    """

    document: Mapping[str, Any]
    locks: Mapping[str, str]
    default_resolve: str
    root_patterns: tuple[str, ...]
    marker_filenames: tuple[str, ...]
    shared_inputs: str


def parse(text: str) -> PantsOptions:
    """Read `pants.toml`.

    Raises:
        TextError: it is not TOML, or an option is something else than it should be.
    """
    toml = read_toml(text, PATH)
    locks = toml.table("python", "resolves")
    for name, path in locks.items():
        if not isinstance(path, str):
            toml.fail(f"the lock of `{name}` is not a path", "python", "resolves", name)
    return PantsOptions(
        document=toml.document,
        locks=locks or {"python-default": "3rdparty/python/default.lock"},
        default_resolve=toml.string("python", "default_resolve") or "python-default",
        root_patterns=_strings(toml, DEFAULT_PATTERNS, "source", "root_patterns"),
        marker_filenames=_strings(toml, (), "source", "marker_filenames"),
        shared_inputs=toml.string("lockstep", "shared_inputs") or "3rdparty/python",
    )


def _strings(toml: TomlText, default: Sequence[str], *keys: str) -> tuple[str, ...]:
    """A list, or what is added to and removed from its default."""
    value = toml.table(*keys[:-1]).get(keys[-1])
    if value is None:
        return tuple(default)
    if not isinstance(value, dict):
        return toml.strings(*keys)
    removed = toml.strings(*keys, "remove")
    return (*(entry for entry in default if entry not in removed), *toml.strings(*keys, "add"))
