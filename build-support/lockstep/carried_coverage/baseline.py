"""Rules that keep the coverage of tests that passed, and find it again."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from pants.backend.python.goals.pytest_runner import TestMetadata
from pants.backend.python.subsystems.pytest import PythonTestFieldSet
from pants.base.build_root import BuildRoot
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.rules import Get, Rule, collect_rules, rule

from lockstep.affected.git import Repository
from lockstep.carried_coverage.keys import CoverageKey, CoverageKeyRequest
from lockstep.core.coverage_baseline import BaselineError, Entry
from lockstep.envs.coverage_store import CoverageStore
from lockstep.pants_api.uncacheable import uncacheable_rule
from lockstep.subsystem import Lockstep

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Baseline:
    """The folder that coverage is kept in.

    Attributes:
        store: it.
        writable: whether this run may keep something there.
    """

    store: CoverageStore
    writable: bool


@dataclass(frozen=True)
class KeptRequest:
    """Keep the coverage of tests that ran together and passed; `data` holds their `.coverage`."""

    field_sets: tuple[PythonTestFieldSet, ...]
    metadata: TestMetadata
    data: Digest


@dataclass(frozen=True)
class Kept:
    """It is kept, where the baseline can be written."""


@dataclass(frozen=True)
class FoundCoverageRequest:
    """Find what was kept of tests that run together, under their key of now."""

    field_sets: tuple[PythonTestFieldSet, ...]
    metadata: TestMetadata


@dataclass(frozen=True)
class FoundCoverage:
    """The coverage of tests.

    Attributes:
        key: of now.
        data: a digest with their `.coverage`; None where none is kept under this key.
    """

    key: str
    data: Digest | None


@uncacheable_rule
async def find_baseline(lockstep: Lockstep, root: BuildRoot) -> Baseline:
    folder = _folder(Path(root.path), lockstep.coverage_baseline)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
        fault = "Permission denied"
    except OSError as error:
        writable, fault = False, error.strerror
    if not writable:
        logger.warning(
            f"The coverage baseline {folder} cannot be written: {fault}. Nothing is kept. Set"
            " `[lockstep].coverage_baseline` to a folder that can be."
        )
    return Baseline(CoverageStore(folder), writable)


def _folder(root: Path, stated: str | None) -> Path:
    if stated:
        return root / os.path.expanduser(stated)
    common = Repository(root).common_folder()
    return (common or root / ".pants.d") / "lockstep" / "coverage"


@uncacheable_rule
async def keep_coverage(request: KeptRequest, baseline: Baseline) -> Kept:
    if not baseline.writable:
        return Kept()
    key = await Get(CoverageKey, CoverageKeyRequest(request.field_sets, request.metadata))
    (data,) = await Get(DigestContents, Digest, request.data)
    try:
        baseline.store.save(Entry(_targets(request.field_sets), key.text, data.content))
    except OSError as error:
        logger.warning(
            f"The coverage of {request.field_sets[0].address} cannot be kept in"
            f" {baseline.store.folder}: {error.strerror}. Make room there."
        )
    return Kept()


@uncacheable_rule
async def find_coverage(request: FoundCoverageRequest, baseline: Baseline) -> FoundCoverage:
    key = await Get(CoverageKey, CoverageKeyRequest(request.field_sets, request.metadata))
    try:
        entry = baseline.store.load(_targets(request.field_sets), key.text)
    except (BaselineError, OSError) as error:
        logger.warning(str(error))
        return FoundCoverage(key.text, None)
    if entry is None:
        return FoundCoverage(key.text, None)
    data = await Get(Digest, CreateDigest([FileContent(".coverage", entry.data)]))
    return FoundCoverage(key.text, data)


def _targets(field_sets: Iterable[PythonTestFieldSet]) -> tuple[str, ...]:
    return tuple(field_set.address.spec for field_set in field_sets)


@dataclass(frozen=True)
class PrunedBaseline:
    """What is outdated is gone."""


@uncacheable_rule
async def prune_baseline(baseline: Baseline) -> PrunedBaseline:
    if baseline.writable:
        baseline.store.prune(time.time())
    return PrunedBaseline()


def rules() -> Iterable[Rule]:
    return collect_rules()
