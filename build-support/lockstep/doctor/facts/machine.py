"""Looks at git, the disks and the clock."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Iterator, Optional, Sequence, Tuple

from lockstep.doctor.checks.machine import ClockFacts, GitFacts, Place
from lockstep.doctor.facts.context import SETUP, SOURCES, Context

SECONDS = 10
"""How long a program may take to answer."""


def git_facts(context: Context) -> GitFacts:
    path = context.which("git")
    if path is None:
        return GitFacts(None)
    version = _git(context, path, "--version")[1]
    code, inside, problem = _git(context, path, "rev-parse", "--is-inside-work-tree")
    if code != 0 or inside != "true":
        return GitFacts(path, version, problem=problem)
    shallow = _git(context, path, "rev-parse", "--is-shallow-repository")[1] == "true"
    count = _git(context, path, "rev-list", "--count", "HEAD")[1]
    return GitFacts(path, version, True, "", shallow, int(count) if count.isdigit() else 0)


def head(context: Context, pretty: str) -> str:
    """What git tells of HEAD; empty where it cannot."""
    path = context.which("git")
    return "" if path is None else _git(context, path, "log", "-1", f"--format={pretty}")[1]


def _git(context: Context, path: str, *args: str) -> Tuple[int, str, str]:
    environ = {**context.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            [path, *args],
            cwd=context.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, "", str(error)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def places(context: Context) -> Iterator[Place]:
    """The folders that Lockstep and Pants write to."""
    environ = context.environ
    elsewhere = "set LOCKSTEP_CACHE to a folder elsewhere"
    yield from _place("Lockstep's setup", context.cache, elsewhere, holds_programs=True)
    pants = context.pants_cache
    for name, variable, folder, programs in (
        ("Pants' store", "PANTS_LOCAL_STORE_DIR", "lmdb_store", False),
        ("what PEX and uv cache", "PANTS_NAMED_CACHES_DIR", "named_caches", True),
    ):
        named = environ.get(variable)
        place = Path(named) if named else pants and pants / folder
        elsewhere = f"set {variable} to a folder elsewhere"
        yield from _place(name, place, elsewhere, holds_programs=programs)
    for name, variable, below in (
        ("what Pants remembers of the checkout", "PANTS_WORKDIR", ".pants.d"),
        ("the state of Pants' daemon", "PANTS_SUBPROCESSDIR", ".pids"),
    ):
        place = Path(environ.get(variable) or context.root / below)
        yield from _place(name, place, f"set {variable} to a folder elsewhere")
    temporary = Path(environ.get("TMPDIR") or tempfile.gettempdir())
    elsewhere = "set TMPDIR to a folder elsewhere"
    yield from _place("scratch space", temporary, elsewhere, holds_programs=True)


def _place(
    name: str, path: Optional[Path], elsewhere: str, holds_programs: bool = False
) -> Iterator[Place]:
    if path is None:
        return  # there is no home, and that is told
    existing = path
    while not existing.is_dir() and existing != existing.parent:
        if os.path.lexists(existing) and not existing.is_symlink():
            break  # a file where a folder belongs
        existing = existing.parent
    try:
        system = os.statvfs(existing)
        device = os.stat(existing).st_dev
    except OSError:
        yield Place(name, str(path), elsewhere, -1, 0, None, writable=False)
        return
    yield Place(
        name,
        str(path),
        elsewhere,
        device,
        system.f_bavail * system.f_frsize,
        system.f_favail if system.f_files else None,
        writable=existing.is_dir() and os.access(existing, os.W_OK | os.X_OK),
        executable=not system.f_flag & getattr(os, "ST_NOEXEC", 0),
        holds_programs=holds_programs,
    )


def clock_facts(context: Context, index: Sequence[Tuple[str, float]]) -> ClockFacts:
    """The times to compare with.

    Args:
        context: the checkout.
        index: hosts that told their time, each with how far this machine is ahead of it.
    """
    files = ["pants", "pants.toml", ".git/HEAD", ".git/index"]
    changed = []
    for name in (*files, *(f"{SETUP}/{source}" for source in SOURCES)):
        try:
            changed.append((os.stat(context.root / name).st_mtime, name))
        except OSError:
            pass
    newest = max(changed, default=None)
    committed = head(context, "%ct")
    return ClockFacts(
        time.time(),
        (newest[1], newest[0]) if newest else None,
        float(committed) if committed.isdigit() else None,
        tuple(index),
    )
