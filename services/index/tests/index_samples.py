"""Distributions that the tests of the index make themselves."""

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

METADATA = """\
Metadata-Version: 2.1
Name: {}
Version: {}
Requires-Python: >=3.8

Keeps bread.
"""
UPLOADED = 1717199998.25
"""2024-05-31T23:59:58.250000Z."""


def metadata_of(project: str, version: str) -> bytes:
    return METADATA.format(project, version).encode()


def wheel(folder: Path, project: str, version: str) -> Path:
    path = folder / f"{project}-{version}-py3-none-any.whl"
    info = f"{project}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{project}.py", "")
        archive.writestr(f"{info}/METADATA", metadata_of(project, version))
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    os.utime(path, (UPLOADED, UPLOADED))
    return path


def sdist(folder: Path, project: str, version: str) -> Path:
    path = folder / f"{project}-{version}.tar.gz"
    files = {"PKG-INFO": metadata_of(project, version), f"{project}.py": b""}
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"{project}-{version}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    os.utime(path, (UPLOADED, UPLOADED))
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
