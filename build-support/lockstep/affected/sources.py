"""Causes that lie in files: changed, added, deleted and renamed ones, whatever they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Iterator

from pants.backend.python.target_types import PythonSourceField, PythonTestSourceField
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import Dependencies, DependenciesRequest, Target
from pants.source.source_root import OptionalSourceRoot, SourceRootRequest

from lockstep.affected.owners import Ownership
from lockstep.affected.revision import BaseContents, BaseContentsRequest
from lockstep.affected.roots import Revision, Roots, Touched
from lockstep.core.affected import Cause, CauseKind
from lockstep.core.revisions import ChangeKind, FileChange
from lockstep.core.touched_modules import module_of

_INIT = ("__init__.py", "__init__.pyi")
_CONFTEST = "conftest.py"


@dataclass(frozen=True)
class SourceRootsRequest:
    """Find the causes that changed files make."""

    revision: Revision


@dataclass(frozen=True)
class SourceCauses:
    """What they are."""

    roots: Roots


@dataclass(frozen=True)
class TouchedFilesRequest:
    """Name the modules of files that came, went or changed hands.

    Attributes:
        files: paths, each with why.
    """

    files: tuple[tuple[str, Cause], ...]


@dataclass(frozen=True)
class TouchedFiles:
    """The modules."""

    modules: tuple[Touched, ...]


@dataclass(frozen=True)
class FlippedInitsRequest:
    """Find those changed `__init__.py` that were or are empty: an empty one is nobody's dependency.

    Attributes:
        commit: the base.
        inits: changed files of that name.
    """

    commit: str
    inits: tuple[FileChange, ...]


@dataclass(frozen=True)
class FlippedInits:
    """Those that were empty or are."""

    inits: frozenset[FileChange]


@rule
async def find_source_causes(request: SourceRootsRequest, ownership: Ownership) -> SourceCauses:
    changes = request.revision.changes
    moved = [change for change in changes if change.kind is not ChangeKind.CHANGED]
    touched = await Get(
        TouchedFiles, TouchedFilesRequest(tuple((c.path, _cause(c)) for c in moved))
    )
    inits = [change for change in changes if change.path.endswith(_INIT)]
    flipped = await Get(FlippedInits, FlippedInitsRequest(request.revision.commit, tuple(inits)))
    targets: list[tuple[Address, Cause]] = []
    for change in changes:
        cause = _cause(change)
        if change.kind is not ChangeKind.DELETED:
            targets.extend((target.address, cause) for target in ownership.of(change.path))
        if change.kind is not ChangeKind.CHANGED or change in flipped.inits:
            targets.extend((target.address, cause) for target in _below(change, ownership))
        if change.kind is not ChangeKind.CHANGED:
            # Who names a generator depends on all that it generates, and on what it did generate.
            targets.extend((g.address, cause) for g in ownership.generators_of(change.path))
    return SourceCauses(Roots(tuple(targets), touched.modules))


def _cause(change: FileChange) -> Cause:
    return Cause(str(change), CauseKind.SOURCE)


def _below(change: FileChange, ownership: Ownership) -> Iterator[Target]:
    """The targets that depend on a file by its mere place in a folder above them."""
    folder, _, name = change.path.rpartition("/")
    field = {_CONFTEST: PythonTestSourceField, **dict.fromkeys(_INIT, PythonSourceField)}.get(name)
    if field is not None:
        yield from (target for target in ownership.below(folder) if target.has_field(field))


@rule
async def find_flipped_inits(request: FlippedInitsRequest) -> FlippedInits:
    paths = tuple(change.path for change in request.inits)
    if not paths:
        return FlippedInits(frozenset())
    before, after = await MultiGet(
        Get(BaseContents, BaseContentsRequest(request.commit, paths)),
        Get(DigestContents, PathGlobs(paths)),
    )
    filled_before = {path for path, content in before.files.items() if content.strip()}
    filled_after = {file.path for file in after if file.content.strip()}
    flipped = filled_before ^ filled_after
    return FlippedInits(frozenset(c for c in request.inits if c.path in flipped))


@rule
async def name_modules(request: TouchedFilesRequest) -> TouchedFiles:
    files = [(path, cause) for path, cause in request.files if path.endswith((".py", ".pyi"))]
    roots = await MultiGet(
        Get(OptionalSourceRoot, SourceRootRequest, SourceRootRequest.for_file(path))
        for path, _ in files
    )
    found: list[Touched] = []
    for (path, cause), root in zip(files, roots):
        if root.source_root is None:
            continue
        folder = root.source_root.path
        module = module_of(path if folder == "." else path[len(folder) + 1 :])
        if module is not None:
            found.append(Touched(module, Cause(cause.text, CauseKind.IMPORT)))
    return TouchedFiles(tuple(found))


def rules() -> Iterable[Rule]:
    return collect_rules()
