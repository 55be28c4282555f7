"""The settings of a service, read from environment variables."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingsError(ValueError):
    """A variable has a bad value; the message names the variable, the value and what is valid."""


@dataclass(frozen=True)
class Settings:
    """Where a service listens (port 0: any free one), keeps its data, and how much it logs."""

    host: str
    port: int
    database: Path
    log_level: str


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read HOST, PORT, DATABASE and LOG_LEVEL; only DATABASE has no default.

    Raises SettingsError for the first bad value.
    """
    return Settings(
        host=_host(environ.get("HOST", "127.0.0.1")),
        port=_port(environ.get("PORT", "8000")),
        database=_database(environ.get("DATABASE")),
        log_level=_log_level(environ.get("LOG_LEVEL", "INFO")),
    )


def settings_or_exit() -> Settings:
    """Read the settings of this process, or say what is wrong on stderr and exit with code 1."""
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        sys.exit(str(error))


def _host(value: str) -> str:
    if not re.fullmatch(r"[!-~]+", value):
        raise SettingsError(f"HOST is {value!r}, but must be a host name or an IP address.")
    return value


def _port(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > 65535:
        raise SettingsError(f"PORT is {value!r}, but must be a whole number from 0 to 65535.")
    return int(value)


def _database(value: str | None) -> Path:
    valid = "must be the path of a file in an existing directory."
    if value is None:
        raise SettingsError(f"DATABASE is not set, but {valid}")
    path = Path(value)
    if os.path.isdir(path) or not os.path.isdir(path.parent):
        raise SettingsError(f"DATABASE is {value!r}, but {valid}")
    return path


def _log_level(value: str) -> str:
    if value not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {value!r}, but must be one of {', '.join(LOG_LEVELS)}.")
    return value
