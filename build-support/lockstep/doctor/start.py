"""Starts the doctor: `python start.py ROOT ARGUMENT...`, on any Python 3.8 or newer."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Sequence


def start(root: Path, arguments: Sequence[str]) -> int:
    """Make Lockstep importable, and what the setup has installed.

    The latter may be damaged or missing, so the doctor needs none of it to start.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from lockstep.doctor.facts.context import Context
    from lockstep.doctor.main import main

    setup = Context.of(root, os.environ).setup_folder
    if setup is not None:
        sys.path.extend(map(str, setup.glob("pants/lib/python*/site-packages")))
    # The packaging that Pants pins warns of versions that it cannot parse.
    warnings.simplefilter("ignore")
    return main(root, arguments)


if __name__ == "__main__":
    sys.exit(start(Path(sys.argv[1]), sys.argv[2:]))
