"""Reads where projects tell what has changed, from the releases themselves."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Mapping, Sequence

from lockstep.core.lock import Pin
from lockstep.core.project_links import changelog
from lockstep.envs import installer
from lockstep.envs.checkout import named_caches, tools
from lockstep.envs.installer import InstallError, Place


def changelogs(pins: Sequence[Pin], python: str) -> Mapping[str, str]:
    """URLs of changelogs, by normalised name of the project.

    The wheels were installed when the lock was written, so that they come from uv's cache. A release
    without a wheel is left out, for it would have to be built to be asked.

    Args:
        pins: the releases.
        python: the Python that the lock is for, such as `3.11`.

    Raises:
        LockstepError: Pants was not started by its launcher, or pip's settings are wrong.
    """
    made = tools(os.environ, named_caches(os.environ))
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        environ = {**made.environ, **installer.uv_settings(str(made.uv_cache))}
        place = Place(str(made.uv), folder, folder, environ)
        if not _unpacked(place, pins, python):
            for pin in pins:
                _unpacked(place, [pin], python)
        for metadata in Path(folder).glob("*/*.dist-info/METADATA"):
            url = changelog(metadata.read_text(errors="replace"))
            if url is not None:
                name = metadata.parent.name.partition("-")[0]
                found[installer.normalised(name)] = url
    return found


def _unpacked(place: Place, pins: Sequence[Pin], python: str) -> bool:
    """Whether the wheels of all of them could be had."""
    lines = (
        " ".join([f"{pin.name}=={pin.version}", *(f"--hash={value}" for value in pin.hashes)])
        for pin in pins
    )
    requirements = Path(place.files, "releases.txt")
    requirements.write_text("".join(f"{line}\n" for line in lines))
    try:
        installer.run_uv(
            place,
            *("pip", "install", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *("--python", sys.executable, "--python-version", python, "--link-mode", "symlink"),
            *("--target", str(Path(place.files, "there")), "--requirement", str(requirements)),
        )
    except InstallError:
        return False
    return True
