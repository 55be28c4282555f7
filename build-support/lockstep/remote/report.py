"""Says once, at the end of a run, what the remote cache did not do.

Pants' own warnings name the fault of each blob, so that a damaged cache gives a warning for each;
`pants.remote.toml` turns them off.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Iterable

from pants.engine.rules import Rule, collect_rules, rule
from pants.engine.streaming_workunit_handler import (
    StreamingWorkunitContext,
    WorkunitsCallback,
    WorkunitsCallbackFactory,
    WorkunitsCallbackFactoryRequest,
)
from pants.engine.unions import UnionRule

from lockstep.core.remote_cache import trouble

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteCacheReportRequest:
    """Report on the remote cache when the run ends."""


class RemoteCacheReport(WorkunitsCallback):
    @property
    def can_finish_async(self) -> bool:
        # What is said after the run has ended would not reach the user.
        return False

    def __call__(self, *, finished: bool, context: StreamingWorkunitContext, **_: Any) -> None:
        told = trouble(context.get_metrics()) if finished else None
        if told:
            logger.warning(f"{told} `--level=debug` tells why.")


@rule
def report_on_remote_cache(_: RemoteCacheReportRequest) -> WorkunitsCallbackFactory:
    return WorkunitsCallbackFactory(RemoteCacheReport)


def rules() -> Iterable[Rule | UnionRule]:
    return (
        *collect_rules(),
        UnionRule(WorkunitsCallbackFactoryRequest, RemoteCacheReportRequest),
    )
