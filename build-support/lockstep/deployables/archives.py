"""Archives whose bytes follow from what they hold, and from nothing else.

Runs in a sandbox with nothing but the standard library (CPython 3.8 and newer).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import tarfile
from typing import IO, Iterable, Iterator, NamedTuple, Tuple

EPOCH = 315532800
"""1980-01-01, the oldest time that every archive format knows (seconds since 1970)."""

_BLOCK = 1 << 20
_LITTLE = 4 << 20
_BYTECODE = re.compile(r"(.*?)__pycache__/([^/.]+)\.[^/]*\.pyc")


class Member(NamedTuple):
    """A file of an archive.

    Attributes:
        path: relative, with `/`.
        content: its bytes.
        executable: whether it may be run.
    """

    path: str
    content: bytes
    executable: bool = False


def write_tar(target: IO[bytes], members: Iterable[Member]) -> None:
    """Write files and the folders they are in, sorted by path, bytecode right behind its source.

    There a compressor finds most of it in the source, so an archive of code gets smaller.
    """
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        folders = set()
        for member in sorted(members, key=_order):
            for folder in _parents(member.path):
                if folder not in folders:
                    folders.add(folder)
                    entry = _entry(folder, 0o755)
                    entry.type = tarfile.DIRTYPE
                    archive.addfile(entry)
            entry = _entry(member.path, 0o755 if member.executable else 0o644)
            entry.size = len(member.content)
            archive.addfile(entry, io.BytesIO(member.content))


def read_tar(path: str, prefix: str = "") -> Iterator[Member]:
    """The files of an archive that `write_tar` wrote.

    Args:
        path: the archive, compressed or not.
        prefix: put before their paths.
    """
    with tarfile.open(path) as archive:
        for entry in archive:
            if entry.isfile():
                content = archive.extractfile(entry)
                assert content is not None
                yield Member(prefix + entry.name, content.read(), bool(entry.mode & 0o100))


def read_folder(folder: str, prefix: str = "") -> Iterator[Member]:
    """The files below a folder."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                content = file.read()
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            yield Member(prefix + relative, content, os.access(path, os.X_OK))


def compress(source: IO[bytes], target: IO[bytes]) -> Tuple[str, str]:
    """Compress with gzip, and tell the SHA-256 of the source and of what was written, in hex."""
    digest = hashlib.sha256()
    # The best takes too long for a large slice, and is nothing for the code that every change ships.
    level = 9 if source.seek(0, os.SEEK_END) <= _LITTLE else 6
    source.seek(0)
    with gzip.GzipFile(
        filename="", mode="wb", compresslevel=level, fileobj=target, mtime=0
    ) as packed:
        for block in iter(lambda: source.read(_BLOCK), b""):
            digest.update(block)
            packed.write(block)
    target.seek(0)
    return digest.hexdigest(), sha256(target)


def sha256(file: IO[bytes]) -> str:
    """The digest of the rest of a file, in hex."""
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(_BLOCK), b""):
        digest.update(block)
    return digest.hexdigest()


def _order(member: Member) -> Tuple[str, bool]:
    match = _BYTECODE.fullmatch(member.path)
    return (f"{match[1]}{match[2]}.py", True) if match else (member.path, False)


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _entry(path: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.mode, entry.mtime = mode, EPOCH
    return entry
