"""Rules that read a resolve's lock and cut slices from it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Iterable, Sequence

from pants.engine.fs import DigestContents, GlobMatchErrorBehavior, PathGlobs
from pants.engine.rules import Get, Rule, collect_rules, rule

from lockstep.core import lock_codec
from lockstep.core.environments import platform_environment, python_environment
from lockstep.core.lock import Pin
from lockstep.core.slices import Slicer, check_environment
from lockstep.slices.graphs import GraphRequest, StoredGraph

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LockRequest:
    """Read the lock at a path, relative to the build root."""

    path: str


@dataclass(frozen=True)
class ManagedLock:
    """A lock that Lockstep cuts slices from.

    Attributes:
        path: relative to the build root.
        text: the file, by which two values compare.
        slicer: None where the file is PEX's own format (JSON), which stays with Pants.
        graph: the file of its graph, likewise; empty where there is none.
    """

    path: str
    text: str
    slicer: Slicer | None = field(compare=False)
    graph: str = ""


@rule(desc="Read the lock")
async def read_lock(request: LockRequest) -> ManagedLock:
    contents = await Get(
        DigestContents,
        PathGlobs(
            [request.path],
            glob_match_error_behavior=GlobMatchErrorBehavior.error,
            description_of_origin="the option `[python].resolves`; `./pants lock` writes the lock",
        ),
    )
    text = contents[0].content.decode("utf-8", errors="replace")
    if _is_pex_native(text):
        return ManagedLock(request.path, text, None)
    lock = lock_codec.parse(text, request.path)
    stored = await Get(StoredGraph, GraphRequest(request.path))
    slicer = Slicer(lock, stored.graph)
    if slicer.missing:
        logger.warning(
            f"{stored.path} does not tell of {_listed(slicer.missing)}, so their slices follow the"
            f" `# via` lines of {request.path} and may hold too much. `./pants lock` writes it."
        )
    return ManagedLock(request.path, text, slicer, stored.text)


def _listed(pins: Sequence[Pin]) -> str:
    named = ", ".join(f"`{pin.requirement}`" for pin in pins[:3])
    return named + (f" and {len(pins) - 3} more" if len(pins) > 3 else "")


def _is_pex_native(text: str) -> bool:
    meaningful = (line for line in text.splitlines() if line and not line.startswith("//"))
    return next(meaningful, "").lstrip().startswith("{")


@dataclass(frozen=True)
class SliceRequest:
    """Cut a slice.

    Attributes:
        path: the lock, relative to the build root.
        requirements: what the slice must serve (PEP 508); None for the whole lock.
        python: the Python it is for, such as `3.11`.
        platform: the platform it is for, such as `linux_x86_64`; None for any.
    """

    path: str
    requirements: tuple[str, ...] | None
    python: str
    platform: str | None = None


@dataclass(frozen=True)
class SliceText:
    """A slice as text, and how many pins it holds."""

    text: str
    size: int


@rule(desc="Cut a slice of the lock")
async def cut_slice(request: SliceRequest) -> SliceText:
    lock = await Get(ManagedLock, LockRequest(request.path))
    assert lock.slicer is not None, "only managed locks are cut"
    if request.requirements is None:
        cut = lock.slicer.whole()
    else:
        environment = python_environment(request.python)
        if request.platform is not None:
            environment.update(platform_environment(request.platform))
            check_environment(lock.slicer.lock, request.python, request.platform)
        cut = lock.slicer.cut(request.requirements, environment)
    return SliceText(cut.text, len(cut.pins))


def rules() -> Iterable[Rule]:
    return collect_rules()
