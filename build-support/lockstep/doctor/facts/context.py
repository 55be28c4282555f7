"""Where everything is: what the launcher works out too, and from the same things."""

from __future__ import annotations

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Sequence, Tuple

SETUP = "build-support/bootstrap"
SOURCES = ("bootstrap.py", "environment.py", "server.py", "pants.lock.txt", "tools.lock.txt")
"""Files of the setup, in the order that the launcher hashes them in."""


@dataclass(frozen=True)
class Context:
    """A checkout and whoever works on it.

    Attributes:
        root: the build root.
        environ: the caller's environment, HOME added where the password database tells it.
        home: the caller's home, None where nothing tells it.
        offline: whether the network must not be asked.
    """

    root: Path
    environ: Mapping[str, str]
    home: Optional[Path]
    offline: bool = False

    @classmethod
    def of(cls, root: Path, environ: Mapping[str, str], offline: bool = False) -> Context:
        """The context of a call, in the environment that it was made in."""
        named = environ.get("HOME") or _home_of_user()
        if not named:
            return cls(root, environ, None, offline)
        return cls(root, {**environ, "HOME": named}, Path(named), offline)

    @property
    def cache(self) -> Optional[Path]:
        """Lockstep's own folder; None where there is no home and nothing else names one."""
        named = self.environ.get("LOCKSTEP_CACHE")
        if named:
            return Path(os.path.abspath(named))
        base = self._cache_home
        return base and base / "lockstep"

    @property
    def pants_cache(self) -> Optional[Path]:
        """The folder that holds Pants' caches, where no option names others."""
        base = self._cache_home
        return base and base / "pants"

    @property
    def _cache_home(self) -> Optional[Path]:
        named = self.environ.get("XDG_CACHE_HOME")
        if named:
            return Path(named)
        return self.home and self.home / ".cache"

    @property
    def setup_folder(self) -> Optional[Path]:
        """Where the launcher looks for the setup."""
        return self.cache and self.cache / "bootstrap" / self.key

    @property
    def key(self) -> str:
        """The key that the launcher gives the pinned setup."""
        system = os.uname()
        digest = hashlib.sha256(f"{system.sysname} {system.machine}\n".encode())
        for name in SOURCES:
            try:
                digest.update((self.root / SETUP / name).read_bytes())
            except OSError:
                pass  # the launcher leaves out what it cannot read, too
        return digest.hexdigest()[:20]

    @property
    def pyenv(self) -> Optional[Path]:
        named = self.environ.get("PYENV_ROOT")
        if named:
            return Path(named)
        return self.home and self.home / ".pyenv"

    @property
    def path(self) -> Sequence[str]:
        """The folders of PATH."""
        return [part for part in self.environ.get("PATH", "").split(os.pathsep) if part]

    def which(self, name: str) -> Optional[str]:
        """A program on PATH."""
        for folder in self.path:
            program = os.path.join(folder, name)
            if os.path.isfile(program) and os.access(program, os.X_OK):
                return program
        return None

    def shown(self, path: "os.PathLike[str] | str") -> str:
        """A path as users know it: below the build root relative, below the home with `~`."""
        text = os.fspath(path)
        for above, instead in ((self.root, ""), (self.home, "~/")):
            if above is not None and text.startswith(f"{above}/"):
                return instead + text[len(f"{above}/") :]
        return text


def _home_of_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def merge_conflict(text: str) -> int:
    """The line of the first marker of a merge conflict, counted from 1; 0 where there is none."""
    lines = text.splitlines()
    marked: Tuple[str, ...] = ("<<<<<<< ", ">>>>>>> ")
    return next((at for at, line in enumerate(lines, 1) if line.startswith(marked)), 0)
