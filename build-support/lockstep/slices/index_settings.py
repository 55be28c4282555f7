"""Hands the user's index settings to the processes that install, past their cache keys.

A download is checked against the lock's hashes, so the index it came from does not change what is
built; and a credential in an index URL must not be stored with a process. So the settings stand in
a file in a named cache, which every sandbox sees and no cache key holds.
"""

from __future__ import annotations

import configparser
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator, Mapping

from pants.engine.env_vars import CompleteEnvironmentVars
from pants.engine.rules import Rule, _uncacheable_rule, collect_rules
from pants.option.global_options import GlobalOptions

from lockstep.core.errors import LockstepError
from lockstep.core.index_settings import as_shell, settings
from lockstep.envs.atomic import write_text

CACHE_NAME = "lockstep_index"
FILE_NAME = "settings.sh"


@dataclass(frozen=True)
class IndexSettingsRequest:
    """Bring the settings file up to date with the caller's environment and pip's configuration."""


@dataclass(frozen=True)
class IndexSettings:
    """The settings file stands. It carries nothing, so that no cache key can depend on it."""


@_uncacheable_rule
async def write_index_settings(
    _: IndexSettingsRequest, environ: CompleteEnvironmentVars, global_options: GlobalOptions
) -> IndexSettings:
    path = Path(global_options.named_caches_dir) / CACHE_NAME / FILE_NAME
    text = as_shell(settings(environ, read_pip_config(pip_config_files(environ))))
    if not path.exists() or path.read_text() != text:
        write_text(path, text, mode=0o600)
    return IndexSettings()


def pip_config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """The files pip reads, least important first.

    Source: "Configuration" in pip's documentation.
    """
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    config_home = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
        yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    for folder in reversed(environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield config_home / "pip" / "pip.conf"
    if named:
        yield Path(named)


def read_pip_config(paths: Iterable[Path]) -> dict[str, str]:
    """The keys of the sections `global` and `install`, later files and sections winning.

    Raises:
        LockstepError: a file is not in the format of configparser.
    """
    merged: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for path in paths:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path)
        except configparser.Error as error:
            fault = f"pip's configuration file {path} cannot be read ({error.message})"
            raise LockstepError(fault, mend="Mend it, or see `pip config debug`") from None
        for section in merged.keys() & parser.sections():
            merged[section].update(parser[section])
    return {**merged["global"], **merged["install"]}


def rules() -> Iterable[Rule]:
    return collect_rules()
