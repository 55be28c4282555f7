"""Lets pip-tools judge pins for the environment at hand: all of them, or what is new of them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Mapping

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.platform import Platform
from pants.engine.process import Process, ProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.option.global_options import GlobalOptions
from pants.util.logging import LogLevel

from lockstep.core.environments import python_environment
from lockstep.core.errors import LockstepError
from lockstep.core.input_values import InputRequirement
from lockstep.core.judgement import judgement, parse, remainder, render
from lockstep.core.lock import Pin
from lockstep.core.slices import Slice
from lockstep.core.universal import Declared, belonging, disagreements
from lockstep.envs.atomic import write_text
from lockstep.lock.inputs import ResolveInputs, ResolveInputsRequest, minor_versions
from lockstep.lock.pip_tools import PipCompiled, PipCompileRequest, PipTools, PipToolsRequest
from lockstep.pants_api.uncacheable import uncacheable_rule
from lockstep.slices.locks import LockRequest, ManagedLock

BOUND = (
    "Bound what they differ in by an input or `[lockstep].constraints`, or set"
    ' `[lockstep].resolver = "uv"` to take what uv proposes'
)


@dataclass(frozen=True)
class AtHandRequest:
    """Find the interpreter of this machine that a resolve is resolved with."""

    resolve: str
    interpreters: tuple[str, ...]


@dataclass(frozen=True)
class AtHand:
    """The environment at hand, of those that a resolve is for.

    Attributes:
        python: its interpreter.
        declared: as a lock knows it.
        version: the interpreter's full version, such as `3.11.7`.
    """

    python: PythonExecutable
    declared: Declared
    version: str

    @property
    def variables(self) -> Mapping[str, str]:
        """Its marker variables (PEP 508)."""
        return {**self.declared.variables, **python_environment(self.version)}


@dataclass(frozen=True)
class JudgeRequest:
    """Let pip-tools judge pins for the environment at hand.

    Attributes:
        inputs: what asks for them.
        at_hand: the environment.
        pins: the pins of all environments.
        anew: whether to judge even what pip-tools agreed to before, on this machine.
    """

    inputs: ResolveInputs
    at_hand: AtHand
    pins: tuple[Pin, ...]
    anew: bool = False


@dataclass(frozen=True)
class Judged:
    """What pip-tools says of pins.

    Attributes:
        resolver: what judged, for the lock's header.
        differing: where it chooses otherwise, a line for each pin; empty where it agrees.
    """

    resolver: str
    differing: tuple[str, ...]


@dataclass(frozen=True)
class KnownJudgementRequest:
    """Read what pip-tools agreed to before."""

    path: str


@dataclass(frozen=True)
class KnownJudgement:
    """What stands in the file; empty where there is none."""

    text: str


@dataclass(frozen=True)
class VerifyHereRequest:
    """Let pip-tools judge the lock as it stands, for the environment at hand."""

    resolve: str


@dataclass(frozen=True)
class VerifiedHere:
    """The lock holds for the environment at hand, and pip-tools would choose the same."""

    path: str
    environment: Declared


@rule
async def find_environment(request: AtHandRequest, platform: Platform) -> AtHand:
    version = minor_versions(request.resolve, request.interpreters)[0]
    constraints = InterpreterConstraints([f"CPython=={version}.*"])
    python = await Get(PythonExecutable, InterpreterConstraints, constraints)
    asked = Process(
        (python.path, "-IS", "-c", "import platform; print(platform.python_version())"),
        description=f"Ask {python.path} for its version",
        env={"LOCKSTEP_INTERPRETER": python.fingerprint},  # so that a new one is asked anew
        append_only_caches=python.append_only_caches,
        level=LogLevel.DEBUG,
    )
    answer = await Get(ProcessResult, Process, asked)
    return AtHand(python, Declared(version, platform.value), answer.stdout.decode().strip())


@uncacheable_rule
async def read_judgement(request: KnownJudgementRequest) -> KnownJudgement:
    try:
        return KnownJudgement(Path(request.path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return KnownJudgement("")


@uncacheable_rule(desc="Judge the lock")
async def judge(request: JudgeRequest, global_options: GlobalOptions) -> Judged:
    inputs, at_hand = request.inputs, request.at_hand
    # Without markers, which hold here, and hashes, which would have to be fetched again.
    pins = tuple(
        dataclasses.replace(pin, marker=None, hashes=())
        for pin in belonging(request.pins, at_hand.variables)
    )
    path = Path(global_options.pants_workdir, "lockstep", f"judged-{inputs.resolve}.json")
    tools, known = await MultiGet(
        Get(PipTools, PipToolsRequest(at_hand.declared.python)),
        Get(KnownJudgement, KnownJudgementRequest(str(path))),
    )
    circumstances = _circumstances(inputs, at_hand, tools)
    left = remainder(
        None if request.anew else parse(known.text), circumstances, inputs.requirements, pins
    )
    agreed = left is not None and not left.requirements
    if left is not None and left.requirements:
        part = dataclasses.replace(
            inputs,
            requirements=left.requirements,
            constraints=(*inputs.constraints, *_as_constraints(left.settled)),
        )
        compiled = await Get(PipCompiled, PipCompileRequest, _judging(part, at_hand, pins))
        agreed = not compiled.fault and not left.disagreements(pins, compiled.pins)
    if not agreed:
        compiled = await Get(PipCompiled, PipCompileRequest, _judging(inputs, at_hand, pins))
        if compiled.fault:
            raise compiled.error(inputs.lock_path)
        differing = disagreements(pins, compiled.pins)
        if differing:
            return Judged(tools.name, differing)
    judged = judgement(circumstances, inputs.requirements, pins)
    if judged is not None and render(judged) != known.text:
        write_text(path, render(judged))
    return Judged(tools.name, ())


def _judging(inputs: ResolveInputs, at_hand: AtHand, pins: tuple[Pin, ...]) -> PipCompileRequest:
    return PipCompileRequest(
        inputs, at_hand.python, at_hand.declared.python, kept=Slice(pins).text, hashes=False
    )


def _as_constraints(pins: Iterable[Pin]) -> Iterable[InputRequirement]:
    for line, pin in enumerate(pins, start=1):
        yield InputRequirement(".lockstep/settled.txt", line, f"{pin.name}=={pin.version}")


def _circumstances(inputs: ResolveInputs, at_hand: AtHand, tools: PipTools) -> str:
    """What a judgement depends on beside requirements and pins, as a digest."""
    fixed = [
        [str(at_hand.declared), at_hand.version, tools.slice],
        sorted(constraint.text for constraint in inputs.constraints),
        sorted(setting.argument for setting in inputs.settings),
    ]
    return hashlib.sha256(json.dumps(fixed).encode()).hexdigest()


@rule(desc="Verify the lock")
async def verify_here(request: VerifyHereRequest) -> VerifiedHere:
    inputs = await Get(ResolveInputs, ResolveInputsRequest(request.resolve))
    at_hand, locked = await MultiGet(
        Get(AtHand, AtHandRequest(inputs.resolve, inputs.interpreters)),
        Get(ManagedLock, LockRequest(inputs.lock_path)),
    )
    if locked.slicer is None:
        raise LockstepError(
            f"{locked.path} is in PEX's format, so Pants wrote it", mend="Run `./pants lock`"
        )
    judged = await Get(Judged, JudgeRequest(inputs, at_hand, locked.slicer.lock.pins, anew=True))
    if judged.differing:
        raise LockstepError(
            f"{locked.path} does not hold for {at_hand.declared}: pip-tools would choose otherwise",
            mend=BOUND,
            detail=listed(judged.differing),
        )
    return VerifiedHere(locked.path, at_hand.declared)


def listed(lines: Iterable[str]) -> str:
    """Lines as the detail of an error."""
    return "\n".join(f"  {line}" for line in lines)


def rules() -> Iterable[Rule]:
    return collect_rules()
