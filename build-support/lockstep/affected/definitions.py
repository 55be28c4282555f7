"""Causes that lie in BUILD files, by what they evaluate to at the base and now."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from pants.backend.python.macros.python_requirements import PythonRequirementsTargetGenerator
from pants.backend.python.target_types import PythonRequirementTarget
from pants.engine.addresses import Address
from pants.engine.fs import PathGlobs
from pants.engine.internals.build_files import (
    AddressFamilyDir,
    BuildFileOptions,
    OptionalAddressFamily,
)
from pants.engine.internals.native_engine import FilespecMatcher
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.fs import Paths
from pants.engine.target import (
    OverridesField,
    RegisteredTargetTypes,
    SourcesField,
    Target,
)

from lockstep.affected.owners import Ownership
from lockstep.affected.revision import BaseContents, BaseContentsRequest
from lockstep.affected.revision import BasePaths, BasePathsRequest
from lockstep.affected.roots import Revision, Roots
from lockstep.affected.sources import TouchedFiles, TouchedFilesRequest
from lockstep.core.affected import Cause, CauseKind
from lockstep.core.definitions import Definition, DefinitionChange, compare
from lockstep.pants_api.base_definitions import (
    BaseFamilies,
    BaseFamiliesRequest,
    Family,
    family_of,
    is_build_file,
)


@dataclass(frozen=True)
class DefinitionCausesRequest:
    """Find the causes that changed BUILD files, macros and defaults make."""

    revision: Revision


@dataclass(frozen=True)
class DefinitionCauses:
    """What they are.

    Attributes:
        roots: the causes.
        requirements: for each `python_requirement` whose requirements changed, those at the base.
        gone: requirements that BUILD files state no more, each with its place.
        inputs: requirements inputs that no target names any more.
    """

    roots: Roots
    requirements: tuple[tuple[Address, tuple[str, ...]], ...] = ()
    gone: tuple[tuple[str, tuple[str, ...]], ...] = ()
    inputs: tuple[str, ...] = ()


_KIND = CauseKind.DEFINITION
_INPUT = PythonRequirementsTargetGenerator.alias
_REQUIREMENTS = ("requirements",)

_FOR_SOME = {"sources", "overrides"}
"""Fields of a target generator that matter to some of what it generates."""


class _Found:
    """Gathers what changed definitions mean.

    Args:
        ownership: all targets.
        registered: all target types.
        paths: all files of the base.
    """

    def __init__(
        self, ownership: Ownership, registered: RegisteredTargetTypes, paths: Sequence[str]
    ) -> None:
        self._ownership = ownership
        self._registered = registered
        self._paths = paths
        self.targets: list[tuple[Address, Cause]] = []
        self.files: list[tuple[str, Cause]] = []
        self.requirements: list[tuple[Address, tuple[str, ...]]] = []
        self.gone: list[tuple[str, tuple[str, ...]]] = []
        self.inputs: list[str] = []

    def add(self, folder: str, change: DefinitionChange) -> None:
        """Take in a definition that differs."""
        cause = Cause(f"{_place(folder)}:{change.name} {change}", _KIND)
        defined = self._ownership.defined_as(folder, change.name)
        if change.before is not None and change.before[0] == PythonRequirementTarget.alias:
            stated = tuple(map(str, change.before[1].get("requirements", ())))
            if change.fields == _REQUIREMENTS:
                self.requirements.extend((target.address, stated) for target in defined)
                return
            self.gone.append((f"{_place(folder)}:{change.name}", stated))
        earlier = self._files(change.before, folder)
        later = self._files(change.after, folder)
        if change.before is not None and change.before[0] == _INPUT:
            self.inputs.extend(sorted(earlier))
        moved = not change.fields or "resolve" in change.fields
        handed = earlier | later if moved else earlier ^ later
        self.files.extend((path, cause) for path in sorted(handed))
        for_all = not change.fields or bool({*change.fields} - _FOR_SOME)
        overridden = _overridden(change, folder)
        for target in defined:
            path = _path(target)
            if for_all or path is None or path in overridden or path not in earlier & later:
                self.targets.append((target.address, cause))
        if earlier - later:
            self.targets.append((Address(folder, target_name=change.name), cause))

    def _files(self, definition: Definition | None, folder: str) -> set[str]:
        """The files that a definition owned, of those that there were at the base."""
        if definition is None or definition[0] not in self._registered.aliases:
            return set()
        alias, fields = definition
        below = f"{folder}/" if folder else ""
        for field_type in self._registered.aliases_to_types[alias].core_fields:
            if issubclass(field_type, SourcesField):
                value = fields.get(field_type.alias, field_type.default)
                field = field_type(value, Address(folder))
                candidates = [path for path in self._paths if path.startswith(below)]
                return set(field.filespec_matcher.matches(candidates))
        return set()


@rule(desc="Compare what BUILD files define")
async def find_definition_causes(
    request: DefinitionCausesRequest,
    options: BuildFileOptions,
    ownership: Ownership,
    registered: RegisteredTargetTypes,
) -> DefinitionCauses:
    changed = request.revision.paths()
    preludes = FilespecMatcher(list(options.prelude_globs), [])
    prelude_changed = bool(options.prelude_globs and preludes.matches(sorted(changed)))
    starts = {os.path.dirname(path) for path in changed if is_build_file(path, options)}
    if not starts and not prelude_changed:
        return DefinitionCauses(Roots())
    base_paths = await Get(BasePaths, BasePathsRequest(request.revision.commit))
    current = await Get(Paths, PathGlobs([f"**/{pattern}" for pattern in options.patterns]))
    before_files = [path for path in base_paths.paths if is_build_file(path, options)]
    folders = {os.path.dirname(path) for path in (*before_files, *current.files)}
    if not prelude_changed:
        folders = {folder for folder in folders if any(_within(folder, s) for s in starts)}
    ordered = tuple(sorted(folders))
    before_preludes = tuple(
        preludes.matches(list(base_paths.paths)) if options.prelude_globs else ()
    )
    contents = await Get(
        BaseContents,
        BaseContentsRequest(request.revision.commit, (*before_files, *before_preludes)),
    )
    before = await Get(BaseFamilies, BaseFamiliesRequest(ordered, contents.files, before_preludes))
    now = await MultiGet(Get(OptionalAddressFamily, AddressFamilyDir(folder)) for folder in ordered)
    if before.error:
        unreadable = Cause("the BUILD files of the base cannot be read", CauseKind.BASE)
        return DefinitionCauses(Roots(everywhere=(unreadable,)))
    after = {
        folder: family_of(found.address_family)
        for folder, found in zip(ordered, now)
        if found.address_family is not None
    }
    found = _Found(ownership, registered, base_paths.paths)
    for folder in ordered:
        old, new = before.families.get(folder), after.get(folder)
        if old is not None and new is not None and old.rules != new.rules:
            rules_cause = Cause(f"{_place(folder)} changed who may import whom", _KIND)
            found.targets.extend((t.address, rules_cause) for t in ownership.below(folder))
        for change in compare(_targets(old), _targets(new)):
            found.add(folder, change)
    touched = await Get(TouchedFiles, TouchedFilesRequest(tuple(found.files)))
    return DefinitionCauses(
        Roots(tuple(found.targets), touched.modules),
        tuple(found.requirements),
        tuple(found.gone),
        tuple(found.inputs),
    )


def _within(folder: str, above: str) -> bool:
    return not above or folder == above or folder.startswith(f"{above}/")


def _place(folder: str) -> str:
    return folder or "//"


def _targets(family: Family | None) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    return family.targets if family is not None else {}


def _overridden(change: DefinitionChange, folder: str) -> set[str]:
    """The files whose `overrides` differ."""
    before, after = (_overrides(d, folder) for d in (change.before, change.after))
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def _overrides(definition: Definition | None, folder: str) -> dict[str, Any]:
    stated = (definition[1].get(OverridesField.alias) if definition else None) or {}
    by_path: dict[str, Any] = {}
    for names, fields in stated.items():
        for name in (names,) if isinstance(names, str) else names:
            path = os.path.join(folder, name)
            by_path[path] = {**by_path.get(path, {}), **fields}
    return by_path


def _path(target: Target) -> str | None:
    """The file that a generated target is for."""
    name = target.address.relative_file_path if target.address.is_file_target else None
    return os.path.join(target.address.spec_path, name) if name else None


def rules() -> Iterable[Rule]:
    return collect_rules()
