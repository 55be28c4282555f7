"""Looks at the store of environments; nothing is read but stamps."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Any, Iterator

from lockstep.doctor.checks.store import Entry, StoreFacts
from lockstep.doctor.facts.context import Context
from lockstep.envs.flocks import hold

_KEY = re.compile(r"[0-9a-f]{32}")
_LEFTOVER = re.compile(r"\.([0-9a-f]{32})\..*\.aside.*")


def store_facts(context: Context) -> StoreFacts:
    """What the store of this user holds."""
    if context.cache is None:
        why = "nothing tells where they are"
        return StoreFacts("the store", reader=why, reader_mend="Set HOME.")
    folder = context.cache / "environments"
    shown = context.shown(folder)
    if not folder.is_dir():
        return StoreFacts(shown)
    try:
        store = importlib.import_module("lockstep.envs.store")
        links = importlib.import_module("lockstep.envs.links")
    except Exception as error:  # `packaging` is missing, damaged, or too new for this Python
        why = f"that needs more than Python alone ({str(error) or type(error).__name__})"
        mend = "Set up Pants with `./pants --version`."
        return StoreFacts(shown, reader=why, reader_mend=mend)
    tools = store.Tools(Path(), Path(), {})  # nothing is made
    linked = set(_led_to(links, folder))
    venv = os.path.realpath(context.root / ".venv")
    entries = []
    for path in sorted(folder.iterdir()):
        if _KEY.fullmatch(path.name) and path.is_dir():
            found = store.Store(folder, tools).faults(Path(os.path.realpath(path)))
            wrong = store.told(found)
            real = os.path.realpath(path)
            is_venv, is_linked = real == venv, real in linked
            entries.append(Entry(str(path), context.shown(path), wrong, is_venv, is_linked))
    leftovers = tuple(str(path) for path in sorted(folder.iterdir()) if _is_left(path))
    return StoreFacts(shown, tuple(entries), _size(folder), leftovers)


def _led_to(links: Any, folder: Path) -> Iterator[str]:
    """What registered links lead to."""
    for path in links.led_to(folder):
        yield os.path.realpath(path)


def _is_left(path: Path) -> bool:
    """Whether a build was killed: nobody holds its lock."""
    named = _LEFTOVER.fullmatch(path.name)
    if named is None:
        return False
    building = path.with_name(f"{named[1]}.build")
    if not building.exists():
        return True
    handle = hold(building, shared=True, wait=False)
    if handle is None:
        return False
    os.close(handle)
    return True


def _size(folder: Path) -> int:
    """The space that a folder takes, in bytes."""
    size = 0
    for above, _, files in os.walk(folder):
        for name in files:
            try:
                size += os.lstat(os.path.join(above, name)).st_blocks * 512
            except OSError:
                pass  # it was deleted meanwhile
    return size
