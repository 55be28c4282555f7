"""Resolves a lock: uv proposes pins for every declared environment, pip-tools judges them here."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from typing import Iterable, Mapping

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.platform import Platform
from pants.engine.process import Process, ProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from lockstep.core import graph_codec, lock_codec
from lockstep.core.environments import python_environment
from lockstep.core.errors import LockstepError, TextError
from lockstep.core.graph import LockGraph
from lockstep.core.lock import Header, Pin
from lockstep.core.slices import Slice
from lockstep.core.stated_hashes import vetted
from lockstep.core.universal import Declared, belonging, declared, disagreements
from lockstep.lock.conflicts import ConflictRequest, Explanation
from lockstep.lock.inputs import ResolveInputs, ResolveInputsRequest, minor_versions
from lockstep.lock.pip_tools import PipCompiled, PipCompileRequest
from lockstep.lock.uv import UvCompiled, UvCompileRequest
from lockstep.slices.locks import LockRequest, ManagedLock
from lockstep.slices.graphs import DeriveGraphRequest, GraphRequest, StoredGraph
from lockstep.subsystem import Lockstep, Resolver, Uv

logger = logging.getLogger(__name__)

_BOUND = (
    "Bound what they differ in by an input or `[lockstep].constraints`, or set"
    ' `[lockstep].resolver = "uv"` to take what uv proposes'
)


@dataclass(frozen=True)
class ResolveLockRequest:
    """Resolve a lock anew, keeping the pins that still fit.

    Attributes:
        resolve: a name of `[python].resolves`.
    """

    resolve: str


@dataclass(frozen=True)
class ResolvedLock:
    """A lock's new text, not yet written.

    Attributes:
        resolve: the resolve it is for.
        before: the text it replaces; empty where there is none that can be read.
        pins: how many pins it holds.
        files: the texts of lock and graph by their paths, relative to the build root.
    """

    resolve: str
    before: str
    pins: int
    files: FrozenDict[str, str]

    @property
    def path(self) -> str:
        """The lock, relative to the build root."""
        return next(iter(self.files))

    @property
    def text(self) -> str:
        """The whole lock."""
        return self.files[self.path]


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
    """Let pip-tools judge pins for the environment at hand."""

    inputs: ResolveInputs
    at_hand: AtHand
    pins: tuple[Pin, ...]


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
class VerifyHereRequest:
    """Let pip-tools judge the lock as it stands, for the environment at hand."""

    resolve: str


@dataclass(frozen=True)
class VerifiedHere:
    """The lock holds for the environment at hand, and pip-tools would choose the same."""

    path: str
    environment: Declared


@dataclass(frozen=True)
class ChosenPins:
    """The pins of a lock, and what its header says of them."""

    pins: tuple[Pin, ...]
    resolver: str
    environments: tuple[Declared, ...]


@dataclass(frozen=True)
class ChoosePinsRequest:
    """Choose the pins of a lock by the resolver that `[lockstep]` names."""

    inputs: ResolveInputs
    at_hand: AtHand
    kept: str


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


@rule(desc="Judge the lock")
async def judge(request: JudgeRequest) -> Judged:
    here = belonging(request.pins, request.at_hand.variables)
    # Without markers, which hold here, and hashes, which would have to be fetched again.
    bare = tuple(dataclasses.replace(pin, marker=None, hashes=()) for pin in here)
    compiled = await Get(
        PipCompiled,
        PipCompileRequest(
            request.inputs,
            request.at_hand.python,
            request.at_hand.declared.python,
            kept=Slice(bare).text,
            hashes=False,
        ),
    )
    return Judged(compiled.resolver, disagreements(bare, compiled.pins))


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
    judged = await Get(Judged, JudgeRequest(inputs, at_hand, locked.slicer.lock.pins))
    if judged.differing:
        raise LockstepError(
            f"{locked.path} does not hold for {at_hand.declared}: pip-tools would choose otherwise",
            mend=_BOUND,
            detail=_listed(judged.differing),
        )
    return VerifiedHere(locked.path, at_hand.declared)


@rule(desc="Choose the pins of the lock")
async def choose_pins(request: ChoosePinsRequest, lockstep: Lockstep, uv: Uv) -> ChosenPins:
    inputs, at_hand = request.inputs, request.at_hand
    if lockstep.resolver is Resolver.PIP_TOOLS and (inputs.overrides or inputs.exclusions):
        raise LockstepError(
            f"`[lockstep]` overrides or excludes something in `{inputs.resolve}`, and pip-tools"
            " knows nothing of the kind",
            mend='Set `[lockstep].resolver = "uv"`, or leave it out',
        )
    if not lockstep.propose and lockstep.resolver is Resolver.PIP_TOOLS:
        compiled = await Get(
            PipCompiled,
            PipCompileRequest(
                inputs, at_hand.python, at_hand.declared.python, request.kept, hashes=True
            ),
        )
        return ChosenPins(compiled.pins, compiled.resolver, (at_hand.declared,))
    pythons = minor_versions(inputs.resolve, inputs.interpreters)
    platforms = dict.fromkeys([*lockstep.platforms, at_hand.declared.platform])
    environments = declared(pythons, platforms)
    uv_request = UvCompileRequest(inputs, environments, at_hand.python, request.kept)
    proposal = await Get(UvCompiled, UvCompileRequest, uv_request)
    if proposal.fault:
        explained = await Get(Explanation, ConflictRequest(uv_request, proposal.fault))
        raise LockstepError(
            f"{inputs.lock_path} stands as it was, since its inputs cannot be resolved",
            mend=explained.mend,
            detail=explained.text,
        )
    resolver = f"uv {uv.version.lstrip('v')}"
    if lockstep.resolver is Resolver.PIP_TOOLS:
        judged = await Get(Judged, JudgeRequest(inputs, at_hand, proposal.pins))
        if judged.differing:
            raise LockstepError(
                f"{inputs.lock_path} stands as it was: for {at_hand.declared}, pip-tools does not"
                " agree with what uv proposes",
                mend=_BOUND,
                detail=_listed(judged.differing),
            )
        resolver += f", judged by {judged.resolver}"
    return ChosenPins(proposal.pins, resolver, environments)


@rule(desc="Resolve the lock")
async def resolve_lock(request: ResolveLockRequest) -> ResolvedLock:
    inputs = await Get(ResolveInputs, ResolveInputsRequest(request.resolve))
    at_hand, current, stored = await MultiGet(
        Get(AtHand, AtHandRequest(inputs.resolve, inputs.interpreters)),
        Get(DigestContents, PathGlobs([inputs.lock_path])),
        Get(StoredGraph, GraphRequest(inputs.lock_path)),
    )
    before = _readable(current)
    chosen = await Get(ChosenPins, ChoosePinsRequest(inputs, at_hand, before))
    header = Header(
        resolve=inputs.resolve,
        inputs=inputs.digest,
        resolver=chosen.resolver,
        environments=tuple(map(str, chosen.environments)),
    )
    pins = vetted(chosen.pins, (*inputs.requirements, *inputs.constraints))
    lock = lock_codec.finished(inputs.lock_path, header, pins)
    known = stored.graph or LockGraph(())
    graph = await Get(
        LockGraph,
        DeriveGraphRequest(
            lock,
            known,
            at_hand.python,
            at_hand.declared,
            tuple(e for e in chosen.environments if e != at_hand.declared),
        ),
    )
    return ResolvedLock(
        inputs.resolve,
        before=before,
        pins=len(pins),
        files=FrozenDict(
            {inputs.lock_path: lock_codec.render(lock), stored.path: graph_codec.render(graph)}
        ),
    )


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def _readable(contents: DigestContents) -> str:
    """The lock at hand, whose pins are kept where they fit; nothing where it cannot be read."""
    for content in contents:
        text = content.content.decode(errors="replace")
        try:
            lock_codec.parse(text, content.path)
        except TextError as error:
            logger.warning(f"None of the lock's pins can be kept, since it is damaged. {error}")
            return ""
        return text
    return ""


def rules() -> Iterable[Rule]:
    return collect_rules()
