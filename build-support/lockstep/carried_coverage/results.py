"""The result of tests that did not run: none, but for their coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.goals.coverage_py import PytestCoverageData
from pants.core.goals.test import ShowOutput, TestResult
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_FILE_DIGEST, Digest


@dataclass(frozen=True)
class CarriedData:
    """What a batch of tests carries, in the place of what is common to tests that run together.

    Attributes:
        data: a digest with their `.coverage`.
    """

    data: Digest

    @property
    def description(self) -> str:
        return "carried coverage"


def carried_result(addresses: Iterable[Address], carried: CarriedData) -> TestResult:
    """The result of tests whose coverage is carried; `test` prints no line for it."""
    of = tuple(addresses)
    return TestResult(
        exit_code=None,
        stdout="",
        stdout_digest=EMPTY_FILE_DIGEST,
        stderr="",
        stderr_digest=EMPTY_FILE_DIGEST,
        addresses=of,
        output_setting=ShowOutput.NONE,
        result_metadata=None,
        coverage_data=PytestCoverageData(of, carried.data),
    )
