"""Looks at the files of Pants' daemon, and at its process."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Optional

from lockstep.doctor.checks.daemon import DaemonFacts
from lockstep.doctor.facts.context import Context

SECONDS = 5.0


def daemon_facts(context: Context) -> Iterator[DaemonFacts]:
    """Every daemon that left files for this checkout, of this machine or of another."""
    base = Path(context.environ.get("PANTS_SUBPROCESSDIR") or context.root / ".pids")
    for folder in sorted(base.glob("*/pantsd")):
        yield _of(folder)


def _of(folder: Path) -> DaemonFacts:
    here = folder.parent.name == _host()
    written = _text(folder / "pid")
    if not written.isdigit():
        return DaemonFacts(str(folder), here, None)
    pid = int(written)
    name, stopped = _process(pid)
    alive = is_alive(pid)
    port = _text(folder / "socket")
    expected = _text(folder / "process_name")
    is_daemon = alive and here and not stopped and name in (None, expected)
    setup = _setup_of(pid) if is_daemon else None
    return DaemonFacts(
        str(folder),
        here,
        pid,
        alive,
        name,
        expected,
        stopped,
        _answers(int(port)) if is_daemon and port.isdigit() else None,
        setup,
        setup is None or os.path.isdir(setup),
    )


def is_gone(folder: Path) -> bool:
    """Whether files of this machine's daemon name a process that is none."""
    facts = _of(folder)
    another = facts.name is not None and facts.name != facts.expected
    return facts.here and (facts.pid is None or not facts.alive or another)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it is another user's
    return True


def _host() -> str:
    """How Pants calls this machine: a daemon that another one started is none of its."""
    return hashlib.sha256("".join(os.uname()).encode()).hexdigest()[:12]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _process(pid: int) -> "tuple[Optional[str], bool]":
    """The name of a process, and whether it is held."""
    if sys.platform == "linux":
        name = _text(Path(f"/proc/{pid}/cmdline")).replace("\0", " ").strip()
        state = re.match(r"\d+ \(.*\) (\S)", _text(Path(f"/proc/{pid}/stat")), re.DOTALL)
        return name or None, bool(state and state[1] in "Tt")
    command = ["ps", "-o", "stat=,command=", "-p", str(pid)]
    try:
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=SECONDS).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None, False
    stat, _, name = said.strip().partition(" ")
    return name.strip() or None, stat.startswith("T")


def _setup_of(pid: int) -> Optional[str]:
    """The setup that a process runs from, by the library that it has loaded, on Linux only."""
    maps = _text(Path(f"/proc/{pid}/maps"))
    found = re.search(r"(/\S.*)/pants/lib/[^/]+/site-packages/.*/native_engine\.so", maps)
    return found[1] if found else None


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), SECONDS):
            return True
    except OSError:
        return False
