"""The settings of a service, read from environment variables.

Here are what every service has, and readers of single variables for what only some have.
Each reader raises SettingsError for a bad value.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

S = TypeVar("S")


class SettingsError(ValueError):
    """A variable has a bad value; the message names the variable, the value and what is valid.

    What may be a password is left out of the message.
    """


@dataclass(frozen=True)
class Settings:
    """Where a service listens (port 0: any free one), and how much it logs."""

    host: str
    port: int
    log_level: str


@dataclass(frozen=True)
class PostgresUrl:
    """A postgresql:// URL. It may hold a password, so its repr does not show it."""

    value: str = field(repr=False)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read HOST, PORT and LOG_LEVEL, which all have defaults."""
    return Settings(
        host=_host(environ.get("HOST", "127.0.0.1")),
        port=_port(environ.get("PORT", "8000")),
        log_level=_log_level(environ.get("LOG_LEVEL", "INFO")),
    )


def read_url(environ: Mapping[str, str], name: str) -> str:
    """Read an HTTP URL."""
    valid = "must be an HTTP URL."
    value = _given(environ, name, valid)
    if not re.fullmatch(r"https?://[!-~]+", value):
        shown = re.sub(r".*@", "…@", value, flags=re.DOTALL)
        raise SettingsError(f"{name} is {shown!r}, but {valid}")
    return value


def read_optional_url(environ: Mapping[str, str], name: str) -> str | None:
    """Read an HTTP URL, or None if the variable is not set."""
    return read_url(environ, name) if name in environ else None


def read_directory(environ: Mapping[str, str], name: str) -> Path:
    """Read the path of an existing directory, and make it absolute."""
    valid = "must be the path of an existing directory."
    value = _given(environ, name, valid)
    if not os.path.isdir(value):
        raise SettingsError(f"{name} is {value!r}, but {valid}")
    return Path(value).absolute()


def read_database(environ: Mapping[str, str], name: str) -> Path | PostgresUrl:
    """Read a postgresql:// URL or the path of a file, which need not exist yet."""
    valid = "must be a postgresql:// URL or the path of a file in an existing directory."
    value = _given(environ, name, valid)
    if re.fullmatch(r"postgres(ql)?://[!-~]+", value):
        return PostgresUrl(value)
    if "://" in value:
        raise SettingsError(f"{name} is a bad URL, but {valid}")
    path = Path(value)
    if os.path.isdir(path) or not os.path.isdir(path.parent):
        raise SettingsError(f"{name} is {value!r}, but {valid}")
    return path


def settings_or_exit(reader: Callable[[Mapping[str, str]], S]) -> S:
    """Read the settings of this process, or say what is wrong on stderr and exit with code 1."""
    try:
        return reader(os.environ)
    except SettingsError as error:
        sys.exit(str(error))


def _given(environ: Mapping[str, str], name: str, valid: str) -> str:
    if name not in environ:
        raise SettingsError(f"{name} is not set, but {valid}")
    return environ[name]


def _host(value: str) -> str:
    if not re.fullmatch(r"[!-~]+", value):
        raise SettingsError(f"HOST is {value!r}, but must be a host name or an IP address.")
    return value


def _port(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > 65535:
        raise SettingsError(f"PORT is {value!r}, but must be a whole number from 0 to 65535.")
    return int(value)


def _log_level(value: str) -> str:
    if value not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {value!r}, but must be one of {', '.join(LOG_LEVELS)}.")
    return value
