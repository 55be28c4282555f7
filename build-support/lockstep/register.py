"""The plugin's entry point: `backend_packages = ["lockstep"]`."""

from __future__ import annotations

from typing import Iterable

from pants.engine.rules import Rule
from pants.engine.unions import UnionRule

from lockstep.imports import references, unowned
from lockstep.lock import conflicts, goal, inputs, pip_tools, resolve, uv
from lockstep.pants_api import (
    import_seams,
    lock_seams,
    module_seam,
    mypy_seam,
    owner_seam,
    pex_seams,
    python_seams,
    visibility_seam,
)
from lockstep.remote import report
from lockstep.slices import graphs, locks, pex, sandbox
from lockstep.tailor import targets


def rules() -> Iterable[Rule | UnionRule]:
    import_seams.install()
    lock_seams.install()
    module_seam.install()
    mypy_seam.install()
    owner_seam.install()
    pex_seams.install()
    python_seams.install()
    visibility_seam.install()
    return (
        *conflicts.rules(),
        *goal.rules(),
        *graphs.rules(),
        *inputs.rules(),
        *locks.rules(),
        *pex.rules(),
        *pip_tools.rules(),
        *references.rules(),
        *report.rules(),
        *resolve.rules(),
        *sandbox.rules(),
        *targets.rules(),
        *unowned.rules(),
        *uv.rules(),
    )
