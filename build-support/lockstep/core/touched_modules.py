"""Modules that came, went or changed hands, and the files whose imports name them."""

from __future__ import annotations

from typing import Iterable, Mapping


def module_of(path: str) -> str | None:
    """The dotted name of a Python file, relative to its source root; None where it has none."""
    stem, dot, suffix = path.rpartition(".")
    if not dot or suffix not in ("py", "pyi"):
        return None
    parts = stem.split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) or None


def naming(imports: Iterable[str], touched: Mapping[str, bool]) -> str | None:
    """Which touched module an import may lead to; the first by name.

    `from a import b` is told as `a.b`, and can mean the module `a.b` or a name in `a`.

    Args:
        imports: the dotted names that a file imports.
        touched: touched modules, and whether all below them is meant too, as for a distribution.
    """
    found = set()
    for name in imports:
        parts = name.split(".")
        for depth in range(len(parts), 0, -1):
            module = ".".join(parts[:depth])
            if module in touched and (depth >= len(parts) - 1 or touched[module]):
                found.add(module)
                break
    return min(found) if found else None
