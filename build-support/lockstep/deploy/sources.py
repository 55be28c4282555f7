"""The rule that asks git where the sources of a deployable stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from pants.base.build_root import BuildRoot
from pants.engine.rules import Rule, collect_rules

from lockstep.affected.git import Repository
from lockstep.core.deployables import Sources
from lockstep.pants_api.uncacheable import uncacheable_rule


@dataclass(frozen=True)
class SourcesRequest:
    """Tell the version of files in git; relative to the build root."""

    paths: tuple[str, ...]


@uncacheable_rule
async def find_sources(request: SourcesRequest, root: BuildRoot) -> Sources:
    repository = Repository(Path(root.path))
    commit = repository.newest(request.paths)
    described = repository.described(commit) if commit else ""
    return Sources(commit, described, bool(repository.differing()))


def rules() -> Iterable[Rule]:
    return collect_rules()
