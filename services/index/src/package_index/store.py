"""The folder of distributions."""

import hashlib
import json
import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO

from packaging.utils import canonicalize_name
from packaging.version import Version

from distribution_metadata import DistributionError, read_distribution, read_metadata
from package_index.names import FileName, parse_file_name

log = logging.getLogger(__name__)


class UploadError(ValueError):
    """An upload is not what it says it is."""


class FileExists(Exception):
    """There is a file of this name already."""


@dataclass(frozen=True)
class File:
    """A distribution as the simple API shows it; `yanked` is the reason, perhaps an empty one.

    Sdists have no `metadata_sha256`: building them may change their metadata (PEP 658).
    """

    file: FileName
    size: int
    uploaded: datetime
    sha256: str
    metadata_sha256: str | None
    requires_python: str | None
    yanked: str | None


@dataclass(frozen=True)
class _Facts:
    """What takes reading a whole file to know."""

    sha256: str
    metadata_sha256: str | None
    requires_python: str | None


class Store:
    """The distributions in one folder. Any number of threads and processes may use it.

    Every method raises OSError if the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def projects(self) -> list[str]:
        """Return the normalised names of all projects, sorted."""
        return sorted({file.project for file in self._file_names()})

    def files(self, project: str) -> list[File]:
        """Return the files of a project (normalised name), ordered by version and name."""
        names = [file for file in self._file_names() if file.project == project]
        names.sort(key=lambda file: (file.version, file.name))
        return [found for name in names if (found := self._file(name))]

    def path(self, file: FileName) -> Path | None:
        """Return where a file lies, or None if there is none."""
        path = self._folder / file.name
        return path if path.is_file() else None

    def metadata(self, file: FileName) -> bytes | None:
        """Return the metadata of a wheel as it is, or None if there is no such wheel."""
        path = self.path(file)
        if not path or not file.is_wheel:
            return None
        try:
            return read_metadata(path)
        except DistributionError:
            return None

    def add(self, file: FileName, content: IO[bytes], sha256: str) -> None:
        """Store a new file, whole or not at all.

        Raises FileExists, or UploadError if the content does not match its hash or its name.
        """
        if self.path(file):
            raise FileExists
        with tempfile.TemporaryDirectory(prefix=".upload-", dir=self._folder) as folder:
            aside = Path(folder, file.name)
            with aside.open("wb") as copy:
                shutil.copyfileobj(content, copy)
                copy.flush()
                os.fsync(copy.fileno())
            _check(file, aside, sha256)
            try:
                # Unlike a rename, this never replaces a file that another upload just stored.
                os.link(aside, self._folder / file.name)
            except FileExistsError as error:
                raise FileExists from error

    def check(self) -> None:
        """See that the folder can be read and written."""
        with tempfile.TemporaryFile(dir=self._folder):
            os.listdir(self._folder)

    def _file_names(self) -> list[FileName]:
        names = []
        for name in os.listdir(self._folder):
            try:
                names.append(parse_file_name(name))
            except ValueError:
                continue
        return names

    def _file(self, file: FileName) -> File | None:
        path = self._folder / file.name
        status = path.stat()
        facts = _facts(path, status.st_mtime_ns, status.st_size)
        if facts is None:
            return None
        return File(
            file=file,
            size=status.st_size,
            uploaded=datetime.fromtimestamp(status.st_mtime, UTC),
            sha256=facts.sha256,
            metadata_sha256=facts.metadata_sha256,
            requires_python=facts.requires_python,
            yanked=_yanked(self._folder / f"{file.name}.yanked.json"),
        )


def _check(file: FileName, path: Path, sha256: str) -> None:
    if _sha256(path) != sha256.lower():
        raise UploadError(f"the SHA-256 of {file.name} is not {sha256!r}")
    try:
        found = read_distribution(path)
    except DistributionError as error:
        raise UploadError(str(error)) from error
    if (canonicalize_name(found.name), Version(found.version)) != (file.project, file.version):
        raise UploadError(f"{file.name} holds {found.name} {found.version}")


@lru_cache(maxsize=None)
def _facts(path: Path, modified: int, size: int) -> _Facts | None:
    """Read a file once for as long as it is not modified; None if it is no distribution."""
    try:
        requires_python = read_distribution(path).requires_python
        metadata = read_metadata(path) if path.name.endswith(".whl") else None
    except DistributionError as error:
        log.warning("left out", extra={"fields": {"file": path.name, "reason": str(error)}})
        return None
    metadata_sha256 = None if metadata is None else hashlib.sha256(metadata).hexdigest()
    return _Facts(_sha256(path), metadata_sha256, requires_python)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _yanked(path: Path) -> str | None:
    try:
        yank = json.loads(path.read_text())
        return str(yank.get("reason", ""))
    except FileNotFoundError:
        return None
    except (ValueError, AttributeError):
        log.warning("no yank file", extra={"fields": {"file": path.name}})
        return ""
