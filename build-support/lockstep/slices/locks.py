"""Rules that read a resolve's lock and cut slices from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterable

from pants.engine.fs import DigestContents, GlobMatchErrorBehavior, PathGlobs
from pants.engine.rules import Get, Rule, collect_rules, rule

from lockstep.core import lock_codec
from lockstep.core.slices import Slicer, python_environment


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
    """

    path: str
    text: str
    slicer: Slicer | None = field(compare=False)


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
    return ManagedLock(request.path, text, Slicer(lock_codec.parse(text, request.path)))


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
    """

    path: str
    requirements: tuple[str, ...] | None
    python: str


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
        cut = lock.slicer.cut(request.requirements, python_environment(request.python))
    return SliceText(cut.text, len(cut.pins))


def rules() -> Iterable[Rule]:
    return collect_rules()
