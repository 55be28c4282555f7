"""The settings of the index, read from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service_setup.settings import Settings, read_directory, read_optional_url, read_settings


@dataclass(frozen=True)
class IndexSettings:
    """How the service runs, the folder it serves, and the linehaul it reports downloads to."""

    service: Settings
    packages: Path
    linehaul_url: str | None


def read_index_settings(environ: Mapping[str, str]) -> IndexSettings:
    """Read PACKAGES, LINEHAUL_URL and the settings of every service; PACKAGES must be set.

    Raises SettingsError for the first bad value.
    """
    return IndexSettings(
        service=read_settings(environ),
        packages=read_directory(environ, "PACKAGES"),
        linehaul_url=read_optional_url(environ, "LINEHAUL_URL"),
    )
