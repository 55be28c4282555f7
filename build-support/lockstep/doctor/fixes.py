"""What `--fix` does. Each repair looks again first, and touches nothing that a person made."""

from __future__ import annotations

import fcntl
import importlib
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Sequence

from lockstep.doctor.checks.finding import Finding, Fix, Repair
from lockstep.doctor.facts.context import Context
from lockstep.doctor.facts.daemon import is_gone
from lockstep.doctor.facts.store import store_facts
from lockstep.doctor.facts.venv import venv_facts

Say = Callable[[str], None]

_PID_FILES = ("pid", "socket", "process_name", "fingerprint")


def apply(context: Context, findings: Sequence[Finding], say: Say) -> None:
    """Do what the findings propose, one after another.

    Args:
        context: the checkout.
        findings: of which some have fixes.
        say: is told of each repair, and of each that could not be made.
    """
    repairs: Dict[Repair, Callable[[Context, Path], str]] = {
        Repair.REMOVE_LINK: _remove_link,
        Repair.REMOVE_PID_FILES: _remove_pid_files,
        Repair.REMOVE_LEFTOVER: _remove_leftover,
        Repair.REMOVE_LEFTOVER_OF_STORE: _remove_leftover_of_store,
        Repair.REMOVE_ENTRY: _remove_entry,
        Repair.SET_UP: _set_up,
    }
    for fix in dict.fromkeys(fix for finding in findings for fix in finding.fixes):
        try:
            say(repairs[fix.repair](context, Path(fix.path)))
        except OSError as error:
            say(f"Could not mend {context.shown(fix.path)}: {error.strerror or error}.")


def _remove_link(context: Context, path: Path) -> str:
    """Remove `.venv` where it leads to an environment that is gone."""
    link = context.root / path
    facts = venv_facts(context)
    if facts.kind != "link" or facts.there or not facts.in_store:
        return f"Left {path}: it is another one by now."
    link.unlink()
    return f"Removed the link {path}; `./pants export` makes a new one."


def _remove_pid_files(context: Context, folder: Path) -> str:
    """Remove a daemon's files, as long as nobody starts one."""
    shown = context.shown(folder)
    # Pants takes this lock, of this kind, while it starts a daemon.
    with _held(folder.parent.parent / f".lock.{folder.name}", fcntl.lockf) as free:
        if not free or not is_gone(folder):
            return f"Left the files in {shown}: a daemon is being started, or runs by now."
        for name in _PID_FILES:
            try:
                (folder / name).unlink()
            except FileNotFoundError:
                pass
    return f"Removed the files of a daemon that is gone, in {shown}."


def _remove_leftover(context: Context, leftover: Path) -> str:
    """Remove what a killed setup left, unless somebody works on one of that name."""
    shown = context.shown(leftover)
    with _held(leftover.parent / f".{leftover.name.split('.')[1]}.lock", fcntl.flock) as free:
        if not free:
            return f"Left {shown}: somebody works on it by now."
        shutil.rmtree(leftover)
    return f"Removed {shown}, which a killed setup left."


def _remove_leftover_of_store(context: Context, leftover: Path) -> str:
    """Remove what a killed build left, unless somebody builds that environment."""
    shown = context.shown(leftover)
    _pruning().delete_leftover(leftover, leftover.with_name(f"{leftover.name.split('.')[1]}.build"))
    if os.path.lexists(leftover):
        return f"Left {shown}: somebody works on it by now."
    return f"Removed {shown}, which a killed build left."


def _remove_entry(context: Context, entry: Path) -> str:
    """Remove a damaged environment, unless somebody uses it."""
    shown = context.shown(entry)
    if not any(found.path == str(entry) and found.wrong for found in store_facts(context).entries):
        return f"Left {shown}: it is whole by now."
    if not _pruning().delete(entry):
        return f"Left {shown}: somebody uses it. The next call that needs it makes it anew."
    return f"Removed {shown}; whoever needs it makes it anew."


def _pruning() -> Any:
    """What the store deletes by. It is there if what is to be deleted was found."""
    return importlib.import_module("lockstep.envs.pruning")


def _set_up(context: Context, folder: Path) -> str:
    """Let the launcher set Pants up anew, in the place of what is damaged.

    It does so where `env.sh` is missing, and puts the new setup in place when all of it is there.
    """
    shown = context.shown(folder)
    env_sh, aside = folder / "env.sh", folder / "env.sh.damaged"
    if os.path.lexists(env_sh):
        os.replace(env_sh, aside)
    command = ["sh", str(context.root / "pants"), "--bootstrap-exec", "true"]
    done = subprocess.run(command, cwd=context.root, env=dict(context.environ))
    if done.returncode == 0:
        return f"Set up Pants anew in {shown}."
    if os.path.lexists(aside) and not os.path.lexists(env_sh):
        os.replace(aside, env_sh)
    return f"Could not set up Pants anew in {shown}; the reason stands above."


@contextmanager
def _held(path: Path, take: Callable[[int, int], None]) -> Iterator[bool]:
    """Hold a lock if nobody else does; tells whether that is so."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            take(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(descriptor)
