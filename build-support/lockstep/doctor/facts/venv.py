"""Looks at `.venv`, and at what it leads to."""

from __future__ import annotations

import os
from pathlib import Path

from lockstep.doctor.checks.venv import VenvFacts
from lockstep.doctor.facts.context import Context


def venv_facts(context: Context) -> VenvFacts:
    """What stands at `.venv`."""
    path = context.root / ".venv"
    if not os.path.lexists(path):
        return VenvFacts(".venv", "missing")
    if not path.is_symlink():
        return VenvFacts(".venv", "folder" if path.is_dir() else "file")
    target = Path(os.path.join(context.root, os.readlink(path)))
    store = context.cache and context.cache / "environments"
    in_store = store is not None and _below(target, store)
    python = target / "bin" / "python"
    interpreter = os.path.realpath(python)
    return VenvFacts(
        ".venv",
        "link",
        context.shown(target),
        target.is_dir(),
        in_store,
        context.shown(interpreter),
        not target.is_dir() or os.path.isfile(interpreter),
    )


def _below(path: Path, folder: Path) -> bool:
    """Whether a path, which need not be there, is below a folder, whatever links are above it."""
    return os.path.realpath(path.parent) == os.path.realpath(folder)
