"""The plugin's entry point: `backend_packages = ["lockstep"]`."""

from __future__ import annotations

from typing import Iterable

from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule

from lockstep.advisories import database
from lockstep.affected import goal as affected
from lockstep.audit import goal as audit
from lockstep.carried_coverage import baseline, keys
from lockstep.deploy import package, parts
from lockstep.deploy import plan as deploy_plan
from lockstep.deploy import publish
from lockstep.deploy import sources as deployed_sources
from lockstep.deploy import tailor as proposed_deployables
from lockstep.deploy import target_types as deployables
from lockstep.deploy import verify
from lockstep.deploy.target_types import DeployableTarget
from lockstep.export import plan, sources
from lockstep.imports import references, scripts, unowned
from lockstep.lock import conflicts, fetch, goal, held_back, holders, index_files, inputs, judge
from lockstep.lock import moves, pip_tools, proposals, resolve, uv
from lockstep.lock_export import goal as lock_export
from lockstep.pants_api import (
    base_definitions,
    coverage_seams,
    error_seam,
    export_seams,
    import_seams,
    lock_seams,
    module_seam,
    mypy_seam,
    owner_seam,
    pex_seams,
    python_seams,
    requirement_seam,
    selection_seam,
    visibility_seam,
)
from lockstep.remote import report
from lockstep.slices import drawn, graphs, locks, pex, sandbox
from lockstep.tailor import targets


def rules() -> Iterable[Rule | UnionRule]:
    coverage_seams.install()
    error_seam.install()
    export_seams.install()
    import_seams.install()
    lock_seams.install()
    module_seam.install()
    mypy_seam.install()
    owner_seam.install()
    pex_seams.install()
    python_seams.install()
    requirement_seam.install()
    selection_seam.install()
    visibility_seam.install()
    return (
        *affected.rules(),
        *audit.rules(),
        *base_definitions.rules(),
        *baseline.rules(),
        *conflicts.rules(),
        *coverage_seams.rules(),
        *database.rules(),
        *deploy_plan.rules(),
        *deployables.rules(),
        *deployed_sources.rules(),
        *drawn.rules(),
        *export_seams.rules(),
        *fetch.rules(),
        *goal.rules(),
        *graphs.rules(),
        *held_back.rules(),
        *holders.rules(),
        *index_files.rules(),
        *inputs.rules(),
        *judge.rules(),
        *keys.rules(),
        *lock_export.rules(),
        *locks.rules(),
        *moves.rules(),
        *package.rules(),
        *parts.rules(),
        *pex.rules(),
        *pip_tools.rules(),
        *plan.rules(),
        *proposals.rules(),
        *proposed_deployables.rules(),
        *publish.rules(),
        *references.rules(),
        *report.rules(),
        *resolve.rules(),
        *sandbox.rules(),
        *selection_seam.rules(),
        *scripts.rules(),
        *sources.rules(),
        *targets.rules(),
        *unowned.rules(),
        *uv.rules(),
        *verify.rules(),
    )


def target_types() -> Iterable[type[Target]]:
    return (DeployableTarget,)
