"""The result of tests that did not run: none, but for their coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.goals.coverage_py import PytestCoverageData
from pants.backend.python.subsystems.pytest import PyTest, PythonTestFieldSet
from pants.core.goals.test import ShowOutput, TestRequest, TestResult
from pants.engine.fs import EMPTY_FILE_DIGEST, Digest
from pants.engine.rules import Rule, collect_rules, rule
from pants.engine.unions import UnionRule


@dataclass(frozen=True)
class CarriedData:
    """What a batch of tests carries.

    Attributes:
        data: a digest with their `.coverage`.
    """

    data: Digest

    @property
    def description(self) -> str:
        return "carried coverage"


class CarriedRequest(TestRequest):
    """Tests whose coverage is carried; only their batches are known to Pants."""

    tool_subsystem = PyTest
    field_set_type = PythonTestFieldSet


@rule(desc="Carry coverage")
async def carry_coverage(
    batch: CarriedRequest.Batch[PythonTestFieldSet, CarriedData],
) -> TestResult:
    addresses = tuple(field_set.address for field_set in batch.elements)
    return TestResult(
        exit_code=None,  # so that no line is printed for it
        stdout="",
        stdout_digest=EMPTY_FILE_DIGEST,
        stderr="",
        stderr_digest=EMPTY_FILE_DIGEST,
        addresses=addresses,
        output_setting=ShowOutput.NONE,
        result_metadata=None,
        coverage_data=PytestCoverageData(addresses, batch.partition_metadata.data),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return (*collect_rules(), UnionRule(TestRequest.Batch, CarriedRequest.Batch))
