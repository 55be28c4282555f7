"""The file ORIGIN.toml of a vendored folder."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

ORIGIN = "ORIGIN.toml"


class VendoredError(Exception):
    """A sentence on what is wrong with a vendored folder, and its mend."""


@dataclass(frozen=True)
class Origin:
    """Where a vendored folder comes from.

    All paths are below the folder, and those of `files` are the same below the sdist's only
    folder. `files` tells the SHA-256 that each had before `patch`; `own` was written here.
    """

    distribution: str
    version: str
    sdist: str
    sha256: str
    license: str
    license_file: str
    why: str
    files: Mapping[str, str]
    own: tuple[str, ...] = ()
    patch: str | None = None

    @property
    def recorded(self) -> set[str]:
        """The paths of everything that belongs into the folder."""
        patch = () if self.patch is None else (self.patch,)
        return {ORIGIN, *self.files, *self.own, *patch}


def read_origin(folder: Path) -> Origin:
    """Read ORIGIN.toml of a folder. Raises VendoredError for its first fault."""
    place = folder / ORIGIN
    try:
        values = tomllib.loads(place.read_text("utf-8"))
    except FileNotFoundError as error:
        mend = "write it, as external/README.md tells, or remove the folder"
        raise VendoredError(f"{place} is missing; {mend}.") from error
    except (OSError, ValueError) as error:
        raise VendoredError(f"{place} cannot be read: {error}.") from error
    try:
        return _origin(values)
    except ValueError as error:
        raise VendoredError(f"{place}: {error}.") from error


def _origin(values: Mapping[str, Any]) -> Origin:
    known = [field.name for field in fields(Origin)]
    for key in values:
        if key not in known:
            raise ValueError(f"{key} is unknown; known are {', '.join(known)}")
    files, own = values.get("files"), values.get("own", [])
    if not isinstance(files, dict) or not files:
        raise ValueError("[files] must tell the SHA-256 of each vendored file")
    if not isinstance(own, list):
        raise ValueError("own must be a list of paths")
    origin = Origin(
        distribution=_text(values, "distribution"),
        version=_text(values, "version"),
        sdist=_path(_text(values, "sdist"), "sdist"),
        sha256=_sha256(values.get("sha256"), "sha256"),
        license=_license(_text(values, "license")),
        license_file=_text(values, "license_file"),
        why=_text(values, "why"),
        files={_path(path, "files"): _sha256(files[path], f"files.{path!r}") for path in files},
        own=tuple(_path(path, "own") for path in own),
        patch=_path(_text(values, "patch"), "patch") if "patch" in values else None,
    )
    if origin.license_file not in origin.recorded:
        raise ValueError(f"license_file {origin.license_file!r} must be listed in [files] or own")
    return origin


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} must be a text that is not empty")
    return value


def _path(value: object, key: str) -> str:
    if isinstance(value, str) and value == str(PurePosixPath(value)):
        if value != "." and not value.startswith("/") and ".." not in PurePosixPath(value).parts:
            return value
    raise ValueError(f"{key} holds {value!r}, but must hold paths below the folder such as a/b.py")


def _sha256(value: object, key: str) -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError(f"{key} must be a SHA-256 of 64 hexadecimal digits, in lower case")
    return value


def _license(value: str) -> str:
    try:
        return canonicalize_license_expression(value)
    except InvalidLicenseExpression as error:
        raise ValueError(f"license is {value!r}, but must be an SPDX expression") from error
