"""Findings as text for people and as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from typing import Sequence

from lockstep.doctor.checks.finding import Finding, Level, exit_code

WIDTH = 100


def as_text(findings: Sequence[Finding]) -> str:
    """One paragraph for each finding, the mend below it, and the count of each level at the end."""
    lines = []
    for finding in findings:
        head = f"{finding.level.value:<12}{finding.about:<14}"
        lines.append(_wrapped(head, finding.text))
        if finding.mend:
            lines.append(_wrapped(" " * len(head), finding.mend))
    return "\n".join([*lines, "", summary(findings)]) + "\n"


def _wrapped(head: str, text: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def summary(findings: Sequence[Finding]) -> str:
    """Such as `1 fault, 2 warnings.`"""
    counts = []
    for level, noun in ((Level.FAULT, "fault"), (Level.WARNING, "warning")):
        count = sum(finding.level is level for finding in findings)
        counts.append(f"{count or 'no'} {noun}{'' if count == 1 else 's'}")
    left = sum(finding.level is Level.UNCHECKED for finding in findings)
    text = ", ".join([*counts, *([f"{left} not checked"] if left else [])])
    return text[:1].upper() + text[1:] + "."


def as_json(findings: Sequence[Finding]) -> str:
    """An object with `exit_code` and `findings`, each with `about`, `level`, `text`, `mend`."""
    document = {
        "format": 1,
        "exit_code": exit_code(findings),
        "findings": [
            {
                "about": finding.about,
                "level": finding.level.value,
                "text": finding.text,
                "mend": finding.mend,
                "fixable": bool(finding.fixes),
            }
            for finding in findings
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
