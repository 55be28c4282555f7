"""Resolves a lock: uv proposes pins for every declared environment, pip-tools judges them here."""

from __future__ import annotations

import dataclasses
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Iterable

from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.util.frozendict import FrozenDict

from lockstep.core import graph_codec, lock_codec
from lockstep.core.cut_off import YOUNGER, CutOff, cut_off
from lockstep.core.direct_references import at_commits, is_repository, names_commit
from lockstep.core.errors import LockstepError, TextError
from lockstep.core.graph import LockGraph
from lockstep.core.lock import Header, Pin
from lockstep.core.slices import Slice
from lockstep.core.stated_hashes import vetted
from lockstep.core.universal import Declared, declared
from lockstep.core.upgrade import OPTION, Upgrade
from lockstep.lock.conflicts import ConflictRequest, Explanation
from lockstep.lock.held_back import HeldBack, HeldBackRequest
from lockstep.lock.inputs import ResolveInputs, ResolveInputsRequest, minor_versions
from lockstep.lock.judge import BOUND, AtHand, AtHandRequest, Judged, JudgeRequest, listed
from lockstep.lock.pip_tools import PipCompiled, PipCompileRequest, PipTools, PipToolsRequest
from lockstep.lock.proposals import Proposal, ProposalRequest, undated_error
from lockstep.lock.uv import UvCompiled, UvCompileRequest
from lockstep.pants_api.uncacheable import uncacheable_rule
from lockstep.slices.graphs import DeriveGraphRequest, GraphRequest, StoredGraph
from lockstep.subsystem import Lockstep, Resolver, Uv

logger = logging.getLogger(__name__)

_UNDATED = re.compile(r"/([^/\s]+)/ does not provide upload-time metadata")
_OF_THIS_CALL = (f"-c {OPTION}", f"-c {YOUNGER}")
"""What bounds pins in a single call is no reason to have them."""


@dataclass(frozen=True)
class ResolveLockRequest:
    """Resolve a lock anew, keeping the pins that still fit.

    Attributes:
        resolve: a name of `[python].resolves`.
        upgrade: the pins that need not be kept.
        as_of: the day or moment to cut off at; by default the cooldown tells.
    """

    resolve: str
    upgrade: Upgrade = Upgrade()
    as_of: str = ""


@dataclass(frozen=True)
class PinnedLockRequest:
    """Read the lock as it stands, as far as it can be read.

    Attributes:
        path: relative to the build root.
    """

    path: str


@dataclass(frozen=True)
class PinnedLock:
    """The lock as it stands.

    Attributes:
        path: relative to the build root.
        text: the file; empty where there is none that can be read.
        pins: what it pins.
        header: what Lockstep wrote at its top.
    """

    path: str
    text: str
    pins: tuple[Pin, ...]
    header: Header | None = None

    def is_of(self, inputs: str, cut_off: str) -> bool:
        """Whether it was resolved from inputs of this digest, at this moment."""
        header = self.header
        return header is not None and (header.inputs, header.cut_off) == (inputs, cut_off)


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
class ChosenPins:
    """The pins of a lock, and what its header says of them."""

    pins: tuple[Pin, ...]
    resolver: str
    environments: tuple[Declared, ...]
    cut_off: CutOff | None = None


@dataclass(frozen=True)
class ChoosePinsRequest:
    """Choose the pins of a lock by the resolver that `[lockstep]` names.

    Attributes:
        inputs: what asks for them.
        at_hand: the environment at hand.
        kept: pins to keep where they fit, in requirements.txt format.
        before: pins that the cut-off is not to move down.
        upgrading: the projects of which fixed releases pass the cut-off; None for all.
        asked: requirements for releases that pass it since they are asked for.
        cut_off: which releases are seen; all where there is none.
    """

    inputs: ResolveInputs
    at_hand: AtHand
    kept: str
    before: tuple[Pin, ...] = ()
    upgrading: tuple[str, ...] | None = ()
    asked: tuple[str, ...] = ()
    cut_off: CutOff | None = None


@dataclass(frozen=True)
class ByPipToolsRequest:
    """Choose the pins of a lock by pip-tools alone, for the environment at hand."""

    inputs: ResolveInputs
    at_hand: AtHand
    kept: str
    cut_off: CutOff | None = None


@uncacheable_rule(desc="Choose the pins of the lock")
async def choose_pins(request: ChoosePinsRequest, lockstep: Lockstep, uv: Uv) -> ChosenPins:
    inputs, at_hand = request.inputs, request.at_hand
    if lockstep.resolver is Resolver.PIP_TOOLS and (inputs.overrides or inputs.exclusions):
        raise LockstepError(
            f"`[lockstep]` overrides or excludes something in `{inputs.resolve}`, and pip-tools"
            " knows nothing of the kind",
            mend='Set `[lockstep].resolver = "uv"`, or leave it out',
        )
    if not lockstep.propose and lockstep.resolver is Resolver.PIP_TOOLS:
        return await Get(
            ChosenPins, ByPipToolsRequest(inputs, at_hand, request.kept, request.cut_off)
        )
    pythons = minor_versions(inputs.resolve, inputs.interpreters)
    platforms = dict.fromkeys([*lockstep.platforms, at_hand.declared.platform])
    environments = declared(pythons, platforms)
    compiling = UvCompileRequest(
        inputs, environments, at_hand.python, request.kept, request.cut_off
    )
    made = await Get(
        Proposal, ProposalRequest(compiling, request.before, request.upgrading, request.asked)
    )
    proposal = made.compiled
    if proposal.fault:
        explained = await Get(Explanation, ConflictRequest(made.compiling, proposal.fault))
        raise explained.error(inputs.lock_path)
    resolver = f"uv {uv.version.lstrip('v')}"
    if lockstep.resolver is Resolver.PIP_TOOLS:
        judged = await Get(Judged, JudgeRequest(inputs, at_hand, proposal.pins))
        if judged.differing:
            raise LockstepError(
                f"{inputs.lock_path} stands as it was: for {at_hand.declared}, pip-tools does not"
                " agree with what uv proposes",
                mend=BOUND,
                detail=listed(judged.differing),
            )
        resolver += f", judged by {judged.resolver}"
    return ChosenPins(proposal.pins, resolver, environments, made.compiling.cut_off)


@uncacheable_rule(desc="Choose the pins of the lock")
async def choose_pins_by_pip_tools(request: ByPipToolsRequest) -> ChosenPins:
    inputs, at_hand = request.inputs, request.at_hand
    version = at_hand.declared.python
    moment = request.cut_off.moment if request.cut_off is not None else ""
    compiled, tools = await MultiGet(
        Get(
            PipCompiled,
            PipCompileRequest(
                inputs, at_hand.python, version, request.kept, hashes=True, cut_off=moment
            ),
        ),
        Get(PipTools, PipToolsRequest(version)),
    )
    undated = _UNDATED.search(compiled.fault)
    if undated is not None:
        instead = 'set `[lockstep].undated_releases = "allow"` and leave `propose = false` out'
        raise undated_error(inputs.lock_path, (undated[1],), instead)
    if compiled.fault:
        # uv does not resolve here, but it tells soon whether parts of the inputs can be resolved.
        here = UvCompileRequest(
            inputs, (at_hand.declared,), at_hand.python, cut_off=request.cut_off, partial=True
        )
        asked = await Get(UvCompiled, UvCompileRequest, here)
        if asked.fault:
            explained = await Get(Explanation, ConflictRequest(here, asked.fault))
            raise explained.error(inputs.lock_path)
        raise compiled.error(inputs.lock_path)
    for pin in compiled.pins:
        if pin.url is not None and is_repository(pin.url) and not names_commit(pin.url):
            raise LockstepError(
                f"{inputs.lock_path} stands as it was: pip-tools does not tell which commit"
                f" `{pin.requirement}` is at",
                mend="State the commit, or leave `[lockstep].propose = false` out",
            )
    return ChosenPins(
        compiled.pins, tools.name, (at_hand.declared,), CutOff(moment) if moment else None
    )


@rule(desc="Read the pins of the lock")
async def read_pins(request: PinnedLockRequest) -> PinnedLock:
    for content in await Get(DigestContents, PathGlobs([request.path])):
        text = content.content.decode(errors="replace")
        try:
            lock = lock_codec.parse(text, request.path)
            return PinnedLock(request.path, text, lock.pins, lock.header)
        except TextError as error:
            logger.warning(f"None of the lock's pins can be kept, since it is damaged. {error}")
    return PinnedLock(request.path, "", ())


@uncacheable_rule(desc="Resolve the lock")
async def resolve_lock(request: ResolveLockRequest, lockstep: Lockstep) -> ResolvedLock:
    inputs = await Get(ResolveInputs, ResolveInputsRequest(request.resolve))
    at_hand, current, stored = await MultiGet(
        Get(AtHand, AtHandRequest(inputs.resolve, inputs.interpreters)),
        Get(PinnedLock, PinnedLockRequest(inputs.lock_path)),
        Get(StoredGraph, GraphRequest(inputs.lock_path)),
    )
    cut = cut_off(request.as_of, lockstep.cooldown, datetime.now(timezone.utc))
    upgrade = request.upgrade
    if request.as_of and cut is not None and current.is_of(inputs.digest, cut.moment):
        # An index does not tell when a release was yanked, so only the lock knows what was chosen.
        upgrade = dataclasses.replace(upgrade, everything=False)
    kept = upgrade.kept(current.pins)
    left_out = await Get(HeldBack, HeldBackRequest(inputs.resolve, upgrade))
    stated = dataclasses.replace(
        inputs,
        requirements=at_commits(inputs.requirements, kept),
        constraints=(
            *inputs.constraints,
            *upgrade.bounds(current.pins),
            *left_out.bounds,
        ),
    )
    kept_text = current.text if kept == current.pins else Slice(kept).text
    choosing = ChoosePinsRequest(stated, at_hand, kept_text, cut_off=cut)
    if not request.as_of:  # else nobody knew more that day
        choosing = dataclasses.replace(
            choosing,
            before=current.pins,
            upgrading=None if upgrade.everything else upgrade.projects(),
            asked=upgrade.younger(),
        )
    chosen = await Get(ChosenPins, ChoosePinsRequest, choosing)
    passing = {*_OF_THIS_CALL, *(f"-c {bound.path}" for bound in left_out.bounds)}
    pins = tuple(
        dataclasses.replace(pin, via=tuple(via for via in pin.via if via not in passing))
        for pin in vetted(chosen.pins, (*inputs.requirements, *inputs.constraints))
    )
    seen = _seen(chosen.cut_off, pins, inputs.digest, None if request.as_of else current)
    header = Header(
        resolve=inputs.resolve,
        inputs=inputs.digest,
        resolver=chosen.resolver,
        environments=tuple(map(str, chosen.environments)),
        cut_off=seen.moment,
        younger=seen.younger,
    )
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
        before=current.text,
        pins=len(pins),
        files=FrozenDict(
            {inputs.lock_path: lock_codec.render(lock), stored.path: graph_codec.render(graph)}
        ),
    )


def _seen(
    cut: CutOff | None, pins: tuple[Pin, ...], digest: str, current: PinnedLock | None
) -> CutOff:
    """The cut-off for the header: that of the lock as it stands as long as nothing moves."""
    if current is not None and current.header is not None and current.header.inputs == digest:
        if sorted(pin.requirement for pin in pins) == sorted(p.requirement for p in current.pins):
            return CutOff(current.header.cut_off, current.header.younger)
    return cut.needed(pins) if cut is not None else CutOff("")


def rules() -> Iterable[Rule]:
    return collect_rules()
