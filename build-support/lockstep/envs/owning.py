"""Turns an environment that uv made of links into its own cache into one of files of its own.

uv links fastest by symlinks, and copies slowly. More than that, no file is to be shared: what is
changed or truncated in one environment, or in uv's cache, must not reach another one. What is copied
is held against the hashes that its wheel states (RECORD), so that damage in the cache is noticed.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import Iterable, Mapping, NamedTuple, Sequence

from lockstep.envs.manifest import BYTECODE, walk

_JOBS = 4
_CHUNK = 200
_INFO = re.compile(r"([^/]+)-[^-/]+\.dist-info")


class Stated(NamedTuple):
    """What RECORD says of a file: whose it is, and its digest."""

    project: str
    algorithm: str
    digest: str


class Owned(NamedTuple):
    """The files of an environment.

    Attributes:
        digests: SHA-256 in hexadecimal, by path relative to the environment; of what was copied.
        damaged: the projects that files belong to which are not what RECORD says.
    """

    digests: Mapping[str, str]
    damaged: frozenset[str]


def own(root: str) -> Owned:
    """Replace links into the cache by read-only copies, and make every other file read-only too.

    Args:
        root: the environment, an absolute path.

    Raises:
        OSError: the disk is full, or the cache was emptied meanwhile.
    """
    for folder, folders, _ in os.walk(root):
        if BYTECODE in folders:  # a wheel may hold some, and Python writes it anew
            shutil.rmtree(f"{folder}/{BYTECODE}")
            folders.remove(BYTECODE)
    files = [path for path, is_folder in walk(root) if not is_folder]
    stated = _stated(root, files)
    links, others = [], []
    for path in files:
        full = f"{root}/{path}"
        if not os.path.islink(full):
            others.append(full)
        elif os.path.isabs(target := os.readlink(full)) and not path.startswith("bin/python"):
            links.append((path, target))
    with ThreadPoolExecutor(_JOBS) as pool:
        parts = [links[start : start + _CHUNK] for start in range(0, len(links), _CHUNK)]
        done = pool.map(lambda part: _copied(root, part, stated), parts)
        copied = [one for part in done for one in part]
    for path in others:
        os.chmod(path, 0o555 if os.access(path, os.X_OK) else 0o444)
    return Owned(
        {path: digest for path, digest, _ in copied},
        frozenset(stated[path].project for path, _, fits in copied if not fits),
    )


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


def _copied(
    root: str, links: Iterable[tuple[str, str]], stated: Mapping[str, Stated]
) -> Sequence[tuple[str, str, bool]]:
    """Copy what links lead to; path, digest, and whether it is what RECORD says, of each."""
    done = []
    for path, target in links:
        content, mode = _read(target)
        full = f"{root}/{path}"
        os.unlink(full)
        handle = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
        finally:
            os.close(handle)
        digest = hashlib.sha256(content)
        says = stated.get(path)
        done.append((path, digest.hexdigest(), says is None or _fits(says, digest, content)))
    return done


def _read(path: str) -> tuple[bytes, int]:
    with open(path, "rb", buffering=0) as file:
        mode = os.fstat(file.fileno()).st_mode
        return file.readall(), 0o555 if mode & 0o111 else 0o444


def _fits(stated: Stated, digest: "hashlib._Hash", content: bytes) -> bool:
    if stated.algorithm != "sha256":
        digest = hashlib.new(stated.algorithm, content)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode() == stated.digest


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
