"""Reads pip's configuration files, and tells what they say as a shell script.

`python -m lockstep.envs.pip_config` prints the script for the environment at hand.
"""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path
from typing import Iterable, Iterator, Mapping

from lockstep.core.errors import LockstepError
from lockstep.core.index_settings import as_shell, settings


def configured_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that show pip's index settings to pip and uv.

    Raises:
        LockstepError: a configuration file cannot be read.
    """
    return settings(environ, read_pip_config(pip_config_files(environ)))


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
    for folder in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    if not (named and os.path.exists(named)):
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
        except (configparser.Error, UnicodeDecodeError) as error:
            fault = f"pip's configuration file {path} cannot be read ({error})"
            raise LockstepError(fault, mend="Mend it, or see `pip config debug`") from None
        for section in merged.keys() & parser.sections():
            merged[section].update(parser[section])
    return {**merged["global"], **merged["install"]}


if __name__ == "__main__":
    print(as_shell(configured_settings(os.environ)), end="")
