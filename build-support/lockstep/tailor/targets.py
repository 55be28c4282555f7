"""What `./pants tailor` proposes beyond Pants' own targets: requirements inputs, and programs."""

from __future__ import annotations

import fnmatch
import logging
import posixpath
from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.macros.python_requirements import PythonRequirementsTargetGenerator
from pants.backend.python.target_types import PexBinary, PexEntryPointField
from pants.core.goals.tailor import (
    AllOwnedSources,
    PutativeTarget,
    PutativeTargets,
    PutativeTargetsRequest,
)
from pants.engine.fs import DigestContents, FileContent, PathGlobs, Paths
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllUnexpandedTargets, SingleSourceField
from pants.engine.unions import UnionRule

from lockstep.core.errors import TextError
from lockstep.core.inputs import (
    decoded,
    is_compiled,
    is_script,
    parse_input,
    script_of,
    spec_of,
)
from lockstep.subsystem import Lockstep

logger = logging.getLogger(__name__)

_FOLDER = "requirements"
"""A folder of this name holds one requirements file for each purpose."""


@dataclass(frozen=True)
class PutativeInputsRequest(PutativeTargetsRequest):
    """Propose a target for each requirements file and pyproject.toml that has none."""


@dataclass(frozen=True)
class PutativeScriptsRequest(PutativeTargetsRequest):
    """Propose a target for what each script states itself (PEP 723), and for each spec beside one."""


@dataclass(frozen=True)
class PutativeProgramsRequest(PutativeTargetsRequest):
    """Propose a `pex_binary` for each package that can be run (`python -m`) and has none."""


@rule(desc="Find requirements inputs without a target")
async def propose_inputs(request: PutativeInputsRequest, owned: AllOwnedSources) -> PutativeTargets:
    found = await Get(Paths, PathGlobs, request.path_globs("*.in", "*.txt", "pyproject.toml"))
    missing = {path for path in found.files if _is_input(path) and path not in owned}
    contents = await Get(DigestContents, PathGlobs(sorted(missing)))
    return PutativeTargets(_proposed_input(file) for file in contents if _states(file))


@rule(desc="Find scripts whose requirements have no target")
async def propose_scripts(
    request: PutativeScriptsRequest, targets: AllUnexpandedTargets, lockstep: Lockstep
) -> PutativeTargets:
    # A spec says by its name what it is, and a comment in some script does not.
    with_block, specs = await MultiGet(
        Get(Paths, PathGlobs(lockstep.scripts)),
        Get(Paths, PathGlobs, request.path_globs(spec_of("*.py"))),
    )
    beside = await Get(Paths, PathGlobs(script_of(path) or path for path in specs.files))
    described = {spec_of(script) for script in beside.files}
    # That a target owns the code says nothing of the requirements.
    known = {
        target[SingleSourceField].file_path
        for target in targets
        if isinstance(target, PythonRequirementsTargetGenerator)
    }
    missing = {
        path
        for path in (*filter(is_script, with_block.files), *described)
        if posixpath.dirname(path) in request.dirs and path not in known
    }
    contents = await Get(DigestContents, PathGlobs(sorted(missing)))
    return PutativeTargets(_proposed_input(file) for file in contents if _states(file))


def _is_input(path: str) -> bool:
    """Whether a file is an input by its name. Pants itself proposes `*requirements*.txt`."""
    folder, name = posixpath.split(path)
    if name == "pyproject.toml" or fnmatch.fnmatch(name, "*requirements*.in"):
        return True
    return posixpath.basename(folder) == _FOLDER and not fnmatch.fnmatch(name, "*requirements*.txt")


def _states(file: FileContent) -> bool:
    """Whether a file is an input by its text. An empty one is one that will be filled."""
    try:
        text = decoded(file.content, file.path)
        if file.path.endswith(".txt") and is_compiled(text):
            return False
        stated = parse_input(text, file.path)
    except TextError as error:
        logger.warning(f"No target is proposed for an input that cannot be read. {error}")
        return False
    named = not file.path.endswith((".py", ".toml"))
    return named or bool(stated.requirements or stated.includes)


def _proposed_input(file: FileContent) -> PutativeTarget:
    folder, name = posixpath.split(file.path)
    script = script_of(name)
    return PutativeTarget(
        path=folder,
        name=f"{script[:-len('.py')]}-requirements" if script else name.rpartition(".")[0],
        type_alias=PythonRequirementsTargetGenerator.alias,
        triggering_sources=[file.path],
        # A script's code belongs to another target, and would be taken for a conflict.
        owned_sources=[] if is_script(name) else [name],
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
        UnionRule(PutativeTargetsRequest, PutativeScriptsRequest),
        UnionRule(PutativeTargetsRequest, PutativeProgramsRequest),
    )
