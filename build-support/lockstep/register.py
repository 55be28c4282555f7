"""The plugin's entry point: `backend_packages = ["lockstep"]`."""

from __future__ import annotations

from typing import Iterable

from pants.engine.rules import Rule

from lockstep.pants_api import pex_seams
from lockstep.slices import locks, sandbox


def rules() -> Iterable[Rule]:
    pex_seams.install()
    return (*locks.rules(), *sandbox.rules())
