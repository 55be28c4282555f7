"""What `./pants export` does on the disk: the links in a checkout that lead to the store."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping

from lockstep.core.errors import LockstepError
from lockstep.envs import interpreters, links, scratch
from lockstep.envs.installer import WHEELS
from lockstep.envs.interpreters import Interpreter, Wanted
from lockstep.envs.pip_config import configured_settings
from lockstep.envs.store import Recipe, Store, Tools, store_folder, told
from lockstep.envs.wheel_store import wheel_store_folder

VENV = ".venv"
VENVS = ".venvs"
"""The folder of the environments of other resolves."""

_INTERPRETERS = "interpreters.json"
UV_CACHE = "lockstep_uv"
"""The named cache that sandboxes know uv's cache by."""


@dataclass(frozen=True)
class Content:
    """What an environment for people holds.

    Attributes:
        lock_path: the lock, relative to the build root.
        slice_text: the pins with their hashes.
        size: how many they are.
        source_roots: folders of first-party code, relative to the build root.
        generated: sources that targets generate, as paths below their source roots, and content.
    """

    lock_path: str
    slice_text: str
    size: int
    source_roots: tuple[str, ...] = ()
    generated: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Checkout:
    """A checkout, and where things are for whoever works in it.

    Attributes:
        root: the build root.
        environ: the caller's environment.
        named_caches: Pants' folder of named caches.
    """

    root: Path
    environ: Mapping[str, str]
    named_caches: Path

    @property
    def link(self) -> Path:
        return self.root / VENV

    def led_to(self) -> Mapping[str, str]:
        """The links to environments that are there, with what each leads to."""
        found = [self.link, *sorted((self.root / VENVS).glob("*"))]
        return {str(link): os.readlink(link) for link in found if os.path.islink(link)}

    @property
    def scratch(self) -> Path:
        return self.root / ".venv-scratch"

    @property
    def _aside(self) -> Path:
        return self.root / ".pants.d" / "lockstep" / "links"  # Pants ignores it

    def store(self) -> Store:
        """The environments of this user.

        Raises:
            LockstepError: Pants was not started by its launcher, or pip's settings are wrong.
        """
        return Store(store_folder(self.environ), tools(self.environ, self.named_caches))

    def interpreter(self, wanted: Wanted) -> Interpreter:
        """The interpreter that environments are for.

        Raises:
            LockstepError: there is none.
        """
        memo = store_folder(self.environ) / _INTERPRETERS
        return interpreters.find(wanted, self.environ, memo)

    def recipe(self, content: Content, interpreter: Interpreter) -> Recipe:
        """What the environment of some content follows from."""
        paths = tuple(str(self.root / folder) for folder in content.source_roots)
        return Recipe(content.slice_text, interpreter, paths, content.generated)

    def export(
        self,
        content: Content,
        interpreter: Interpreter,
        say: Callable[[str], None],
        name: str = VENV,
    ) -> str:
        """Let a link, `.venv` by default, lead to the environment of a content.

        Returns:
            What was done, a sentence.

        Raises:
            LockstepError: it cannot be made, or something else is in the place of the link.
        """
        link = self.root / name
        links.check_replaceable(link)
        store = self.store()
        like = Path(os.path.realpath(link))
        environment = store.provide(self.recipe(content, interpreter), say, like)
        try:
            held = f"{_pins(content.size)} of {content.lock_path} for CPython {interpreter.version}"
            if links.leads_to(link, environment.path):
                return f"{name} is up to date: {held}."
            link.parent.mkdir(exist_ok=True)
            store.register(link)
            links.switch(link, environment.path, self._aside)
            store.prune(time.time())
            return f"{name} holds {held}."
        except OSError as error:
            raise LockstepError(
                f"{link} cannot be written ({error.strerror})",
                mend=f"Let {self.root} be written to, and see that its disk is not full",
            ) from None
        finally:
            os.close(environment.lock)

    def check(self, content: Content, interpreter: Interpreter, name: str = VENV) -> list[str]:
        """What of a link is out of date or damaged, a sentence each without a full stop."""
        link = self.root / name
        path = self.store().path(self.recipe(content, interpreter))
        if not os.path.lexists(link):
            return [f"{name} is missing"]
        if not os.path.islink(link):
            return [f"{name} is a folder or a file of its own, and no link that Lockstep made"]
        if not link.exists():
            return [f"{name} leads nowhere"]
        out_of_date = [] if links.leads_to(link, path) else [f"{name} is out of date"]
        found = self.store().faults(Path(os.path.realpath(link)))
        return out_of_date + ([f"{name} is damaged: {told(found)}"] if found else [])

    def export_scratch(
        self, content: Content, interpreter: Interpreter, say: Callable[[str], None]
    ) -> str:
        """Write `.venv-scratch`, a copy that may be changed.

        Returns:
            What was done, a sentence.

        Raises:
            LockstepError: it cannot be made, or something else is in its place.
        """
        scratch.check_replaceable(self.scratch)
        environment = self.store().provide(self.recipe(content, interpreter), say)
        try:
            scratch.copy(environment.path, self.scratch, pip=_bootstrap(self.environ) / "tools")
        finally:
            os.close(environment.lock)
        held = f"{_pins(content.size)} of {content.lock_path}, and pip"
        return f".venv-scratch holds {held}; change it as you like."


def named_caches(environ: Mapping[str, str]) -> Path:
    """Where Pants keeps its named caches, uv's among them, unless its configuration moves them."""
    home = environ.get("HOME") or os.path.expanduser("~")
    caches = Path(environ.get("XDG_CACHE_HOME") or f"{home}/.cache") / "pants"
    return Path(environ.get("PANTS_NAMED_CACHES_DIR") or caches / "named_caches")


def tools(environ: Mapping[str, str], caches: Path) -> Tools:
    """What environments are made with.

    Args:
        environ: the caller's environment.
        caches: Pants' folder of named caches.

    Raises:
        LockstepError: Pants was not started by its launcher, or pip's settings are wrong.
    """
    places = {
        "PATH": environ.get("PATH", os.defpath),
        WHEELS: str(wheel_store_folder(environ)),
    }
    settings = {**configured_settings(environ), **places}
    return Tools(_bootstrap(environ) / "uv", caches / UV_CACHE, settings)


def _bootstrap(environ: Mapping[str, str]) -> Path:
    bootstrap = environ.get("LOCKSTEP_BOOTSTRAP")
    if not bootstrap:
        raise LockstepError(
            "LOCKSTEP_BOOTSTRAP is not set, so uv cannot be found",
            mend="Start Pants by the launcher `./pants`",
        )
    return Path(bootstrap)


def _pins(count: int) -> str:
    return f"{count} pin" if count == 1 else f"{count} pins"
