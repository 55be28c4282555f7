"""What a report must not tell of the person who makes it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Iterator, Set

from lockstep.doctor.facts.context import Context
from lockstep.doctor.redaction import Private, secrets_of
from lockstep.envs.pip_config import pip_config_files


def private(context: Context) -> Private:
    """Secrets, names and home of the caller."""
    homes: Set[str] = set()
    users = {context.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER")}
    if context.home is not None and str(context.home) != "/":
        homes |= {str(context.home), os.path.realpath(context.home)}
        users.add(context.home.name)
    try:
        entry = pwd.getpwuid(os.getuid())
        users |= {entry.pw_name, entry.pw_gecos.split(",")[0]}
    except KeyError:
        pass  # the database does not know the caller
    secrets = secrets_of(context.environ, [_text(path) for path in _files(context)])
    passwords = {password for password in _of_netrc(context) if len(password) >= 4}
    return Private(secrets | passwords, frozenset(filter(None, users)), frozenset(homes))


def _files(context: Context) -> Iterator[Path]:
    """Configuration that may hold credentials of an index."""
    yield from pip_config_files(context.environ)
    for folder in (
        context.environ.get("XDG_CONFIG_HOME"),
        context.home and context.home / ".config",
    ):
        if folder:
            yield Path(folder) / "uv" / "uv.toml"
    yield Path("/etc/uv/uv.toml")
    yield context.root / "pants.toml"
    if context.home is not None:
        yield context.home / ".pants.rc"


def _of_netrc(context: Context) -> Iterator[str]:
    """Passwords, also of a file that is not quite right."""
    named = context.environ.get("NETRC")
    path = Path(named) if named else context.home and context.home / ".netrc"
    words = _text(path).split() if path else []
    yield from (after for word, after in zip(words, words[1:]) if word in ("password", "account"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
