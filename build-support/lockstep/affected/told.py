"""What reports need to know beyond the selection: labels, what a goal works on, and durations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Iterable

from pants.core.goals.package import PackageFieldSet
from pants.core.goals.test import TestFieldSet
from pants.engine.addresses import Address
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import (
    FieldSet,
    FieldSetsPerTarget,
    FieldSetsPerTargetRequest,
    SourcesField,
    Target,
)

from lockstep.affected.owners import Ownership
from lockstep.core.affected import Affected
from lockstep.core.affected_report import Label
from lockstep.core.errors import LockstepError
from lockstep.core.shards import reported_seconds


class Wanted(Enum):
    """What a selection is for."""

    ALL = "all"
    TEST = "test"
    CHECK = "check"
    LINT = "lint"
    PACKAGE = "package"


@dataclass(frozen=True)
class WorkedOnRequest:
    """Find the targets that a goal does something with."""

    goal: Wanted


@dataclass(frozen=True)
class WorkedOn:
    """Targets, by their addresses."""

    addresses: frozenset[Address]


@rule
async def find_worked_on(request: WorkedOnRequest, ownership: Ownership) -> WorkedOn:
    tests, packages = await MultiGet(
        Get(FieldSetsPerTarget, FieldSetsPerTargetRequest(TestFieldSet, ownership.targets)),
        Get(FieldSetsPerTarget, FieldSetsPerTargetRequest(PackageFieldSet, ownership.targets)),
    )
    tested, packaged = (_addresses(found.field_sets) for found in (tests, packages))
    sources = {t.address for t in ownership.targets if t.has_field(SourcesField)}
    return WorkedOn(
        {
            Wanted.ALL: tested | packaged | sources,
            Wanted.TEST: tested,
            Wanted.CHECK: frozenset(sources),
            Wanted.LINT: frozenset(sources),
            Wanted.PACKAGE: packaged,
        }[request.goal]
    )


def _addresses(field_sets: Iterable[FieldSet]) -> frozenset[Address]:
    return frozenset(field_set.address for field_set in field_sets)


def shown(address: Address) -> str:
    """An address as people know it: the file, the project, or else the target."""
    if address.is_file_target:
        return address.filename
    return address.generated_name or address.spec


def labelled(affected: Affected[Address], types: dict[Address, str]) -> Affected[Label]:
    """What is affected, as reports tell of it.

    Args:
        types: the type of every target and target generator.
    """
    path = tuple(_label(address, types[address]) for address in affected.path)
    return Affected(path[-1], affected.cause, path)


def types_of(ownership: Ownership) -> dict[Address, str]:
    """The type of every target and target generator, as BUILD files call it."""
    targets: tuple[Target, ...] = (*ownership.generators, *ownership.targets)
    return {target.address: target.alias for target in targets}


def _label(address: Address, alias: str) -> Label:
    folder = address.spec_path
    if address.is_file_target:
        folder = address.filename.rpartition("/")[0]
    return Label(address.spec, alias, folder, shown(address))


def recorded_seconds(glob: str, root: Path, ownership: Ownership) -> dict[str, float]:
    """What `./pants test --report` recorded, by address; of several reports the longest counts.

    Args:
        glob: the reports, below the build root or absolute.

    Raises:
        LockstepError: a report cannot be read, or is none.
    """
    absolute = Path(glob).is_absolute()
    base, pattern = (Path("/"), glob.lstrip("/")) if absolute else (root, glob)
    try:
        found = sorted(base.glob(pattern))
    except ValueError as error:
        raise LockstepError(
            f"`--durations={glob}` is no glob: {error}", mend="Give one such as `dir/**/*.xml`"
        ) from error
    # The reports' names are made from addresses, in a way that cannot be undone.
    named = {f"{target.address.path_safe_spec}.xml": target for target in ownership.targets}
    recorded: dict[str, float] = {}
    for path in found:
        target = named.get(path.name)
        told = path.relative_to(root) if path.is_relative_to(root) else path
        try:
            seconds = reported_seconds(path.read_bytes(), str(told))
        except OSError as error:
            raise LockstepError(
                f"{told} cannot be read: {error.strerror}", mend="Correct `--durations`"
            ) from error
        if target is not None:
            spec = target.address.spec
            recorded[spec] = max(seconds, recorded.get(spec, 0.0))
    return recorded


def rules() -> Iterable[Rule]:
    return collect_rules()
