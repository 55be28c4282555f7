"""Pants' daemon, which each call after the first talks to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Sequence

from lockstep.doctor.checks.finding import Finding, Fix, Repair, fault, ok, warning

ABOUT = "daemon"


@dataclass(frozen=True)
class DaemonFacts:
    """What the files of a daemon say, and what its process does.

    Attributes:
        folder: where the files are.
        here: whether they belong to this machine as it is now; Pants looks at no others.
        pid: what its pid file says, None where that is no number.
        alive: whether there is a process of that number.
        name: that process's name, None where the system does not tell.
        expected: the name that the daemon gave itself.
        stopped: whether the process is held (SIGSTOP), so that it never answers.
        answers: whether it accepts a connection, None where it was not tried.
        setup: the setup that it runs from, None where the system does not tell.
        setup_there: whether that setup is still there.
    """

    folder: str
    here: bool
    pid: int | None
    alive: bool = False
    name: str | None = None
    expected: str = ""
    stopped: bool = False
    answers: bool | None = None
    setup: str | None = None
    setup_there: bool = True


def check(daemons: Sequence[DaemonFacts]) -> Iterator[Finding]:
    """Whether a daemon runs, and answers."""
    if not daemons:
        yield ok(ABOUT, "No daemon of Pants runs for this checkout.")
    for daemon in daemons:
        yield _of(daemon)


def _of(daemon: DaemonFacts) -> Finding:
    fix = Fix(Repair.REMOVE_PID_FILES, daemon.folder)
    removes = "`./pants doctor --fix` removes them."
    another = daemon.alive and daemon.name is not None and daemon.name != daemon.expected
    if not daemon.here and (not daemon.alive or another):
        # Another machine may share this checkout, so nothing here tells whether it runs.
        return ok(
            ABOUT, f"The files in {daemon.folder} are of another machine's daemon, or host name."
        )
    if daemon.pid is None:
        return warning(ABOUT, f"The files in {daemon.folder} name no process.", removes, fix)
    if not daemon.alive or another:
        why = "is another program" if another else "is gone"
        return warning(
            ABOUT,
            f"The daemon's files in {daemon.folder} name process {daemon.pid}, which {why}.",
            removes,
            fix,
        )
    if daemon.stopped:
        return fault(
            ABOUT,
            f"The daemon, process {daemon.pid}, is held and answers nobody.",
            f"Let it go on with `kill -CONT {daemon.pid}`, or end it with `kill -9 {daemon.pid}`.",
        )
    if not daemon.here:
        return warning(
            ABOUT,
            f"A daemon, process {daemon.pid}, was started under another host name or kernel, so"
            " Pants does not find it.",
            f"End it with `kill {daemon.pid}`.",
        )
    if daemon.answers is False:
        return fault(
            ABOUT,
            f"The daemon, process {daemon.pid}, does not answer.",
            f"End it with `kill -9 {daemon.pid}`; the next call starts another.",
        )
    if not daemon.setup_there:
        return warning(
            ABOUT,
            f"The daemon, process {daemon.pid}, runs from {daemon.setup}, which is gone.",
            f"End it with `kill {daemon.pid}`; the next call starts another.",
        )
    return ok(ABOUT, f"The daemon, process {daemon.pid}, answers.")
