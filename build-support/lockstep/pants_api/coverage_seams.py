"""The seams through which coverage is kept, and carried into the report of a partial run.

On a partial run `test` gets a batch for every test of the repository. The result of those that are
unaffected is what the baseline holds; so Pants merges, reports and judges as if all had run, also
where nothing is selected.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable

from pants.backend.python.goals import pytest_runner
from pants.backend.python.goals.coverage_py import CoverageSubsystem, PytestCoverageData
from pants.backend.python.goals.pytest_runner import PyTestRequest
from pants.base.build_root import BuildRoot
from pants.base.specs import RawSpecs, RecursiveGlobSpec, Specs
from pants.core.goals import test
from pants.core.goals.test import (
    Test,
    TestFieldSet,
    TestRequest,
    TestResult,
    TestSubsystem,
    _get_test_batches,
)
from pants.core.subsystems.debug_adapter import DebugAdapterSubsystem
from pants.core.util_rules.distdir import DistDir
from pants.core.util_rules.environments import (
    ChosenLocalEnvironmentName,
    EnvironmentName,
    SingleEnvironmentNameRequest,
)
from pants.engine.console import Console
from pants.engine.fs import Digest, DigestContents, Workspace
from pants.engine.internals.session import RunId
from pants.engine.rules import Get, MultiGet, Rule, collect_rules
from pants.engine.target import (
    NoApplicableTargetsBehavior,
    TargetRootsToFieldSets,
    TargetRootsToFieldSetsRequest,
    parse_shard_spec,
)
from pants.engine.unions import UnionMembership

from lockstep.carried_coverage.baseline import Baseline, FoundCoverage, FoundCoverageRequest
from lockstep.carried_coverage.keys import CoverageKey, CoverageKeyRequest
from lockstep.carried_coverage.results import CarriedData, carried_result
from lockstep.core.coverage_baseline import Carrying, Entry
from lockstep.envs.atomic import write_text
from lockstep.pants_api.seam import Coroutine, replace
from lockstep.pants_api.uncacheable import uncacheable_rule
from lockstep.subsystem import Carry, Lockstep

logger = logging.getLogger(__name__)

_EVERYTHING = Specs(
    includes=RawSpecs(
        recursive_globs=(RecursiveGlobSpec(""),),
        filter_by_global_options=True,
        description_of_origin="the whole that coverage is carried for",
    ),
    ignores=RawSpecs(description_of_origin="the whole that coverage is carried for"),
)


@dataclass(frozen=True)
class TestPlan:
    """What `test` is to do under coverage.

    Attributes:
        batches: the tests that run, and those whose coverage is carried.
        run: of those that run the ones that coverage can be kept of, with their environments and
            their keys before they run.
        carried: what is carried.
        carrying: all of it, for the report.
        partial: whether the report is to be that of the whole repository all the same.
    """

    batches: tuple[Any, ...]
    run: tuple[tuple[Any, EnvironmentName, CoverageKey], ...]
    carried: tuple[Entry, ...]
    carrying: Carrying
    partial: bool
    __test__ = False


async def _keys(batches: Iterable[tuple[Any, EnvironmentName]]) -> tuple[CoverageKey, ...]:
    return await MultiGet(
        Get(
            CoverageKey,
            {
                CoverageKeyRequest(b.elements, b.partition_metadata): CoverageKeyRequest,
                environment: EnvironmentName,
            },
        )
        for b, environment in batches
    )


@uncacheable_rule
async def plan_tests(
    specs: Specs,
    test_subsystem: TestSubsystem,
    lockstep: Lockstep,
    union_membership: UnionMembership,
    local_environment_name: ChosenLocalEnvironmentName,
) -> TestPlan:
    shard, num_shards = parse_shard_spec(test_subsystem.shard, "the [test].shard option")
    request = TargetRootsToFieldSetsRequest(
        TestFieldSet,
        goal_description="The `test` goal",
        no_applicable_targets_behavior=NoApplicableTargetsBehavior.ignore,
        shard=shard,
        num_shards=num_shards,
    )
    whole = selected = await Get(
        TargetRootsToFieldSets, {request: TargetRootsToFieldSetsRequest, specs: Specs}
    )
    partial = lockstep.carry_coverage is Carry.ALWAYS or (
        lockstep.carry_coverage is Carry.AFFECTED and specs.includes.from_change_detection
    )
    if partial:
        whole = await Get(
            TargetRootsToFieldSets, {request: TargetRootsToFieldSetsRequest, _EVERYTHING: Specs}
        )
    request_types = union_membership.get(TestRequest)
    batches = await _get_test_batches(request_types, whole, local_environment_name, test_subsystem)
    environments = await MultiGet(
        Get(
            EnvironmentName,
            SingleEnvironmentNameRequest,
            SingleEnvironmentNameRequest.from_field_sets(batch.elements, batch.description),
        )
        for batch in batches
    )
    chosen = {field_set.address for field_set in selected.field_sets}
    run: list[tuple[Any, EnvironmentName]] = []
    rest: list[tuple[Any, EnvironmentName]] = []
    for batch, environment in zip(batches, environments):
        # Of tests that run together the coverage is one, so a selected test brings the others along.
        runs = any(field_set.address in chosen for field_set in batch.elements)
        if runs or isinstance(batch, PyTestRequest.Batch):
            (run if runs else rest).append((batch, environment))
    found = await MultiGet(
        Get(
            FoundCoverage,
            {
                FoundCoverageRequest(b.elements, b.partition_metadata): FoundCoverageRequest,
                environment: EnvironmentName,
            },
        )
        for b, environment in rest
    )
    entries = tuple(kept.entry for kept in found if kept.entry is not None)
    kept_of = [(b, name) for b, name in run if isinstance(b, PyTestRequest.Batch)]
    return TestPlan(
        batches=(
            *(batch for batch, _ in run),
            *(
                dataclasses.replace(batch, partition_metadata=CarriedData(kept.data))
                for (batch, _), kept in zip(rest, found)
                if kept.data is not None
            ),
        ),
        run=tuple((b, name, key) for (b, name), key in zip(kept_of, await _keys(kept_of))),
        carried=entries,
        carrying=Carrying(
            carried=tuple((entry.targets, entry.key) for entry in entries),
            ran=_addresses(batch for batch, _ in run),
            missing=_addresses(b for (b, _), kept in zip(rest, found) if kept.entry is None),
        ),
        partial=partial,
    )


def _addresses(batches: Iterable[Any]) -> tuple[str, ...]:
    return tuple(fields.address.spec for batch in batches for fields in batch.elements)


async def _entries(plan: TestPlan) -> list[Entry]:
    """What the tests that ran and passed made, of those that nobody edited meanwhile."""
    keys_now = await _keys((batch, name) for batch, name, _ in plan.run)
    same = [(batch, name, key) for (batch, name, key), now in zip(plan.run, keys_now) if key == now]
    results = await MultiGet(
        Get(TestResult, {batch: TestRequest.Batch, name: EnvironmentName})
        for batch, name, _ in same
    )
    keys_after = await _keys((batch, name) for batch, name, _ in same)
    made = [
        (batch, key, result.coverage_data)
        for (batch, _, key), result, after in zip(same, results, keys_after)
        if key == after and result.exit_code == 0
        if isinstance(result.coverage_data, PytestCoverageData)
    ]
    contents = await MultiGet(Get(DigestContents, Digest, data.digest) for *_, data in made)
    return [
        Entry(_addresses([batch]), key.text, files[0].content)
        for (batch, key, _), files in zip(made, contents)
    ]


async def planned_test_batches(
    core_request_types: Any,
    targets_to_field_sets: TargetRootsToFieldSets[Any],
    local_environment_name: ChosenLocalEnvironmentName,
    test_subsystem: TestSubsystem,
) -> list[Any]:
    """The batches that `test` works on; under coverage those of the plan."""
    if not _plans(test_subsystem):
        return await _get_test_batches(
            core_request_types, targets_to_field_sets, local_environment_name, test_subsystem
        )
    plan = await Get(TestPlan)
    return list(plan.batches)


async def run_tests(
    original: Coroutine,
    console: Console,
    test_subsystem: TestSubsystem,
    debug_adapter: DebugAdapterSubsystem,
    workspace: Workspace,
    union_membership: UnionMembership,
    distdir: DistDir,
    run_id: RunId,
    local_environment_name: ChosenLocalEnvironmentName,
    coverage: CoverageSubsystem,
    root: BuildRoot,
    lockstep: Lockstep,
) -> Test:
    """Say what was carried, keep what was made, and fail where the gate is left undecided."""
    done: Test = await original(
        console,
        test_subsystem,
        debug_adapter,
        workspace,
        union_membership,
        distdir,
        run_id,
        local_environment_name,
    )
    if not _plans(test_subsystem):
        return done
    plan = await Get(TestPlan)
    if plan.partial:
        console.print_stderr(f"\n{plan.carrying.told()}")
    gated = coverage.fail_under is not None
    if plan.carrying.missing:
        logger.warning(plan.carrying.told_of_missing(gated))
    if lockstep.carry_coverage is not Carry.NEVER:
        baseline, made = await Get(Baseline), await _entries(plan)
        baseline.keep(made, plan.carried, time.time())
    beside_reports = Path(root.path) / coverage.output_dir(distdir) / "carried.json"
    write_text(beside_reports, plan.carrying.as_json())
    # Failed tests keep their exit code; 2 is that of a gate, which was held against too little.
    undecided = plan.carrying.missing and gated and done.exit_code in (0, 2)
    return Test(1) if undecided else done


def _plans(test_subsystem: TestSubsystem) -> bool:
    debugs = test_subsystem.debug or test_subsystem.debug_adapter
    return bool(test_subsystem.use_coverage and not debugs)


async def run_python_tests(
    original: Coroutine,
    batch: PyTestRequest.Batch[Any, Any],
    test_subsystem: TestSubsystem,
) -> TestResult:
    """Run tests, or carry what they made."""
    carried = batch.partition_metadata
    if isinstance(carried, CarriedData):
        return carried_result((field_set.address for field_set in batch.elements), carried)
    result: TestResult = await original(batch, test_subsystem)
    return result


def install() -> None:
    """Put the seams in place."""
    replace(test.run_tests, run_tests, also=(CoverageSubsystem, BuildRoot, Lockstep))
    replace(pytest_runner.run_python_tests, run_python_tests)
    test._get_test_batches = planned_test_batches


def rules() -> Iterable[Rule]:
    return collect_rules()
