"""Explains why inputs cannot be resolved, by asking uv about ever fewer of them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Iterable, Sequence

from pants.engine.rules import Get, Rule, collect_rules, rule

from lockstep.core.conflicts import Demand, explain, questions
from lockstep.core.errors import LockstepError
from lockstep.core.index_faults import index_error, is_of_index
from lockstep.lock.uv import UvCompiled, UvCompileRequest

_UNSATISFIABLE = "No solution found"


@dataclass(frozen=True)
class ConflictRequest:
    """Find the smallest part of some inputs that cannot be resolved.

    Attributes:
        resolve: what failed.
        fault: what uv told of it.
    """

    resolve: UvCompileRequest
    fault: str


@dataclass(frozen=True)
class Explanation:
    """Why there is no lock.

    Attributes:
        text: lines for the user.
        mend: what to do about it, one sentence without its full stop.
        of_index: whether it is an index that failed, not the requirements.
    """

    text: str
    mend: str
    of_index: bool = False

    def error(self, lock_path: str) -> LockstepError:
        """It, for the lock that was to be written."""
        if self.of_index:
            return index_error(lock_path, "uv", self.text)
        fault = f"{lock_path} stands as it was, since its inputs cannot be resolved"
        return LockstepError(fault, mend=self.mend, detail=self.text)


@rule(desc="Find what cannot be resolved together")
async def explain_conflict(request: ConflictRequest) -> Explanation:
    failed = request.resolve
    if _UNSATISFIABLE not in request.fault:
        return Explanation(
            _told(request.fault, failed),
            "See to what uv names, then run `./pants lock` again",
            is_of_index(request.fault),
        )
    inputs = failed.inputs
    demands = (
        *(Demand(r, False, r.path in inputs.compiled) for r in inputs.requirements),
        *(Demand(r, True, r.path in inputs.compiled) for r in inputs.constraints),
    )
    told = request.fault
    asking = questions(demands)
    asked = next(asking)
    try:
        while True:
            compiled = await Get(UvCompiled, UvCompileRequest, _only(failed, asked))
            told = compiled.fault or told
            asked = asking.send(_UNSATISFIABLE in compiled.fault)
    except StopIteration as stopped:
        core: Sequence[Demand] = stopped.value
    last = await Get(UvCompiled, UvCompileRequest, _only(failed, core))
    python = failed.environments[0].python
    return Explanation(
        _told(explain(core, last.fault or told, python), failed),
        "Change what is named here, then run `./pants lock` again (`-ldebug` shows all that uv told)",
    )


def _only(request: UvCompileRequest, demands: Sequence[Demand]) -> UvCompileRequest:
    """The request for some of its demands, as fast as it can be answered."""
    inputs = dataclasses.replace(
        request.inputs,
        requirements=tuple(demand.stated for demand in demands if not demand.constraint),
        constraints=tuple(demand.stated for demand in demands if demand.constraint),
    )
    return dataclasses.replace(request, inputs=inputs, kept="", partial=True)


def _told(text: str, failed: UvCompileRequest) -> str:
    lines = text.strip().splitlines()
    if failed.cut_off is not None:
        lines.append(f"What was uploaded since {failed.cut_off.moment} was not looked at.")
    return "\n".join(f"  {line}" for line in lines)


def rules() -> Iterable[Rule]:
    return collect_rules()
