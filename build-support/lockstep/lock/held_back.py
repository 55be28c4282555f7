"""Reads which releases an upgrade leaves out for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Iterable

from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, Rule, collect_rules

from lockstep.core import held
from lockstep.core.input_values import InputRequirement
from lockstep.core.inputs import decoded
from lockstep.core.upgrade import Upgrade
from lockstep.pants_api.uncacheable import uncacheable_rule
from lockstep.subsystem import Lockstep


@dataclass(frozen=True)
class HeldBackRequest:
    """Find the releases that an upgrade leaves out.

    Attributes:
        resolve: the resolve to upgrade.
        upgrade: what is to be chosen anew.
    """

    resolve: str
    upgrade: Upgrade


@dataclass(frozen=True)
class HeldBack:
    """What keeps them from being chosen.

    Attributes:
        bounds: a constraint for each.
    """

    bounds: tuple[InputRequirement, ...]


@uncacheable_rule(desc="Read the releases that are held back")
async def read_held(request: HeldBackRequest, lockstep: Lockstep) -> HeldBack:
    if request.upgrade == Upgrade():
        return HeldBack(())  # what the lock pins already stays
    path = f"{lockstep.shared_inputs}/{held.NAME}"
    for content in await Get(DigestContents, PathGlobs([path])):
        stated = held.parse(decoded(content.content, path), path)
        today, asked = datetime.now(timezone.utc).date(), tuple(request.upgrade.releases())
        return HeldBack(held.bounds(stated, request.resolve, path, today, asked))
    return HeldBack(())


def rules() -> Iterable[Rule]:
    return collect_rules()
