"""Tells what moves in a lock that was resolved anew, and which targets each move reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.engine.rules import Get, Rule, collect_rules, rule

from lockstep.core import graph_codec, lock_codec
from lockstep.core.lock import Lock
from lockstep.core.lock_diff import LockMove, lock_moves
from lockstep.core.pin_moves import moves
from lockstep.core.slices import Slicer
from lockstep.lock.holders import Holders, HoldersRequest
from lockstep.lock.resolve import ResolvedLock
from lockstep.slices.graphs import GraphRequest, StoredGraph


@dataclass(frozen=True)
class LockMovesRequest:
    """Tell what moves from the lock as it stands to a new one.

    Attributes:
        resolved: the new one.
    """

    resolved: ResolvedLock


@dataclass(frozen=True)
class LockMoves:
    """What moves, by project.

    Attributes:
        resolve: the resolve.
        path: its lock, relative to the build root.
        moves: them.
    """

    resolve: str
    path: str
    moves: tuple[LockMove, ...]


@rule(desc="Compare the lock with the one that stands")
async def find_moves(request: LockMovesRequest) -> LockMoves:
    resolved = request.resolved
    path, graph_path = resolved.path, graph_codec.graph_path(resolved.path)
    stored = await Get(StoredGraph, GraphRequest(path))
    standing = lock_codec.parse(resolved.before, path) if resolved.before else Lock(path, ())
    before = Slicer(standing, stored.graph)
    after = Slicer(
        lock_codec.parse(resolved.text, path),
        graph_codec.parse(resolved.files[graph_path], graph_path),
    )
    moved = moves(before.whole(), after.whole())
    projects = tuple(move.project for move in moved)
    holders = await Get(Holders, HoldersRequest(resolved.resolve, (before, after), projects))
    return LockMoves(
        resolved.resolve, path, lock_moves(before.lock, after.lock, moved, holders.targets)
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
