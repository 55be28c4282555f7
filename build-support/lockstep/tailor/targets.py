"""What `./pants tailor` proposes beyond Pants' own targets: requirements inputs, and programs."""

from __future__ import annotations

import logging
import posixpath
from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.target_types import PexBinary, PexEntryPointField
from pants.core.goals.tailor import (
    AllOwnedSources,
    PutativeTarget,
    PutativeTargets,
    PutativeTargetsRequest,
)
from pants.engine.fs import DigestContents, FileContent, PathGlobs, Paths
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import AllUnexpandedTargets
from pants.engine.unions import UnionRule

from lockstep.core.errors import TextError
from lockstep.core.inputs import parse_input

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PutativeInputsRequest(PutativeTargetsRequest):
    """Propose a target for each requirements input that has none."""


@dataclass(frozen=True)
class PutativeProgramsRequest(PutativeTargetsRequest):
    """Propose a `pex_binary` for each package that can be run (`python -m`) and has none."""


@rule(desc="Find requirements inputs without a target")
async def propose_inputs(request: PutativeInputsRequest, owned: AllOwnedSources) -> PutativeTargets:
    globs = request.path_globs("*requirements*.in", "pyproject.toml")
    contents = await Get(DigestContents, PathGlobs, globs)
    return PutativeTargets(
        _proposed_input(file) for file in contents if file.path not in owned and _states(file)
    )


def _states(file: FileContent) -> bool:
    """Whether a file is an input. An empty requirements file is one that will be filled."""
    if not file.path.endswith("pyproject.toml"):
        return True
    try:
        return bool(parse_input(file.content.decode(), file.path))
    except (TextError, UnicodeDecodeError) as error:
        logger.warning(f"No target is proposed for an input that cannot be read. {error}")
        return False


def _proposed_input(file: FileContent) -> PutativeTarget:
    folder, name = posixpath.split(file.path)
    return PutativeTarget(
        path=folder,
        name=name.rpartition(".")[0],
        type_alias="python_requirements",
        triggering_sources=[file.path],
        owned_sources=[name],
        kwargs={"source": name},
    )


@rule(desc="Find programs without a target")
async def propose_programs(
    request: PutativeProgramsRequest, targets: AllUnexpandedTargets
) -> PutativeTargets:
    paths = await Get(Paths, PathGlobs, request.path_globs("__main__.py"))
    known = {
        (target.address.spec_path, entry_point.module)
        for target in targets
        for entry_point in [target.get(PexEntryPointField).value]
        if entry_point is not None
    }
    return PutativeTargets(
        PutativeTarget.for_target_type(
            PexBinary, folder, "bin", triggering_sources=(), kwargs={"entry_point": "__main__.py"}
        )
        for folder in map(posixpath.dirname, paths.files)
        if (folder, "__main__.py") not in known
    )


def rules() -> Iterable[Rule | UnionRule]:
    return (
        *collect_rules(),
        UnionRule(PutativeTargetsRequest, PutativeInputsRequest),
        UnionRule(PutativeTargetsRequest, PutativeProgramsRequest),
    )
