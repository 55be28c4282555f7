"""Looks into source distributions."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

_NAME = "pyproject.toml"


def pyproject_of(sdist: Path) -> str | None:
    """The pyproject.toml of a source distribution (PEP 517), None where it has none or is damaged."""
    try:
        if zipfile.is_zipfile(sdist):
            with zipfile.ZipFile(sdist) as archive:
                paths = archive.namelist()
                return next((archive.read(p).decode() for p in paths if _is_it(p)), None)
        with tarfile.open(sdist) as tar:
            for member in tar:
                file = tar.extractfile(member) if _is_it(member.name) else None
                if file is not None:
                    return file.read().decode()
    except (OSError, tarfile.TarError, zipfile.BadZipFile, UnicodeDecodeError):
        pass
    return None


def _is_it(path: str) -> bool:
    return path.count("/") == 1 and path.endswith(f"/{_NAME}")
