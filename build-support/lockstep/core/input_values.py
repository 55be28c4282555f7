"""What requirements inputs state, as values, each with the place that states it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NoReturn

from lockstep.core.errors import TextError, redacted


@dataclass(frozen=True, repr=False)
class Placed:
    """Something that an input states.

    Attributes:
        path: the input file, relative to the build root.
        line: its line, from 1; 0 where the input has no lines to name (a BUILD file).
    """

    path: str
    line: int

    def __repr__(self) -> str:
        """The fields, without the credentials of URLs."""
        shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self))
        return redacted(f"{type(self).__name__}({shown})")

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path

    def fail(self, fault: str, mend: str) -> NoReturn:
        raise TextError(self.path, max(self.line, 1), fault, mend=redacted(mend))


@dataclass(frozen=True, repr=False)
class InputRequirement(Placed):
    """One requirement.

    Attributes:
        text: the requirement (PEP 508).
        hashes: `algorithm:hex` of the files it allows; any file where there are none.
        tables: the tables of a pyproject.toml that bring it, such as `project.dependencies`,
            `project.optional-dependencies.web`, `dependency-groups.dev` or `build-system.requires`;
            the first states it, the others include that one.
    """

    text: str
    hashes: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Include(Placed):
    """Another file to be read.

    Attributes:
        target: its path, relative to the build root.
        constraint: whether what it states only bounds versions and requires nothing.
    """

    target: str
    constraint: bool = False


@dataclass(frozen=True, repr=False)
class PythonRange(Placed):
    """The Pythons that a file is for.

    Attributes:
        text: the versions (PEP 440), such as `>=3.9`.
    """

    text: str


@dataclass(frozen=True, repr=False)
class Setting(Placed):
    """How to resolve: one of pip's options, which holds for the whole resolve.

    Attributes:
        option: the long name without its dashes.
        value: empty for an option that takes none; one project for one that takes several; a
            local path relative to the build root.
    """

    option: str
    value: str = ""

    @property
    def argument(self) -> str:
        """The option as pip reads it in a requirements file. It can hold credentials."""
        return f"--{self.option}" + (f"={self.value}" if self.value else "")

    @property
    def is_index(self) -> bool:
        """Whether it says where releases come from, rather than which are taken."""
        return self.option in INDEX_OPTIONS


INDEX_OPTIONS = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host")


@dataclass(frozen=True)
class Input:
    """What one file states.

    Attributes:
        path: the file, relative to the build root.
        requirements: in the order of the file; behind them what the file's project needs for being
            built.
        includes: the files it includes, which are not read yet.
        settings: how to resolve.
        requires_python: the Pythons it is for, None where it does not say.
    """

    path: str
    requirements: tuple[InputRequirement, ...] = ()
    includes: tuple[Include, ...] = ()
    settings: tuple[Setting, ...] = ()
    requires_python: PythonRange | None = None

    def of(self, table: str) -> tuple[InputRequirement, ...]:
        """What a table of a pyproject.toml brings, such as `dependency-groups.dev`."""
        return tuple(r for r in self.requirements if table in r.tables)
