"""Where deployables are uploaded to: a folder, an HTTP store, an OCI registry.

A version is uploaded whole and once. What is there already stays; if it is another, that is an error.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import requests

from lockstep.core.deployables import PROVENANCE
from lockstep.core.errors import LockstepError, redacted
from lockstep.deployables.signatures import SIGNATURE

_SECONDS = 60


@dataclass(frozen=True)
class Release:
    """A version of a service.

    Attributes:
        name: of the service.
        version: of the deployable.
        files: all of them, the signature last, since it makes the release complete.
    """

    name: str
    version: str
    files: tuple[Path, ...]

    @property
    def provenance(self) -> Path:
        """The file that tells of all others."""
        return next(path for path in self.files if path.name.endswith(PROVENANCE))


class Store(Protocol):
    """Takes releases."""

    def upload(self, release: Release) -> bool:
        """Upload a release; False where it was there already.

        Raises:
            LockstepError: the store cannot be reached or written, or holds another release of this
                name and version.
        """


def another(where: str) -> LockstepError:
    """The error where a version is there, and is not the one to be uploaded."""
    return LockstepError(
        f"{redacted(where)} is published already, and is another",
        mend="Nothing was overwritten. See whether somebody built it otherwise, with another plugin"
        " or another interpreter, and commit what differs",
    )


@dataclass(frozen=True)
class Folder:
    """A folder of this machine, with `NAME/VERSION/FILE`."""

    folder: Path

    def upload(self, release: Release) -> bool:
        place = self.folder / release.name / release.version
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=place.parent))
            try:
                for path in release.files:
                    shutil.copy(path, aside / path.name)
                os.chmod(aside, 0o755)
                try:
                    os.rename(aside, place)
                    return True
                except OSError:
                    if not place.exists():  # else this version is there
                        raise
            finally:
                shutil.rmtree(aside, ignore_errors=True)
            for path in release.files:
                published = place / path.name
                if path.name.endswith(SIGNATURE):
                    continue  # some kinds of keys sign anew each time
                if not published.exists() or published.read_bytes() != path.read_bytes():
                    raise another(str(place))
            return False
        except OSError as error:
            raise LockstepError(
                f"{place} cannot be written ({error.strerror})",
                mend="See to the folder, or name another one in `[deploy].stores`",
            ) from None


@dataclass(frozen=True)
class HttpStore:
    """A server that takes PUT, with `NAME/VERSION/FILE` below its URL."""

    url: str

    def upload(self, release: Release) -> bool:
        with requests.Session() as session:
            provenance = release.provenance
            try:
                there = session.get(self._place(release, provenance), timeout=_SECONDS)
                signature = release.files[-1]
                if there.status_code == 200:
                    if there.content != provenance.read_bytes():
                        raise another(self._place(release, provenance))
                    last = session.head(self._place(release, signature), timeout=_SECONDS)
                    if last.status_code == 200:
                        return False  # else somebody was stopped on the way
                for path in release.files:
                    with path.open("rb") as file:
                        answer = session.put(
                            self._place(release, path), data=file, timeout=_SECONDS
                        )
                    answer.raise_for_status()
            except requests.RequestException as error:
                raise _failed(self.url, error) from None
        return True

    def _place(self, release: Release, path: Path) -> str:
        parts = (release.name, release.version, path.name)
        return "/".join((self.url.rstrip("/"), *map(quote, parts)))


def _failed(url: str, error: Exception) -> LockstepError:
    return LockstepError(
        f"{redacted(url)} does not take the deployable",
        mend="See to what is told below, then publish again: what is missing will be uploaded",
        detail=redacted(str(error)),
    )
