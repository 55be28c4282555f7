"""Look into archives: zip files and gzipped tar files."""

import re
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MAX_METADATA_SIZE = 16 * 1024 * 1024
"""In bytes. A small archive could otherwise unpack to more than there is memory."""

_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,  # not gzip, or a wrong checksum
    NotImplementedError,  # an unknown compression
    RuntimeError,  # encrypted
    ValueError,  # nonsensical sizes, names that are not UTF-8
)


class DistributionError(ValueError):
    """An archive is damaged or is no distribution; the message names the file and the fault."""

    def __init__(self, path: Path, fault: str) -> None:
        super().__init__(f"{path.name}: {fault}")


@dataclass(frozen=True)
class ArchivedFile:
    """A file inside an archive: its path there, and its unpacked size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Archive:
    """The regular files of an archive, sorted by path, and the bytes of its metadata file."""

    files: tuple[ArchivedFile, ...]
    metadata: bytes


def open_archive(path: Path) -> Archive:
    """Read a wheel (PEP 427) or a .tar.gz sdist (PEP 625).

    Raises DistributionError, or OSError if there is no such file to be opened.
    """
    with path.open("rb") as file:
        try:
            if path.name.endswith(".whl"):
                return _open_wheel(path, file)
            if path.name.endswith(".tar.gz"):
                return _open_sdist(path, file)
        except DistributionError:
            raise
        except _DAMAGED as error:
            raise DistributionError(path, f"damaged archive ({error})") from error
    raise DistributionError(path, "neither a wheel (.whl) nor an sdist (.tar.gz)")


def _open_wheel(path: Path, file: IO[bytes]) -> Archive:
    with zipfile.ZipFile(file) as archive:
        files = [
            ArchivedFile(info.filename, info.file_size)
            for info in archive.infolist()
            if not info.is_dir()
        ]
        metadata = _only(path, files, r"[^/]+\.dist-info/METADATA")
        return Archive(_sorted(files), archive.read(metadata.path))


def _open_sdist(path: Path, file: IO[bytes]) -> Archive:
    with tarfile.open(fileobj=file, mode="r:gz") as archive:
        files = [
            ArchivedFile(member.name, member.size)
            for member in archive.getmembers()
            if member.isreg()
        ]
        metadata = _only(path, files, r"[^/]+/PKG-INFO")
        extracted = archive.extractfile(metadata.path)
        assert extracted  # It is a regular file.
        return Archive(_sorted(files), extracted.read())


def _only(path: Path, files: list[ArchivedFile], pattern: str) -> ArchivedFile:
    """Return the metadata file: the only one with a path of this pattern."""
    found = [file for file in files if re.fullmatch(pattern, file.path)]
    if len(found) != 1:
        raise DistributionError(path, f"{len(found)} metadata files instead of one")
    if found[0].size > MAX_METADATA_SIZE:
        raise DistributionError(path, f"more than {MAX_METADATA_SIZE} bytes of metadata")
    return found[0]


def _sorted(files: list[ArchivedFile]) -> tuple[ArchivedFile, ...]:
    return tuple(sorted(files, key=lambda file: file.path))
