"""How tests compare findings."""

from __future__ import annotations

from typing import Iterable

from lockstep.doctor.checks.finding import Finding


def told(findings: Iterable[Finding]) -> list[str]:
    """Each finding as one text."""
    return [f"{f.level.value}: {f.text}{' ' if f.mend else ''}{f.mend}" for f in findings]
