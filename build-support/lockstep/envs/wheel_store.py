"""The store of the files that locks name, by their content.

    files/SHA256/NAME    a wheel or source distribution, checked against its hash
    packages/NAME        a link to it: a folder that pip, uv and a package index take
    fetched/KEY.json     what a pin needs, so that it need not be asked for again

The sandboxes of all checkouts of a user read it, see `installer.py`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable, Iterator, Mapping

from lockstep.core.artifacts import Artifact, Wanted
from lockstep.core.errors import LockstepError
from lockstep.core.universal import Declared
from lockstep.envs.atomic import write_text
from lockstep.envs.installer import WHEELS
from lockstep.envs.store import cache_folder

_BLOCK = 1 << 20
_LEFT_SECONDS = 24 * 60 * 60
"""After this time a file that was begun aside is nobody's any more."""


def wheel_store_folder(environ: Mapping[str, str]) -> Path:
    """Where the store of a user is.

    Args:
        environ: `LOCKSTEP_WHEELS`, or what `store.cache_folder` reads.
    """
    named = environ.get(WHEELS)
    return Path(os.path.abspath(named)) if named else cache_folder(environ) / "wheels"


@dataclass(frozen=True)
class WheelStore:
    """The store in a folder, which need not be there yet. Any number of processes may use it."""

    folder: Path

    def holds(self, artifact: Artifact) -> bool:
        """Whether a file is there and is what its hash says; a damaged one is removed."""
        path = self.path(artifact)
        try:
            with path.open("rb") as file:
                intact = _digest(file) == artifact.sha256
        except OSError:
            return False
        if not intact:
            path.unlink(missing_ok=True)
        return intact

    def add(self, artifact: Artifact, fetch: Callable[[IO[bytes]], None]) -> None:
        """Put a file into the store, whole and checked, or not at all.

        Args:
            artifact: the file.
            fetch: writes it; called once.

        Raises:
            LockstepError: it is another one than its hash says, or cannot be written.
        """
        with self._writing():
            place = self.path(artifact)
            place.parent.mkdir(parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(prefix=".aside-", dir=self.folder)
            try:
                with os.fdopen(handle, "w+b") as file:
                    fetch(file)
                    file.flush()
                    os.fsync(file.fileno())
                    file.seek(0)
                    if _digest(file) != artifact.sha256:
                        raise _altered(artifact)
                os.chmod(aside, 0o644)
                os.replace(aside, place)
            except BaseException:
                os.unlink(aside)
                raise
        self.link(artifact)

    def link(self, artifact: Artifact) -> None:
        """Let a file be found by its name, in the place of another one of this name.

        Raises:
            LockstepError: the folder cannot be written.
        """
        link = self.folder / "packages" / artifact.name
        leads_to = os.path.relpath(self.path(artifact), link.parent)
        with self._writing():
            if os.path.islink(link) and os.readlink(link) == leads_to:
                return
            link.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".aside-", dir=self.folder) as aside:
                os.symlink(leads_to, f"{aside}/link")
                os.replace(f"{aside}/link", link)

    def remember(self, key: str, found: Wanted) -> None:
        """Write down what a pin needs, but not where it was: a URL may hold a token.

        Args:
            key: what that follows from.
            found: all of it, and what for it is not enough.

        Raises:
            LockstepError: the folder cannot be written.
        """
        files = tuple(dataclasses.replace(artifact, url="") for artifact in found.artifacts)
        placeless = dataclasses.replace(found, artifacts=files)
        with self._writing():
            write_text(self._memo(key), json.dumps(dataclasses.asdict(placeless)))

    def remembered(self, key: str) -> Wanted | None:
        """What a pin needs, without the URLs; None if nobody knows yet."""
        try:
            told = json.loads(self._memo(key).read_text())
            return Wanted(
                tuple(Artifact(**artifact) for artifact in told["artifacts"]),
                tuple(Declared(**environment) for environment in told["lacking"]),
            )
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def sweep(self) -> None:
        """Remove what killed processes left."""
        for path in self.folder.glob(".aside-*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _LEFT_SECONDS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def path(self, artifact: Artifact) -> Path:
        """Where a file is, or would be."""
        return self.folder / "files" / artifact.sha256 / artifact.name

    def _memo(self, key: str) -> Path:
        return self.folder / "fetched" / f"{key}.json"

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                fault, mend = "is on a disk that is full", "Free some space"
            else:
                fault, mend = f"cannot be written to ({error.strerror})", "Let it be written to"
            raise LockstepError(
                f"The wheel store {self.folder} {fault}",
                mend=f"{mend}, or set {WHEELS} to another folder",
            ) from None


def _altered(artifact: Artifact) -> LockstepError:
    return LockstepError(
        f"{artifact.name} is not the file that the lock names: its hash is another",
        mend="See whether the index serves altered files; if the lock is wrong, run `./pants lock`",
    )


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(_BLOCK), b""):
        digest.update(block)
    return digest.hexdigest()
