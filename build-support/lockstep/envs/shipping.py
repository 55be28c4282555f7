"""Lays out the installer as a program for a sandbox."""

from __future__ import annotations

import pkgutil
from typing import Mapping

_MODULES = ("installer.py", "packing.py")
_MAIN = b"from lockstep.envs.installer import run\n\nrun()\n"


def shipped() -> Mapping[str, bytes]:
    """The files of the program, below a folder that is given to Python as a script."""
    files = {"__main__.py": _MAIN}
    for name in _MODULES:
        text = pkgutil.get_data("lockstep.envs", name)
        assert text is not None, "the modules stand beside this one"
        files[f"lockstep/envs/{name}"] = text
    return files
