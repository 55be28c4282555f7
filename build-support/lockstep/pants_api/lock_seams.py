"""The seams that make `./pants generate-lockfiles` do what `./pants lock` does."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Sequence

from packaging.version import Version
from pants.backend.python.goals import lockfile
from pants.backend.python.goals.lockfile import GeneratePythonLockfile
from pants.backend.python.subsystems.setup import PythonSetup
from pants.base.build_environment import get_buildroot
from pants.core.goals import generate_lockfiles
from pants.core.goals.generate_lockfiles import (
    GenerateLockfileResult,
    GenerateLockfilesGoal,
    GenerateLockfilesSubsystem,
    LockfileDiff,
    LockfilePackages,
)
from pants.engine.fs import CreateDigest, Digest, FileContent, Workspace
from pants.engine.rules import Get

from lockstep.core import lock_codec
from lockstep.lock.resolve import ResolvedLock, ResolveLockRequest
from lockstep.pants_api.seam import Coroutine, replace


async def generate_lockfile(
    original: Coroutine,
    request: GeneratePythonLockfile,
    subsystem: GenerateLockfilesSubsystem,
    python_setup: PythonSetup,
) -> GenerateLockfileResult:
    """Resolve a lock of ours with pip-tools; locks of single tools stay with Pants."""
    if python_setup.resolves.get(request.resolve_name) != request.lockfile_dest:
        result: GenerateLockfileResult = await original(request, subsystem, python_setup)
        return result
    lock = await Get(ResolvedLock, ResolveLockRequest(request.resolve_name))
    return GenerateLockfileResult(
        await Get(
            Digest,
            CreateDigest(FileContent(path, text.encode()) for path, text in lock.files.items()),
        ),
        lock.resolve,
        lock.path,
        _diff(lock) if request.diff else None,
    )


def _diff(lock: ResolvedLock) -> LockfileDiff:
    return LockfileDiff.create(
        lock.path, lock.resolve, _packages(lock.before, lock.path), _packages(lock.text, lock.path)
    )


def _packages(text: str, path: str) -> LockfilePackages:
    pins = lock_codec.parse(text, path).pins if text else ()
    return LockfilePackages({pin.key: Version(pin.version) for pin in pins if pin.version})


class _AtomicWorkspace:
    """Writes like a `Workspace`, but aside first and then by renaming."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def write_digest(
        self, digest: Digest, *, path_prefix: str | None = None, clear_paths: Sequence[str] = ()
    ) -> None:
        assert path_prefix is None and not clear_paths, "locks are written at the build root"
        root = Path(get_buildroot())
        (root / ".pants.d").mkdir(exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix="locks-", dir=root / ".pants.d"))
        try:
            self._workspace.write_digest(digest, path_prefix=str(aside.relative_to(root)))
            for written in (path for path in aside.rglob("*") if path.is_file()):
                with written.open() as file:
                    os.fsync(file.fileno())
                os.replace(written, root / written.relative_to(aside))
        finally:
            shutil.rmtree(aside)


async def generate_lockfiles_goal(
    original: Coroutine, workspace: Workspace, *rest: Any
) -> GenerateLockfilesGoal:
    """Write each lock by renaming it into place: Pants writes into the old file, byte by byte."""
    goal: GenerateLockfilesGoal = await original(_AtomicWorkspace(workspace), *rest)
    return goal


def install() -> None:
    """Put the seams in place."""
    replace(lockfile.generate_lockfile, generate_lockfile)
    replace(generate_lockfiles.generate_lockfiles_goal, generate_lockfiles_goal)
