"""Tells what the projects installed in a folder require and provide. Also a script of its own, with
nothing but the standard library (CPython 3.7 and newer), to run in a sandbox:

    contents.py FOLDER [FOLDER...]   prints what is installed in site-packages folders, as JSON

A project's modules are read from its RECORD, so that files of others beside it do not count.
"""

from __future__ import annotations

import ast
import csv
import email
import json
import keyword
import os
import re
import sys
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Pattern

_SOURCES = re.compile(r"([^.]+)\.(?:py|pyc|(?:[^.]+\.)?(?:so|pyd))")
_STUBS = re.compile(r"([^.]+)\.pyi")
_STUBS_FOLDER = "-stubs"
_NAMESPACE_IMPORTS = {"pkgutil", "pkg_resources", "__future__", "typing"}
_NAMESPACE_CALLS = {"declare_namespace", "extend_path"}
_NO_PACKAGES = {"bin", "etc", "include", "lib", "share"}
"""Folders that installing with `--target` puts beside the modules."""


class ContentsError(Exception):
    """An installed project cannot be read; the message names it."""


class Contents(NamedTuple):
    """An installed project.

    Attributes:
        name: as its metadata has it, like version, requires and extras.
        version: `Version`.
        requires: `Requires-Dist`, in the order of the metadata.
        extras: `Provides-Extra`, likewise.
        modules: the dotted names that it can be imported by, sorted: top-level modules and
            packages, and of a namespace package the parts.
        stubs: the names that it holds type stubs for (PEP 561) but no code, sorted.
    """

    name: str
    version: str
    requires: List[str]
    extras: List[str]
    modules: List[str]
    stubs: List[str]


def contents(folder: str) -> Iterator[Contents]:
    """What is installed in a folder, by the name of the metadata's folder.

    Raises:
        ContentsError: a project lacks its METADATA or RECORD, or they lack what they must hold.
    """
    for info in sorted(os.listdir(folder)):
        if info.endswith(".dist-info"):
            yield _project(folder, info)


def _project(folder: str, info: str) -> Contents:
    metadata = email.message_from_string(_read(folder, info, "METADATA"))
    for field in ("Name", "Version"):
        if not metadata[field]:
            raise ContentsError(f"{info}/METADATA states no {field}")
    files = _tree(row[0] for row in csv.reader(_read(folder, info, "RECORD").splitlines()) if row)
    modules = set(_names(files, "", folder, _SOURCES))
    stubs = set(_names(files, "", folder, _STUBS))
    stubs = {
        stub for stub in stubs if not any(_within(m, stub) or _within(stub, m) for m in modules)
    }
    for name, inner in files.items():
        if name.endswith(_STUBS_FOLDER) and isinstance(inner, dict):
            package = name[: -len(_STUBS_FOLDER)]
            stubs.update(_names({package: inner}, "", folder, _STUBS))
    return Contents(
        str(metadata["Name"]),
        str(metadata["Version"]),
        [_unfolded(value) for value in metadata.get_all("Requires-Dist", [])],
        [_unfolded(value) for value in metadata.get_all("Provides-Extra", [])],
        sorted(modules),
        sorted(stubs),
    )


def _within(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


def _read(*parts: str) -> str:
    try:
        with open(os.path.join(*parts), encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    except OSError as error:
        raise ContentsError(f"{'/'.join(parts[1:])} cannot be read ({error.strerror})") from None


def _unfolded(value: str) -> str:
    return " ".join(value.split())


def _tree(paths: Iterable[str]) -> Dict[str, Any]:
    """Files as nested folders; those outside the folder, such as scripts, are left out."""
    top: Dict[str, Any] = {}
    for path in paths:
        parts = path.split("/")
        if os.path.isabs(path) or ".." in parts:
            continue
        folder = top
        for part in parts[:-1]:
            folder = folder.setdefault(part, {})
        folder[parts[-1]] = None
    return top


def _names(files: Dict[str, Any], path: str, root: str, pattern: Pattern[str]) -> Iterator[str]:
    """The names that can be imported from a folder that is no package itself.

    Args:
        files: the folder's files and folders.
        path: the folder, relative to `root`, with a slash at the end; empty for `root` itself.
        root: the site-packages folder.
        pattern: what files are modules.
    """
    package = path.replace("/", ".")
    for name, inner in files.items():
        if inner is None:
            match = pattern.fullmatch(name)
            if match and _importable(match[1]) and match[1] not in ("__init__", "__main__"):
                yield package + match[1]
        elif not _importable(name) or name == "__pycache__":
            continue
        elif _is_package(inner, f"{path}{name}", root, pattern):
            yield package + name
        elif path or name not in _NO_PACKAGES:
            yield from _names(inner, f"{path}{name}/", root, pattern)


def _importable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _is_package(files: Dict[str, Any], path: str, root: str, pattern: Pattern[str]) -> bool:
    """Whether a folder is a package, and none that others may add to."""
    found = [name for name in files if name.startswith("__init__.") and pattern.fullmatch(name)]
    if found == ["__init__.py"]:
        return not _only_declares_a_namespace(_read(root, path, "__init__.py"))
    return bool(found)


def _only_declares_a_namespace(text: str) -> bool:
    """Whether an `__init__.py` is the same in each project that adds to its package.

    That is the way of `pkgutil` and `pkg_resources`, which other code says nothing beside.
    """
    if not any(name in text for name in _NAMESPACE_CALLS):
        return False
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return False
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}
    defined = any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in nodes)
    return imported <= _NAMESPACE_IMPORTS and not defined


def main(*folders: str) -> None:
    """Print what is installed in folders, as a JSON list."""
    found = [project._asdict() for folder in folders for project in contents(folder)]
    json.dump(found, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ContentsError as error:
        sys.exit(f"Lockstep cannot tell what is installed: {error}. Install it anew.")
    except OSError as error:
        sys.exit(f"Lockstep cannot tell what is installed: {error}. Mend it and run this again.")
