"""Lets uv propose pins, under a cut-off that moves down nothing that the lock has already."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Iterable, Sequence

from pants.engine.rules import Get, Rule, collect_rules, rule

from lockstep.advisories.database import Advisories, AdvisoriesRequest
from lockstep.core.advisories import fixes, matching, releases
from lockstep.core.cut_off import moved_down
from lockstep.core.errors import LockstepError
from lockstep.core.lock import Pin
from lockstep.lock.uv import UvCompiled, UvCompileRequest
from lockstep.subsystem import Lockstep, Undated

_NAMED = 3


@dataclass(frozen=True)
class ProposalRequest:
    """Let uv propose pins.

    Attributes:
        compiling: what for.
        before: pins that no cut-off is to move down.
        upgrading: the projects whose fixed releases may be younger than the cut-off, where an
            advisory affects what would be chosen; None for all.
        asked: requirements for releases that are asked for, as in `CutOff.younger`: they may be
            younger, too.
    """

    compiling: UvCompileRequest
    before: tuple[Pin, ...] = ()
    upgrading: tuple[str, ...] | None = ()
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What uv proposes.

    Attributes:
        compiling: what it was asked in the end.
        compiled: its answer.
    """

    compiling: UvCompileRequest
    compiled: UvCompiled


@rule
async def propose(request: ProposalRequest, lockstep: Lockstep) -> Proposal:
    asked = request.compiling
    compiled = await Get(UvCompiled, UvCompileRequest, asked)
    while asked.cut_off is not None:
        exempt: Sequence[str] = moved_down(request.before, compiled.pins)
        if request.upgrading != () and lockstep.advisories and not compiled.fault:
            asking = AdvisoriesRequest(lockstep.advisories, releases(compiled.pins))
            known = await Get(Advisories, AdvisoriesRequest, asking)
            found = matching(known.found, compiled.pins)
            exempt = (*exempt, *fixes(found, request.upgrading))
        if compiled.fault:
            if compiled.undated and lockstep.undated_releases is Undated.REFUSE:
                raise undated_error(asked.inputs.lock_path, compiled.undated)
            exempt = (*compiled.undated, *request.asked)
        wider = asked.cut_off.with_younger(exempt)
        if wider == asked.cut_off:
            break
        again = dataclasses.replace(asked, cut_off=wider)
        answer = await Get(UvCompiled, UvCompileRequest, again)
        if answer.fault and not compiled.fault:
            break  # what is younger does not go together with the rest
        asked, compiled = again, answer
    return Proposal(asked, compiled)


def undated_error(
    lock_path: str,
    projects: Sequence[str],
    mend: str = 'set `[lockstep].undated_releases = "allow"`',
) -> LockstepError:
    """The error for projects whose releases have no upload time, under a cut-off."""
    named = ", ".join(f"`{project}`" for project in projects[:_NAMED])
    more = f" and {len(projects) - _NAMED} more" if len(projects) > _NAMED else ""
    return LockstepError(
        f"{lock_path} stands as it was: the index does not tell when releases of {named}{more} were"
        " uploaded, so they may be younger than the cooldown or `--as-of` allows",
        mend=f"Ask an index that tells it (PEP 700), or {mend}",
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
