"""Sees to it that the stand-in of an interpreter is there, in every session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from pants.core.util_rules.adhoc_binaries import PythonBuildStandaloneBinary
from pants.engine.rules import Rule, collect_rules
from pants.option.global_options import NamedCachesDirOption
from pants.util.frozendict import FrozenDict

from lockstep.envs import stand_in
from lockstep.pants_api.uncacheable import uncacheable_rule

CACHES = FrozenDict(PythonBuildStandaloneBinary.APPEND_ONLY_CACHES)
"""The named cache that holds stand-ins, as processes take it."""


@dataclass(frozen=True)
class StandInRequest:
    """Write the stand-in of an interpreter where it is missing.

    Attributes:
        name: different for interpreters that behave differently, the same on all machines.
        interpreter: its absolute path on this machine.
    """

    name: str
    interpreter: str


@dataclass(frozen=True)
class StandIn:
    """A stand-in, by its path in a sandbox that has `CACHES`."""

    path: str


@uncacheable_rule
async def write_stand_in(request: StandInRequest, caches: NamedCachesDirOption) -> StandIn:
    (cache,) = CACHES
    stand_in.write(Path(caches.val, cache), request.name, request.interpreter)
    return StandIn(stand_in.path_of(request.name))


def rules() -> Iterable[Rule]:
    return collect_rules()
