"""`./pants audit`: tells which pins an advisory affects, and whom that concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timezone
from enum import Enum
from typing import Iterable, Sequence

from pants.backend.python.subsystems.setup import PythonSetup
from pants.engine.console import Console
from pants.engine.goal import Goal, GoalSubsystem, Outputting
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule, rule
from pants.option.option_types import DictOption, EnumOption, StrListOption
from pants.util.strutil import softwrap

from lockstep.advisories.database import Advisories, AdvisoriesRequest
from lockstep.core.advisories import matching, releases
from lockstep.core.audit import (
    Audited,
    Exemption,
    as_json,
    as_sarif,
    as_text,
    exempted,
    read_exemptions,
    unneeded,
)
from lockstep.core.errors import LockstepError
from lockstep.core.lock_diff import requirers
from lockstep.lock.goal import chosen_resolves
from lockstep.lock.holders import Holders, HoldersRequest
from lockstep.slices.locks import LockRequest, ManagedLock
from lockstep.subsystem import Lockstep


class AuditFormat(Enum):
    """Who reads the findings."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class AuditSubsystem(Outputting, GoalSubsystem):
    name = "audit"
    help = softwrap("""
        Tell which pins of the locks an advisory affects: its identifiers and severity, the release
        that is fixed, and the targets whose environment holds the pin. Asks no network, but the
        database that `[lockstep].advisories` names. The exit code is 1 where something is found
        that no exception accepts.
        """)

    format = EnumOption(
        default=AuditFormat.TEXT,
        help=softwrap("""
            `text`: lines for people. `json`: a document with all addresses. `sarif`: a log for
            services that show findings beside code; what an exception accepts is suppressed there.
            """),
    )
    exceptions = DictOption["dict[str, str]"](
        help=softwrap("""
            Advisories that are accepted for a while, by any of their identifiers, each with a
            reason and the day on which it counts again:
            `{"PYSEC-2024-60": {"reason": "no untrusted input", "expires": "2026-12-31"}}`.
            """),
    )
    resolve = StrListOption(
        help=softwrap("""
            The resolves whose locks to audit, names of `[python].resolves`. All of them by default.
            """),
    )


class AuditGoal(Goal):
    subsystem_cls = AuditSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@dataclass(frozen=True)
class AuditRequest:
    """Find the advisories that affect the lock of a resolve.

    Attributes:
        resolve: a name of `[python].resolves`.
        path: its lock, relative to the build root.
        exemptions: what is accepted.
    """

    resolve: str
    path: str
    exemptions: tuple[Exemption, ...]


@dataclass(frozen=True)
class AuditedLock:
    """What was found in a lock, and the releases that the index of the advisories does not know."""

    path: str
    found: tuple[Audited, ...]
    unknown: tuple[str, ...]


@rule(desc="Audit the lock")
async def audit_lock(request: AuditRequest, lockstep: Lockstep) -> AuditedLock:
    locked = await Get(ManagedLock, LockRequest(request.path))
    if locked.slicer is None:
        raise LockstepError(
            f"{request.path} is in PEX's format, so Pants wrote it", mend="Run `./pants lock`"
        )
    if not lockstep.advisories:
        raise LockstepError(
            "No advisories are at hand, so nothing could be found",
            mend="Set `[lockstep].advisories` to a folder or zip archive of records in OSV format,"
            " such as a checkout of an advisory database",
        )
    lock = locked.slicer.lock
    advisories = await Get(Advisories, AdvisoriesRequest(lockstep.advisories, releases(lock.pins)))
    findings = matching(advisories.found, lock.pins)
    projects = tuple(dict.fromkeys(finding.pin.key for finding in findings))
    holders = await Get(Holders, HoldersRequest(request.resolve, (locked.slicer,), projects))
    required_by = requirers(lock)
    found = (
        Audited(
            finding,
            required_by[finding.pin.key],
            holders.targets[finding.pin.key],
            exempted(request.exemptions, finding),
        )
        for finding in findings
    )
    return AuditedLock(request.path, tuple(found), advisories.unknown)


@goal_rule
async def audit(
    subsystem: AuditSubsystem, console: Console, python_setup: PythonSetup
) -> AuditGoal:
    today = datetime.now(timezone.utc).date()
    try:
        exemptions = read_exemptions(subsystem.exceptions)
        audited = await MultiGet(
            Get(AuditedLock, AuditRequest(name, python_setup.resolves[name], exemptions))
            for name in chosen_resolves(subsystem.resolve, python_setup)
        )
    except LockstepError as error:
        console.print_stderr(console.red(str(error)))
        return AuditGoal(exit_code=1)
    with subsystem.output(console) as write:
        write(_told(audited, subsystem.format, today))
    found = [one for lock in audited for one in lock.found]
    for advisory in () if subsystem.resolve else unneeded(exemptions, found):
        console.print_stderr(
            f"The exception for `{advisory}` in `[audit].exceptions` is no longer needed."
        )
    for lock in audited:
        for release in lock.unknown:
            console.print_stderr(
                f"{lock.path}: the index of the advisories does not know {release}."
            )
    return AuditGoal(exit_code=int(any(one.is_open(today) for one in found)))


def _told(audited: Sequence[AuditedLock], how: AuditFormat, today: date) -> str:
    if how is AuditFormat.TEXT:
        return "".join(as_text(lock.path, lock.found, today) for lock in audited)
    as_told = as_json if how is AuditFormat.JSON else as_sarif
    return as_told([(lock.path, lock.found) for lock in audited], today)


def rules() -> Iterable[Rule]:
    return collect_rules()
