"""Where the coverage of tests that passed is kept, and how it is found again."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from pants.backend.python.goals.pytest_runner import TestMetadata
from pants.backend.python.subsystems.pytest import PythonTestFieldSet
from pants.base.build_root import BuildRoot
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import Get, Rule, collect_rules

from lockstep.affected.git import Repository
from lockstep.carried_coverage.keys import CoverageKey, CoverageKeyRequest
from lockstep.core.coverage_baseline import BaselineError, Entry
from lockstep.envs.coverage_store import CoverageStore
from lockstep.pants_api.uncacheable import uncacheable_rule
from lockstep.subsystem import Lockstep

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Baseline:
    """The store that coverage is kept in."""

    store: CoverageStore

    def keep(self, made: Iterable[Entry], carried: Iterable[Entry], now: float) -> None:
        """Keep what tests made, note what was carried as used, and remove what is outdated.

        Only a goal may call this, and last of all: the folder can be below the build root, where
        the engine would begin again with whatever it is at.
        """
        try:
            for entry in made:
                self.store.save(entry)
            for entry in carried:
                self.store.touch(entry)
            self.store.prune(now)
        except OSError as error:
            logger.warning(
                f"The coverage of this run cannot be kept in {self.store.folder}: {error.strerror}."
                " Make room there, or set `[lockstep].coverage_baseline` to another folder."
            )


@dataclass(frozen=True)
class FoundCoverageRequest:
    """Find what was kept of tests that run together, under their key of now."""

    field_sets: tuple[PythonTestFieldSet, ...]
    metadata: TestMetadata


@dataclass(frozen=True)
class FoundCoverage:
    """What was kept.

    Attributes:
        entry: the coverage; None where none is kept under this key, or it is damaged.
        data: a digest with the `.coverage` of it, likewise.
    """

    entry: Entry | None = None
    data: Digest | None = None


@uncacheable_rule
async def find_baseline(lockstep: Lockstep, root: BuildRoot) -> Baseline:
    stated = lockstep.coverage_baseline
    if stated:
        return Baseline(CoverageStore(Path(root.path, os.path.expanduser(stated))))
    shared = Repository(Path(root.path)).common_folder() or Path(root.path, ".pants.d")
    return Baseline(CoverageStore(shared / "lockstep" / "coverage"))


@uncacheable_rule
async def find_coverage(request: FoundCoverageRequest, baseline: Baseline) -> FoundCoverage:
    key = await Get(CoverageKey, CoverageKeyRequest(request.field_sets, request.metadata))
    targets = tuple(field_set.address.spec for field_set in request.field_sets)
    try:
        entry = baseline.store.load(targets, key.text)
    except (BaselineError, OSError) as error:
        logger.warning(str(error))
        return FoundCoverage()
    if entry is None:
        return FoundCoverage()
    data = await Get(Digest, CreateDigest([FileContent(".coverage", entry.data)]))
    return FoundCoverage(entry, data)


def rules() -> Iterable[Rule]:
    return collect_rules()
