"""The settings of the inspector, read from environment variables."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from service_setup.settings import Settings, SettingsError, read_settings


@dataclass(frozen=True)
class InspectorSettings:
    """How the service runs, the simple API it reads, and the linehaul it asks for downloads."""

    service: Settings
    index_url: str
    linehaul_url: str | None


def read_inspector_settings(environ: Mapping[str, str]) -> InspectorSettings:
    """Read INDEX_URL, LINEHAUL_URL and the settings of every service but DATABASE.

    Only INDEX_URL has no default. Raises SettingsError for the first bad value.
    """
    index_url = _url("INDEX_URL", environ.get("INDEX_URL"))
    if index_url is None:
        raise SettingsError("INDEX_URL is not set, but must be an HTTP URL.")
    return InspectorSettings(
        service=read_settings({**environ, "DATABASE": os.devnull}),  # The inspector has none.
        index_url=index_url,
        linehaul_url=_url("LINEHAUL_URL", environ.get("LINEHAUL_URL")),
    )


def settings_or_exit() -> InspectorSettings:
    """Read the settings of this process, or say what is wrong on stderr and exit with code 1."""
    try:
        return read_inspector_settings(os.environ)
    except SettingsError as error:
        sys.exit(str(error))


def _url(name: str, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"https?://[!-~]+", value):
        raise SettingsError(f"{name} is {value!r}, but must be an HTTP URL.")
    return value
