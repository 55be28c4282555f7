"""A linter: files that are not Python refer to nothing that Python there must not import."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any, Iterable

from pants.core.goals.lint import LintFilesRequest, LintResult
from pants.core.util_rules.partitions import Partitions
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, FileContent, PathGlobs, Paths
from pants.engine.internals.build_files import AddressFamilyDir, OptionalAddressFamily
from pants.engine.internals.target_adaptor import TargetAdaptor
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.option.option_types import SkipOption, StrListOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap

from lockstep.core.references import references
from lockstep.imports.visibility import ImportRules


class References(Subsystem):
    options_scope = "lockstep-references"
    name = "references"
    help = softwrap("""
        Applies the import rules of `__dependencies_rules__` to files that are not Python: a path of
        the repository that such a file names counts as an import.
        """)

    skip = SkipOption("lint")
    ignore = StrListOption(
        default=["*.md", "*.rst", "*.lock.txt", "lock.txt", "BUILD", "*.patch"],
        help=softwrap("""
            File names, as shell patterns, that are not looked into: prose, locks, and BUILD files,
            whose dependencies Pants itself holds against the rules. Python files never are.
            """),
    )


class ReferencesRequest(LintFilesRequest):
    tool_subsystem = References  # type: ignore[assignment]


@dataclass(frozen=True)
class FileReferencesRequest:
    """Find what a file refers to against the rules."""

    path: str
    content: bytes


@dataclass(frozen=True)
class ForbiddenReferences:
    """One line for each reference that a rule forbids."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class FolderRulesRequest:
    """Find the rules that hold in a folder, relative to the build root."""

    folder: str


@dataclass(frozen=True)
class FolderRules:
    """The rules of the closest BUILD file in or above a folder."""

    dependencies: ImportRules | None = None
    dependents: ImportRules | None = None


@rule
async def find_rules(request: FolderRulesRequest) -> FolderRules:
    found = await Get(OptionalAddressFamily, AddressFamilyDir(request.folder))
    family = found.address_family
    if family is None:
        if not request.folder:
            return FolderRules()
        parent = posixpath.dirname(request.folder)
        return await Get(FolderRules, FolderRulesRequest(parent))
    stated = (family.dependencies_rules, family.dependents_rules)
    return FolderRules(*(rules if isinstance(rules, ImportRules) else None for rules in stated))


@rule
async def partition_files(
    request: ReferencesRequest.PartitionRequest, subsystem: References
) -> Partitions[str, Any]:
    files = [] if subsystem.skip else [f for f in request.files if _is_read(f, subsystem.ignore)]
    return Partitions.single_partition(files)


def _is_read(path: str, ignored: Iterable[str]) -> bool:
    name = posixpath.basename(path)
    return not any(fnmatch(name, pattern) for pattern in (*ignored, "*.py", "*.pyi"))


@rule(desc="Check references of files that are not Python")
async def check_references(request: ReferencesRequest.Batch[str, Any]) -> LintResult:
    contents = await Get(DigestContents, PathGlobs(request.elements))
    found = await MultiGet(
        Get(ForbiddenReferences, FileReferencesRequest(file.path, file.content))
        for file in contents
    )
    lines = [line for forbidden in found for line in forbidden.lines]
    return LintResult(1 if lines else 0, "\n".join(lines), "", References.name)


@rule
async def check_file(request: FileReferencesRequest) -> ForbiddenReferences:
    try:
        text = request.content.decode()
    except UnicodeDecodeError:
        return ForbiddenReferences(())  # no text
    named = list(references(text, request.path))
    if not named:
        return ForbiddenReferences(())
    existing = await Get(Paths, PathGlobs(sorted({reference.path for reference in named})))
    known = {*existing.files, *existing.dirs}
    meant = [reference for reference in named if reference.path in known]
    folders = [posixpath.dirname(path) for path in (request.path, *(r.path for r in meant))]
    own, *others = await MultiGet(
        Get(FolderRules, FolderRulesRequest(folder)) for folder in folders
    )
    lines = []
    for reference, other in zip(meant, others):
        here, there = _as_target(request.path), _as_target(reference.path)
        denials = [
            rules.denial(*one, *two)
            for rules, one, two in (
                (own.dependencies, here, there),
                (other.dependents, there, here),
            )
            if rules is not None
        ]
        lines += [
            f"{request.path}:{reference.line}: `{reference.text}` must not be referred to. {denial}"
            for denial in denials
            if denial
        ]
    return ForbiddenReferences(tuple(lines))


def _as_target(path: str) -> tuple[Address, TargetAdaptor]:
    """A file as the rules see it."""
    folder, _, name = path.rpartition("/")
    address = Address(folder, target_name="file", relative_file_path=name)
    return address, TargetAdaptor("file", "file", "")


def rules() -> Iterable[Rule]:
    return (*collect_rules(), *ReferencesRequest.rules())
