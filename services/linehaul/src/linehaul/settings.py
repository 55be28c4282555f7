"""The settings of linehaul, read from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service_setup.settings import PostgresUrl, Settings, read_database, read_settings


@dataclass(frozen=True)
class LinehaulSettings:
    """How the service runs, and where it keeps the counts: an SQLite file or PostgreSQL."""

    service: Settings
    database: Path | PostgresUrl


def read_linehaul_settings(environ: Mapping[str, str]) -> LinehaulSettings:
    """Read DATABASE and the settings of every service; DATABASE must be set.

    Raises SettingsError for the first bad value.
    """
    return LinehaulSettings(
        service=read_settings(environ), database=read_database(environ, "DATABASE")
    )
