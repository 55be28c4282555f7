"""The settings of the index, read from environment variables."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service_setup.settings import Settings, SettingsError, read_settings


@dataclass(frozen=True)
class IndexSettings:
    """How the service runs, the folder it serves, and the linehaul it reports downloads to."""

    service: Settings
    packages: Path
    linehaul_url: str | None


def read_index_settings(environ: Mapping[str, str]) -> IndexSettings:
    """Read PACKAGES, LINEHAUL_URL and the settings of every service but DATABASE.

    Only PACKAGES has no default. Raises SettingsError for the first bad value.
    """
    return IndexSettings(
        service=read_settings({**environ, "DATABASE": os.devnull}),  # The index has none.
        packages=_packages(environ.get("PACKAGES")),
        linehaul_url=_linehaul_url(environ.get("LINEHAUL_URL")),
    )


def settings_or_exit() -> IndexSettings:
    """Read the settings of this process, or say what is wrong on stderr and exit with code 1."""
    try:
        return read_index_settings(os.environ)
    except SettingsError as error:
        sys.exit(str(error))


def _packages(value: str | None) -> Path:
    valid = "must be the path of an existing directory."
    if value is None:
        raise SettingsError(f"PACKAGES is not set, but {valid}")
    if not os.path.isdir(value):
        raise SettingsError(f"PACKAGES is {value!r}, but {valid}")
    return Path(value).absolute()


def _linehaul_url(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"https?://[!-~]+", value):
        raise SettingsError(f"LINEHAUL_URL is {value!r}, but must be an HTTP URL.")
    return value
