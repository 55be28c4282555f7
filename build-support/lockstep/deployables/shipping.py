"""Lays out the builder as a program for a sandbox."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Mapping

_MODULES = (
    "lockstep.core.oci_image",
    "lockstep.deployables.archives",
    "lockstep.deployables.build",
    "lockstep.deployables.image",
    "lockstep.deployables.tree",
)


def builder() -> Mapping[str, bytes]:
    """The files of the builder, below a folder that is given to Python as a script."""
    files = {"__main__.py": b"from lockstep.deployables.build import run\n\nrun()\n"}
    for module in _MODULES:
        files[module.replace(".", "/") + ".py"] = source_of(module)
    return files


def source_of(module: str) -> bytes:
    """The source of a module of ours."""
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None, "the modules are there"
    return Path(spec.origin).read_bytes()
