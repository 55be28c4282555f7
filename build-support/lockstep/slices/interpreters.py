"""Sees to it that the stand-in of an interpreter is there, in every session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from pants.engine.rules import Rule, collect_rules
from pants.option.global_options import NamedCachesDirOption
from pants.util.frozendict import FrozenDict

from lockstep.envs import stand_in
from lockstep.pants_api.uncacheable import uncacheable_rule

CACHES = FrozenDict({stand_in.CACHE: stand_in.FOLDER})
"""The named cache that holds stand-ins, as processes take it."""


@dataclass(frozen=True)
class StandInRequest:
    """Write the stand-in of an interpreter where it is missing.

    Attributes:
        path: where a sandbox has it; different for interpreters that behave differently.
        interpreter: the absolute path of the interpreter on this machine.
        replaces: whether a stand-in for another interpreter, which exists, is replaced.
    """

    path: str
    interpreter: str
    replaces: bool = True


@dataclass(frozen=True)
class StandIn:
    """The stand-in stands; `path` is where a sandbox has it."""

    path: str


@uncacheable_rule
async def write_stand_in(request: StandInRequest, named_caches: NamedCachesDirOption) -> StandIn:
    folder = Path(named_caches.val)
    stand_in.write(folder, request.path, request.interpreter, request.replaces)
    return StandIn(request.path)


def rules() -> Iterable[Rule]:
    return collect_rules()
