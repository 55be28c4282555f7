"""The seam that gives Pants' visibility backend Lockstep's import rules."""

from __future__ import annotations

from typing import Any

from pants.backend.visibility import rules as visibility
from pants.engine.internals.dep_rules import BuildFileDependencyRulesImplementation

from lockstep.imports.visibility import ImportRules
from lockstep.pants_api.seam import Coroutine, replace


async def build_file_visibility_implementation(
    original: Coroutine, *arguments: Any
) -> BuildFileDependencyRulesImplementation:
    """Read the rules of BUILD files as import rules."""
    return BuildFileDependencyRulesImplementation(ImportRules)


def install() -> None:
    """Put the seam in place."""
    replace(visibility.build_file_visibility_implementation, build_file_visibility_implementation)
