"""What a file imports of the repository, and what that imports, to the end: read from the source."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, Mapping, NamedTuple

from lockstep.core.named_modules import named_modules
from lockstep.core.source_roots import Kind, Listing, root_of

_STATEMENT = re.compile(
    r"(?:^|[;:])[ \t\f]*(?:from[ \t]+(?P<source>[\w. \t]+?)[ \t]+import\b[ \t]*"
    r"(?P<taken>\((?:[^)#]|#[^\n]*)*\)|(?:[^\n;#\\]|\\\n)*)|import[ \t]+(?P<names>(?:[^\n;#\\]|\\\n)+))",
    re.M,
)
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"\w+(?:\.\w+)*")


def imported(source: str, path: str) -> frozenset[str]:
    """The dotted names that a file imports, of a `from` import with each name that it takes.

    Names that frameworks import by strings count. Of a file that this Python cannot parse, since it
    is for a newer one, all that looks like an import counts.

    Args:
        source: the text of the file.
        path: the file relative to its source root, for relative names.
    """
    try:
        found = set(_parsed(ast.parse(source), path))
    except (SyntaxError, ValueError, RecursionError):
        found = set(_scanned(source, path))
    return frozenset(found.union(named_modules(source, path)))


def _parsed(tree: ast.AST, path: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(node.level, node.module or "", (a.name for a in node.names), path)


def _scanned(source: str, path: str) -> Iterator[str]:
    for match in _STATEMENT.finditer(source):
        taken = _COMMENT.sub("", match["taken"] or match["names"]).replace("\\\n", " ")
        names = [part.strip("() \t\n").split(" as ")[0] for part in taken.split(",")]
        names = ["".join(name.split()) for name in names]
        if match["source"] is None:
            yield from filter(_NAME.fullmatch, names)
        else:
            stated = "".join(match["source"].split())
            module = stated.lstrip(".")
            yield from _from(len(stated) - len(module), module, names, path)


def _from(level: int, module: str, names: Iterable[str], path: str) -> Iterator[str]:
    if level:
        package = path.split("/")[:-1]
        if level - 1 > len(package):
            return
        base = package[: len(package) - level + 1]
        module = ".".join([*base, *filter(None, [module])])
    for name in names:
        yield ".".join(filter(None, [module, "" if name == "*" else name]))


class Found(NamedTuple):
    """Where a module is.

    Attributes:
        depth: how many parts of its name are modules of the repository.
        files: the files that importing it runs, by the source root that they are found from.
    """

    depth: int
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Closure:
    """All that running some files can run of the repository.

    Attributes:
        files: with those that it began at, sorted.
        roots: the source roots that they are found from, sorted.
        foreign: by each file, what it imports, and how many parts of the name are first-party.
    """

    files: tuple[str, ...]
    roots: tuple[str, ...]
    foreign: Mapping[str, tuple[tuple[str, int], ...]]


class Finder:
    """Finds modules in source roots.

    Args:
        roots: the source roots, relative to the build root.
        listing: the repository.
        read: what a file imports, by its path and by that relative to its source root.
    """

    def __init__(
        self,
        roots: frozenset[str],
        listing: Listing,
        read: Callable[[str, str], Iterable[str]],
    ) -> None:
        self._roots = roots
        self._listing = listing
        self._read = read
        self._found: dict[tuple[str, str], Found] = {}

    def find(self, module: str, near: Iterable[str] = ()) -> Found:
        """Find a module, as deep as there is anything.

        Args:
            module: its dotted name; what it ends in may be an attribute.
            near: folders that come before all source roots where both have it.
        """
        near = tuple(near)
        best = Found(0, ())
        for root in (*near, *sorted(self._roots.difference(near))):
            found = self._below(root, module)
            if found.depth > best.depth:
                best = found
            elif found.depth == best.depth and root not in near:
                if not any(place in near for place, _ in best.files):
                    best = Found(best.depth, (*best.files, *found.files))
        return best

    def _below(self, root: str, module: str) -> Found:
        if (root, module) not in self._found:
            self._found[root, module] = self._look(root, module.split("."))
        return self._found[root, module]

    def _look(self, root: str, parts: list[str]) -> Found:
        folder, depth = root, 0
        files: list[str] = []
        for at, part in enumerate(parts, start=1):
            names = self._listing(folder)
            below = _joined(folder, part)
            if names.get(part, Kind.FILE) is not Kind.FILE:
                if self._listing(below).get("__init__.py") is Kind.FILE:
                    files.append(_joined(below, "__init__.py"))
                    depth = at
                folder = below
                continue
            if names.get(f"{part}.py") is Kind.FILE:
                files.append(_joined(folder, f"{part}.py"))
                depth = at
            break
        # What lies in a source root further down is imported from there, and not from here.
        if root in self._roots and any(root_of(file, self._roots) != root for file in files):
            return Found(0, ())
        return Found(depth, tuple((root, file) for file in files))

    def closure(self, seeds: Iterable[str], beside: str | None = None) -> Closure:
        """What running files can run.

        Args:
            seeds: where it begins.
            beside: the folder of the script, which Python searches first; None for none.
        """
        todo = sorted(seeds)
        files = set(todo)
        roots = {root for root in (root_of(seed, self._roots) for seed in todo) if root is not None}
        foreign: dict[str, tuple[tuple[str, int], ...]] = {}
        while todo:
            file = todo.pop()
            root = root_of(file, self._roots)
            near = [place for place in (beside, root) if place is not None]
            imports = []
            for module in sorted(self._read(file, _relative(file, root))):
                found = self.find(module, near)
                imports.append((module, found.depth))
                roots.update(place for place, _ in found.files if place in self._roots)
                new = {path for _, path in found.files} - files
                files |= new
                todo.extend(sorted(new))
            foreign[file] = tuple(imports)
        return Closure(tuple(sorted(files)), tuple(sorted(roots)), foreign)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _relative(file: str, root: str | None) -> str:
    return file[len(root) + 1 :] if root else file if root == "" else file.rpartition("/")[2]
