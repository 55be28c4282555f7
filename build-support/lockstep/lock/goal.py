"""`./pants lock`: writes the locks, or checks them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.base.build_root import BuildRoot
from pants.engine.console import Console
from pants.engine.fs import PathGlobs, Paths
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule, rule
from pants.option.option_types import BoolOption, EnumOption, StrListOption, StrOption
from pants.util.strutil import pluralize, softwrap

from lockstep.core.check import Expected, faults
from lockstep.core.errors import LockstepError
from lockstep.core.lock_diff import as_json, as_markdown, as_text
from lockstep.core.universal import declared
from lockstep.core.upgrade import Upgrade, upgrade
from lockstep.envs.atomic import write_texts
from lockstep.lock.fetch import Fetched, FetchRequest
from lockstep.lock.inputs import (
    ResolveInputs,
    ResolveInputsRequest,
    environment_of,
    minor_versions,
)
from lockstep.lock.judge import VerifiedHere, VerifyHereRequest
from lockstep.lock.moves import LockMoves, LockMovesRequest
from lockstep.lock.resolve import PinnedLock, PinnedLockRequest, ResolvedLock, ResolveLockRequest
from lockstep.slices.graphs import GraphRequest, StoredGraph
from lockstep.slices.locks import LockRequest, ManagedLock
from lockstep.subsystem import Lockstep, Resolver, VerifySubsystem


class DiffFormat(Enum):
    """How moves are told."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class LockSubsystem(GoalSubsystem):
    name = "lock"
    help = softwrap("""
        Resolve every requirements input of a resolve in one pass, for all declared environments,
        and write its lock and graph. Pins of the lock at hand are kept where they still fit. Who
        resolves is told by `[lockstep].resolver` and `[lockstep].propose`.
        """)

    upgrade = BoolOption(
        default=False,
        help=softwrap("""
            Keep no pin for its own sake, but choose the newest versions that the inputs allow.
            """),
    )
    upgrade_package = StrListOption(
        help=softwrap("""
            Choose the newest version of this project that the inputs allow, or the one stated as
            `NAME==VERSION`, and move others only where they have to move with it. Can be given
            several times; a project that only other projects require can be named, too.
            """),
    )
    as_of = StrOption(
        default="",
        metavar="DAY",
        help=softwrap("""
            Choose as if nothing had been uploaded since the beginning of this day in UTC, or since
            a moment such as `2026-11-21T08:00:00Z`; pins of the lock that are younger move down. It
            takes the place of `[lockstep].cooldown`. With `--upgrade`, the same inputs lead to the
            same lock again, as long as what it holds is not deleted from the index.
            """),
    )
    diff = BoolOption(
        default=False,
        help=softwrap("""
            Resolve, but write nothing, and tell what would move: from which version to which, what
            kind of move that is, who requires it, and the targets whose environment holds it.
            """),
    )
    format = EnumOption(
        default=DiffFormat.TEXT,
        help=softwrap("""
            How `--diff` tells it: as lines for people, as JSON with all addresses, or as a table
            for a pull request.
            """),
    )
    check = BoolOption(
        default=False,
        help=softwrap("""
            Resolve nothing and write nothing, but tell line by line what of the locks does not
            fit their inputs. Needs no network, and never fails for what the world released.
            """),
    )
    verify_here = BoolOption(
        default=False,
        help=softwrap("""
            Resolve nothing anew and write nothing, but let pip-compile judge the locks for this
            platform and Python: it must choose the same pins. Run it once on each platform.
            """),
    )
    fetch = BoolOption(
        default=False,
        help=softwrap("""
            Resolve nothing and write no lock, but download every file that the locks name for the
            platforms that they hold for, checked by hash, into a store that all checkouts share:
            `wheels` in the launcher's cache, or the folder that LOCKSTEP_WHEELS names. From then on
            environments are made from the store, and the package index is not asked.
            """),
    )
    resolve = StrListOption(
        help=softwrap("""
            The resolves to lock, names of `[python].resolves`. All of them by default.
            """),
    )


@dataclass(frozen=True)
class LockFaultsRequest:
    """Check the lock of a resolve."""

    resolve: str


@dataclass(frozen=True)
class LockFaults:
    """What is wrong with a lock, one line each."""

    path: str
    lines: tuple[str, ...]


@rule(desc="Check the lock")
async def check_lock(request: LockFaultsRequest, lockstep: Lockstep) -> LockFaults:
    inputs = await Get(ResolveInputs, ResolveInputsRequest(request.resolve))
    path = inputs.lock_path
    existing = await Get(Paths, PathGlobs([path]))
    if not existing.files:
        return LockFaults(path, (f"{path}: the lock of `{request.resolve}` is missing",))
    locked, stored = await MultiGet(
        Get(ManagedLock, LockRequest(path)), Get(StoredGraph, GraphRequest(path))
    )
    if locked.slicer is None:
        return LockFaults(path, (f"{path}:1: the lock is in PEX's format, so Pants wrote it",))
    pythons = minor_versions(inputs.resolve, inputs.interpreters)
    everywhere = lockstep.propose or lockstep.resolver is Resolver.UV
    expected = Expected(
        resolve=inputs.resolve,
        digest=inputs.digest,
        environment=environment_of(inputs),
        requirements=inputs.requirements,
        constraints=inputs.constraints,
        # Beside these a lock holds for where it was made, which need not be here.
        environments=tuple(map(str, declared(pythons, lockstep.platforms if everywhere else ()))),
        overrides=inputs.overrides,
        exclusions=inputs.exclusions,
    )
    return LockFaults(path, faults(locked.slicer.lock, stored.graph, expected))


class LockGoal(Goal):
    subsystem_cls = LockSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@goal_rule
async def lock(
    subsystem: LockSubsystem,
    verify: VerifySubsystem,
    console: Console,
    python_setup: PythonSetup,
    root: BuildRoot,
) -> LockGoal:
    here = subsystem.verify_here or verify.here
    try:
        resolves = chosen_resolves(subsystem.resolve, python_setup)
        upgraded = upgrade(subsystem.upgrade, subsystem.upgrade_package)
        if subsystem.check or here or subsystem.fetch:
            _refuse_resolving(subsystem, upgraded)
        if subsystem.check:
            checked = await MultiGet(Get(LockFaults, LockFaultsRequest(name)) for name in resolves)
            return _report(checked, console)
        if here:
            verified = await MultiGet(
                Get(VerifiedHere, VerifyHereRequest(name)) for name in resolves
            )
            for lock in verified:
                console.print_stdout(f"{lock.path} holds for {lock.environment}.")
            return LockGoal(exit_code=0)
        if subsystem.fetch:
            fetched = [await Get(Fetched, FetchRequest(name)) for name in resolves]
            return _told_fetched(fetched, console)
        if upgraded.wishes:
            locks = await MultiGet(
                Get(PinnedLock, PinnedLockRequest(python_setup.resolves[name])) for name in resolves
            )
            upgraded.check([(lock.path, lock.pins) for lock in locks])
        written = await MultiGet(
            Get(ResolvedLock, ResolveLockRequest(name, upgraded, subsystem.as_of))
            for name in resolves
        )
        if subsystem.diff:
            found = await MultiGet(Get(LockMoves, LockMovesRequest(lock)) for lock in written)
            console.write_stdout(_told(found, subsystem.format))
            return LockGoal(exit_code=0)
    except LockstepError as error:
        console.print_stderr(console.red(str(error)))
        return LockGoal(exit_code=1)
    return write_locks(written, Path(root.path), console)


def _refuse_resolving(subsystem: LockSubsystem, upgraded: Upgrade) -> None:
    what = "An upgrade" if upgraded != Upgrade() else "`--diff`" if subsystem.diff else ""
    what = what or ("`--as-of`" if subsystem.as_of else "")
    if what:
        raise LockstepError(
            f"{what} resolves, and `--check`, `--fetch` and `--verify-here` do not",
            mend="Leave one of them out",
        )


def _told(found: Iterable[LockMoves], how: DiffFormat) -> str:
    if how is DiffFormat.JSON:
        return as_json((lock.resolve, lock.path, lock.moves) for lock in found)
    as_told = as_markdown if how is DiffFormat.MARKDOWN else as_text
    return "\n".join(as_told(lock.path, lock.moves) for lock in found)


def chosen_resolves(requested: Iterable[str], python_setup: PythonSetup) -> tuple[str, ...]:
    """The resolves that a user names, or all of them.

    Raises:
        LockstepError: there is none of that name.
    """
    unknown = sorted(set(requested) - set(python_setup.resolves))
    if unknown:
        raise LockstepError(
            f"There is no resolve `{unknown[0]}`",
            mend=f"Name one of `[python].resolves`: {', '.join(sorted(python_setup.resolves))}",
        )
    return tuple(requested) or tuple(python_setup.resolves)


def _report(checked: Iterable[LockFaults], console: Console) -> LockGoal:
    lines = [line for lock_faults in checked for line in lock_faults.lines]
    for line in lines:
        console.print_stderr(console.red(line))
    if lines:
        console.print_stderr("Run `./pants lock` to mend the lock.")
        return LockGoal(exit_code=1)
    for lock_faults in checked:
        console.print_stdout(f"{lock_faults.path} fits its inputs.")
    return LockGoal(exit_code=0)


def _told_fetched(fetched: Iterable[Fetched], console: Console) -> LockGoal:
    gone = False
    for lock in fetched:
        files = pluralize(lock.files, "file")
        console.print_stdout(f"{lock.path}: {lock.folder} holds {files}, {lock.new} of them new.")
        for pin in lock.direct:
            console.print_stdout(f"  not stored, since it is no release: {pin}")
        for line in lock.lacking:
            console.print_stderr(f"  no file that the lock names was found of {line}")
        for pin in lock.gone:
            console.print_stderr(console.red(f"{lock.path}: nothing serves {pin} here."))
        gone = gone or bool(lock.gone)
    if gone:
        console.print_stderr(
            "Name the index that was locked from in pip's configuration, or let `./pants lock` choose"
            " what is there."
        )
    return LockGoal(exit_code=1 if gone else 0)


def write_locks(resolved: Iterable[ResolvedLock], root: Path, console: Console) -> LockGoal:
    """Write what differs, of each lock all or nothing, and tell of it."""
    for lock in resolved:
        changed = {
            root / path: text
            for path, text in lock.files.items()
            if not (root / path).exists() or (root / path).read_text() != text
        }
        try:
            write_texts(changed)
        except OSError as error:
            console.print_stderr(console.red(str(_cannot_write(lock.path, error))))
            return LockGoal(exit_code=1)
        done = "written" if changed else "as before"
        console.print_stdout(f"{lock.path} holds {lock.pins} pins, {done}.")
    return LockGoal(exit_code=0)


def _cannot_write(path: str, error: OSError) -> LockstepError:
    return LockstepError(
        f"{path} stands as it was, since it cannot be written ({error.strerror})",
        mend="Free some space, or let its folder be written to, then run this again",
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
