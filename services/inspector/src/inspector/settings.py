"""The settings of the inspector, read from environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from service_setup.settings import Settings, read_optional_url, read_settings, read_url


@dataclass(frozen=True)
class InspectorSettings:
    """How the service runs, the simple API it reads, and the linehaul it asks for downloads."""

    service: Settings
    index_url: str
    linehaul_url: str | None


def read_inspector_settings(environ: Mapping[str, str]) -> InspectorSettings:
    """Read INDEX_URL, LINEHAUL_URL and the settings of every service; INDEX_URL must be set.

    Raises SettingsError for the first bad value.
    """
    return InspectorSettings(
        service=read_settings(environ),
        index_url=read_url(environ, "INDEX_URL"),
        linehaul_url=read_optional_url(environ, "LINEHAUL_URL"),
    )
