"""Rules that ask git which files differ from a revision, and what they held there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from pants.base.build_root import BuildRoot
from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.rules import Rule, collect_rules, rule
from pants.util.frozendict import FrozenDict

from lockstep.affected.git import Repository, RevisionError
from lockstep.affected.roots import Revision


@dataclass(frozen=True)
class RevisionRequest:
    """Compare the work tree with a revision.

    Attributes:
        since: a revision; the base is where HEAD left it.
        call: that of the selection.
    """

    since: str
    call: int


@dataclass(frozen=True)
class MaybeRevision(EngineAwareReturnType):
    """What git told, or why it did not. Asked anew in each call: the engine does not watch git."""

    revision: Revision | None
    error: str = ""

    def cacheable(self) -> bool:
        return False


@dataclass(frozen=True)
class BaseContentsRequest:
    """Read files at a commit."""

    commit: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class BaseContents:
    """What the files held that were there, by path."""

    files: FrozenDict[str, bytes]


@dataclass(frozen=True)
class BasePathsRequest:
    """List all files of a commit."""

    commit: str


@dataclass(frozen=True)
class BasePaths:
    """All files of a commit."""

    paths: tuple[str, ...]


@rule(desc="Ask git what changed")
async def compare_with_revision(request: RevisionRequest, root: BuildRoot) -> MaybeRevision:
    repository = Repository(Path(root.path))
    try:
        commit = repository.base(request.since)
        return MaybeRevision(Revision(commit, repository.changes(commit), request.call))
    except RevisionError as error:
        return MaybeRevision(None, str(error))


@rule(desc="Read files at the base")
async def read_at_base(request: BaseContentsRequest, root: BuildRoot) -> BaseContents:
    return BaseContents(
        FrozenDict(Repository(Path(root.path)).contents(request.commit, request.paths))
    )


@rule(desc="List files at the base")
async def list_at_base(request: BasePathsRequest, root: BuildRoot) -> BasePaths:
    return BasePaths(Repository(Path(root.path)).paths(request.commit))


def rules() -> Iterable[Rule]:
    return collect_rules()
