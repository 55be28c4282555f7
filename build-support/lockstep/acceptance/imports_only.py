"""Run by the newest Python that a repository's files are for: writes them with nothing but imports.

    imports_only.py FROM TO FOLDER...

For tools that only have to show where imports lead. What else is in the files takes them most of
their time.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Iterator

_REST = "def __getattr__(name: str) -> object: ...\n"
"""Lets other files import whatever they like from here."""


def blocks(statement: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks within a statement."""
    for _, value in ast.iter_fields(statement):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value
        elif isinstance(value, list):
            for inner in value:
                if isinstance(inner, ast.AST):
                    yield from blocks(inner)  # a handler, a case


def imports(body: list[ast.stmt]) -> list[ast.stmt]:
    """The imports of a block, and the conditions and handlers that they stand under."""
    found: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            found.append(statement)
            continue
        inner = [(block, imports(block)) for block in blocks(statement)]
        if not isinstance(statement, (ast.If, ast.Try)):
            found += (one for _, left in inner for one in left)
        elif any(left for _, left in inner):
            for block, left in inner:
                block[:] = left or [ast.Pass()]
            found.append(statement)
    return found


def main(source: str, target: str, *folders: str) -> None:
    for folder in folders:
        for path in (Path(source) / folder).rglob("*.py*"):
            if path.suffix in (".py", ".pyi"):
                module = ast.parse(path.read_text())
                written = Path(target) / path.relative_to(source)
                written.parent.mkdir(parents=True, exist_ok=True)
                lines = [f"{ast.unparse(one)}\n" for one in imports(module.body)]
                written.write_text("".join([*lines, _REST]))


if __name__ == "__main__":
    main(*sys.argv[1:])
