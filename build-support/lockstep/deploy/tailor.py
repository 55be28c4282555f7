"""What `./pants tailor` proposes: a deployable for each Procfile that has none."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Iterable

from pants.core.goals.tailor import PutativeTarget, PutativeTargets, PutativeTargetsRequest
from pants.engine.fs import PathGlobs, Paths
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import AllUnexpandedTargets
from pants.engine.unions import UnionRule

from lockstep.deploy.target_types import DeployableTarget, ProcfileField


@dataclass(frozen=True)
class PutativeDeployablesRequest(PutativeTargetsRequest):
    """Propose a `deployable` for each Procfile that has none."""


@rule(desc="Find Procfiles without a deployable")
async def propose_deployables(
    request: PutativeDeployablesRequest, targets: AllUnexpandedTargets
) -> PutativeTargets:
    found = await Get(Paths, PathGlobs, request.path_globs("Procfile"))
    known = {t[ProcfileField].file_path for t in targets if t.has_field(ProcfileField)}
    return PutativeTargets(
        PutativeTarget(
            path=posixpath.dirname(path),
            name="deploy",
            type_alias=DeployableTarget.alias,
            triggering_sources=[path],
            # Another target may own the file, too.
            owned_sources=[],
        )
        for path in sorted(set(found.files) - known)
    )


def rules() -> Iterable[Rule | UnionRule]:
    return (*collect_rules(), UnionRule(PutativeTargetsRequest, PutativeDeployablesRequest))
