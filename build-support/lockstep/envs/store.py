"""The store of environments: each is built once, is never seen half-built, and is healed.

Below the folder of the store stand, for each environment:

    KEY/             the environment, read-only, its stamp in it
    KEY.lock         held, shared, by whoever uses it; when it was used last
    KEY.build        held by whoever builds it
    .KEY.*.aside     what is being built, or was when somebody was killed
"""

from __future__ import annotations

import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, Sequence

from lockstep.core.errors import LockstepError
from lockstep.envs import links, pruning, stamp
from lockstep.envs.build import Recipe, Tools, build, remove
from lockstep.envs.exchange import put_in_place
from lockstep.envs.flocks import hold
from lockstep.envs.installer import FULL, InstallError
from lockstep.envs.manifest import Fault

__all__ = ["Environment", "Recipe", "Store", "Tools", "store_folder"]

_TOLD_FAULTS = 3


@dataclass(frozen=True)
class Environment:
    """An environment that stands.

    Attributes:
        path: its folder, which never changes.
        python: its interpreter.
        lock: a descriptor that keeps it from being pruned while it is open. It is not inheritable:
            call `os.set_inheritable(lock, True)` before an `exec` that it has to outlast.
    """

    path: Path
    python: Path
    lock: int


class Store:
    """The environments of this machine and user.

    Args:
        folder: where they are, an absolute path; it is made where it is missing.
        tools: what they are made with.
    """

    def __init__(self, folder: Path, tools: Tools) -> None:
        self._folder = Path(os.path.realpath(folder))
        self._tools = tools

    def path(self, recipe: Recipe) -> Path:
        """Where the environment of a recipe stands, or would."""
        return self._folder / recipe.key

    def provide(
        self, recipe: Recipe, say: Callable[[str], None], like: Path | None = None
    ) -> Environment:
        """The environment of a recipe, built where it is missing and healed where it is damaged.

        Args:
            recipe: what it follows from.
            say: told what takes time, in sentences without a full stop.
            like: an environment that may have much in common with it, which makes building faster.

        Raises:
            LockstepError: it cannot be built.
        """
        path = self.path(recipe)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = hold(Path(f"{path}.lock"), shared=True, wait=True)
            assert lock is not None, "it was waited for"
            try:
                os.utime(lock)
                if not stamp.is_whole(path):
                    self._make(recipe, path, say, like)
            except BaseException:
                os.close(lock)
                raise
        except InstallError as error:
            if FULL in str(error):
                raise _full(self._folder) from None
            raise LockstepError(
                "The environment could not be installed",
                mend="See to what uv says below, then run this again",
                detail=str(error).strip(),
            ) from None
        except OSError as error:
            raise _cannot_write(self._folder, error) from None
        return Environment(path, path / "bin" / "python", lock)

    def faults(self, path: Path, *, deep: bool = False) -> Sequence[Fault]:
        """What is wrong with an environment; nothing where it is as it was built.

        Args:
            path: where it stands.
            deep: whether its files are read, too, and not only looked at.
        """
        if not deep and stamp.is_whole(path):
            return ()
        return stamp.faults(path, deep=deep)

    def register(self, link: Path) -> None:
        """Keep whatever environment a link leads to.

        Raises:
            OSError: the folder cannot be written.
        """
        links.register(self._folder, link)

    def prune(
        self,
        now: float,
        max_age: float = pruning.MAX_AGE,
        at_once: int = pruning.AT_ONCE,
    ) -> Sequence[Path]:
        """Delete environments that have not been used for long; never one that is in use.

        Args:
            now: the time, as `time.time` tells it.
            max_age: how long one is kept after its last use, in seconds.
            at_once: how many are deleted at most.

        Returns:
            What was deleted.
        """
        try:
            return pruning.prune(self._folder, links.led_to(self._folder), now, max_age, at_once)
        except OSError:
            return ()  # somebody else prunes, or the disk is read-only: there is no hurry

    def _make(
        self, recipe: Recipe, path: Path, say: Callable[[str], None], like: Path | None
    ) -> None:
        building = Path(f"{path}.build")
        lock = hold(building, shared=False, wait=False)
        if lock is None:
            say("Waiting for another process that builds the same environment")
            lock = hold(building, shared=False, wait=True)
            assert lock is not None, "it was waited for"
        try:
            # Another one may have made it meanwhile; a folder with a changed time only is fine.
            found = stamp.faults(path) if path.exists() else None
            if found == ():
                return
            if found:
                say(f"Mending {path}: {told(found)}")
                like = None  # it may share the file that is damaged
            else:
                say(f"Building {path}")
            self._build(recipe, path, like)
        finally:
            os.close(lock)

    def _build(self, recipe: Recipe, path: Path, like: Path | None) -> None:
        """Build aside and put into place; whoever calls holds the lock for building."""
        for left in self._folder.glob(f".{path.name}.*.aside*"):
            remove(left)  # of somebody who was killed
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".aside", dir=self._folder))
        try:
            build(recipe, aside, path, self._tools, like)
            put_in_place(aside, path)
        finally:
            for left in self._folder.glob(f"{aside.name}*"):
                remove(left)


def told(faults: Sequence[Fault]) -> str:
    """Faults as a part of a sentence."""
    said = ", ".join(fault.sentence for fault in faults[:_TOLD_FAULTS])
    more = len(faults) - _TOLD_FAULTS
    return said + (f", and {more} more" if more > 0 else "")


def store_folder(environ: Mapping[str, str]) -> Path:
    """Where environments are kept: below the cache of the launcher.

    Args:
        environ: `LOCKSTEP_CACHE`, `XDG_CACHE_HOME` and `HOME` of the caller.
    """
    return cache_folder(environ) / "environments"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The cache of the launcher.

    Args:
        environ: `LOCKSTEP_CACHE`, `XDG_CACHE_HOME` and `HOME` of the caller.
    """
    home = environ.get("HOME") or os.path.expanduser("~")
    base = environ.get("XDG_CACHE_HOME") or f"{home}/.cache"
    return Path(os.path.abspath(environ.get("LOCKSTEP_CACHE") or f"{base}/lockstep"))


def _cannot_write(folder: Path, error: OSError) -> LockstepError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(folder)
    return LockstepError(
        f"{folder} cannot be written to ({error.strerror}: {error.filename})",
        mend="Let it be written to, or set LOCKSTEP_CACHE to another folder",
    )


def _full(folder: Path) -> LockstepError:
    return LockstepError(
        f"The disk of {folder}, or that of Pants' caches, is full",
        mend="Free some space, or set LOCKSTEP_CACHE to a folder on a larger disk",
    )
