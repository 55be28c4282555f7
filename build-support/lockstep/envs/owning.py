"""Makes an environment that uv installed fit to be kept: read-only, and known file by file.

uv links files into its own cache, and an environment shares them with the cache and with others. So
everything is held against the hashes that its wheel states (RECORD), and damage in the cache is noticed.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import shutil
import stat
from typing import Iterable, Mapping, NamedTuple

from lockstep.envs.manifest import BYTECODE, sha256, walk

_INFO = re.compile(r"([^/]+)-[^-/]+\.dist-info")


class Stated(NamedTuple):
    """What RECORD says of a file: whose it is, and its digest."""

    project: str
    algorithm: str
    digest: str


class Owned(NamedTuple):
    """The files of an environment.

    Attributes:
        digests: SHA-256 in hexadecimal, by path relative to the environment.
        damaged: the projects that files belong to which are missing, or not what RECORD says.
    """

    digests: Mapping[str, str]
    damaged: frozenset[str]


def own(root: str, since: int) -> Owned:
    """Make all files read-only, and hold them against RECORD: uv says nothing of what its cache lacks.

    What was unpacked just now comes from wheels whose hashes uv looked at, so it is not read again.

    Args:
        root: the environment, an absolute path.
        since: when uv began, in nanoseconds as the file system tells them.

    Raises:
        OSError: a file cannot be read.
    """
    for folder, folders, _ in os.walk(root):
        if BYTECODE in folders:  # a wheel may hold some, and Python writes it anew
            shutil.rmtree(f"{folder}/{BYTECODE}")
            folders.remove(BYTECODE)
    files = [path for path, is_folder in walk(root) if not is_folder]
    stated = _stated(root, files)
    digests: dict[str, str] = {}
    missing = stated.keys() - files
    damaged = {stated[path].project for path in missing if f"/{BYTECODE}/" not in path}
    for path in files:
        full = f"{root}/{path}"
        look = os.lstat(full)
        if stat.S_ISLNK(look.st_mode):
            continue
        os.chmod(full, 0o555 if look.st_mode & 0o111 else 0o444)
        says = stated.get(path)
        is_new = look.st_nlink > 1 and look.st_mtime_ns >= since  # a copy is as new as itself
        if says is not None and says.algorithm == "sha256" and is_new:
            digests[path] = _decoded(says.digest).hex()
            continue
        digests[path] = sha256(full)
        if says is not None and not _fits(full, digests[path], says):
            damaged.add(says.project)
    return Owned(digests, frozenset(damaged))


def seal(root: str) -> None:
    """Make all folders read-only, once the files are there.

    Python can keep bytecode: each folder with modules gets a `__pycache__` that can be written to.

    Args:
        root: the environment, an absolute path.

    Raises:
        OSError: the disk is full.
    """
    paths = list(walk(root))
    with_modules = {os.path.dirname(path) for path, _ in paths if path.endswith(".py")} - {"bin"}
    for path in ("", *(path for path, is_folder in paths if is_folder)):
        if path in with_modules:
            os.mkdir(f"{root}/{path}/{BYTECODE}")
        os.chmod(f"{root}/{path}", 0o555)


def _fits(path: str, digest: str, stated: Stated) -> bool:
    found = bytes.fromhex(digest)
    if stated.algorithm != "sha256":
        with open(path, "rb") as file:
            found = hashlib.new(stated.algorithm, file.read()).digest()
    return found == _decoded(stated.digest)


def _decoded(digest: str) -> bytes:
    """A digest as RECORD has it: in base64 for URLs, without padding."""
    try:
        return base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4))
    except ValueError:
        return b""


def _stated(root: str, files: Iterable[str]) -> Mapping[str, Stated]:
    """What the RECORDs of all projects state, by path relative to the environment."""
    stated = {}
    for path in files:
        if not path.endswith(".dist-info/RECORD"):
            continue
        info = os.path.dirname(path)
        site = os.path.dirname(info)
        match = _INFO.fullmatch(os.path.basename(info))
        project = match[1] if match else os.path.basename(info)
        with open(f"{root}/{path}", newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                if len(row) > 1 and "=" in row[1]:
                    algorithm, _, digest = row[1].partition("=")
                    of = os.path.normpath(f"{site}/{row[0]}")
                    stated[of] = Stated(project, algorithm, digest)
    return stated
