"""Imports of a source file: the text the fast parser reads wholly, and those that nobody states."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Iterable, Sequence

from lockstep.core.errors import LockstepError
from lockstep.core.inputs import script_of, spec_of
from lockstep.core.transitive import TransitivePin

_BLANK = r"(?:[ \t\f]|\\\r?\n)"
_NAME = rf"\w+(?:{_BLANK}*\.{_BLANK}*\w+)*(?:{_BLANK}+as{_BLANK}+\w+)?"
_IMPORT_LIST = re.compile(
    rf"import{_BLANK}+{_NAME}(?:{_BLANK}*,{_BLANK}*{_NAME})+"
    # All names up to the last, so that a comment which the parser heeds holds for all of them.
    rf"(?!{_BLANK}*[\w.,])(?![^\n]*# pants: no-infer-dep)"
)
_COMMA = re.compile(rf",({_BLANK}*)")
_NO_INPUT = "a `requirements.in` of its project"
_CONTINUED = re.compile(r"[^\n#]*\\\r?\n\Z")


def split_import_lists(source: str) -> str:
    """The source with each `import a, b` written as `import a;import b`, on the same lines.

    The parser in Pants sees only the first name of such a list. Text in strings and comments may
    be changed likewise, since no import is read from there.
    """

    def split(found: re.Match[str]) -> str:
        if not _begins_statement(source, found.start()):
            return found.group()
        return _COMMA.sub(r";\1import ", found.group())

    return _IMPORT_LIST.sub(split, source)


def _begins_statement(source: str, at: int) -> bool:
    """Whether a statement begins there; the `import` of a `from` import begins none."""
    before = source[:at].rstrip(" \t\f")
    while before.endswith("\n"):
        line = before[before.rfind("\n", 0, len(before) - 1) + 1 :]
        if not _CONTINUED.match(line):
            return True
        before = before[: before.rindex("\\")].rstrip(" \t\f")
    return before == "" or before[-1] in ";:"


@dataclass(frozen=True)
class UnownedImport:
    """An import that no source file and no requirements input provides.

    Attributes:
        path: the importing file, relative to the build root.
        line: the line of the import, from 1.
        module: the dotted name; of a `from` import with the name that it takes.
        near: known modules of a similar name, the nearest first.
        resolves: other resolves in which it is provided.
        input: the requirements input to add its project to, if the importing project has one.
        provider: the pin that would provide it, had an input stated it.
    """

    path: str
    line: int
    module: str
    near: tuple[str, ...] = ()
    resolves: tuple[str, ...] = ()
    input: str | None = None
    provider: TransitivePin | None = None

    def place(self) -> tuple[str, int, str]:
        """What to sort by."""
        return self.path, self.line, str(self)

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}"
        if self.provider is not None:
            return (
                f"{where}: the import `{self.module}` comes from {self.provider}: add"
                f" `{self.provider.project}` to {self.input or _NO_INPUT}"
            )
        hints = [f"provided in the resolve `{resolve}`" for resolve in self.resolves]
        if self.near:
            hints.append("near: " + ", ".join(f"`{name}`" for name in self.near))
        told = f" ({'; '.join(hints)})" if hints else ""
        return f"{where}: nothing provides the import `{self.module}`{told}"


class UnownedImportsError(LockstepError):
    """Imports that would fail when the code runs.

    Args:
        imports: at least one.
    """

    def __init__(self, imports: Iterable[UnownedImport]) -> None:
        found = sorted(set(imports), key=UnownedImport.place)
        unknown = [unowned for unowned in found if unowned.provider is None]
        inputs = sorted({unowned.input for unowned in unknown if unowned.input})
        where = " or ".join(inputs) if inputs else _NO_INPUT
        add = f"Mend the name, or add the distribution that provides it to {where} and run"
        super().__init__(
            "\n".join(map(str, found)),
            mend=f"{add if unknown else 'Then run'} `./pants lock`. An import that may fail belongs"
            " under `except ImportError`, or takes the comment `# pants: no-infer-dep`",
        )
        self.imports = found


def near_matches(module: str, known: Iterable[str]) -> tuple[str, ...]:
    """At most three known modules whose names are close to an unknown one's or its parents'."""
    parts = module.split(".")
    by_depth: dict[int, set[str]] = {}
    for name in known:
        by_depth.setdefault(name.count(".") + 1, set()).add(name)
    found: list[str] = []
    for depth in range(len(parts), 0, -1):
        prefix = ".".join(parts[:depth])
        candidates = sorted(by_depth.get(depth, set()) - {prefix})
        found += get_close_matches(prefix, candidates, n=3, cutoff=0.8)
    return tuple(dict.fromkeys(found))[:3]


def nearest_input(path: str, inputs: Sequence[str]) -> str | None:
    """What a script states for itself, else the input in the closest folder above a file.

    Args:
        path: the file, relative to the build root.
        inputs: requirements inputs, relative to the build root; those of other scripts do not
            count.

    Returns:
        None where there is none.
    """
    for own in (path, spec_of(path)):
        if own in inputs:
            return own
    above = [
        (folder, found)
        for found in inputs
        for folder in [found.rpartition("/")[0]]
        if script_of(found) is None
    ]
    owning = [(len(folder), found) for folder, found in above if path.startswith(f"{folder}/")]
    return min(owning, key=lambda entry: (-entry[0], entry[1]))[1] if owning else None
