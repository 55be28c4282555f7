"""A bug report in Markdown, ready to paste."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Mapping, Optional, Sequence

from lockstep.doctor.checks.finding import Finding
from lockstep.doctor.redaction import Private, redacted
from lockstep.doctor.render import summary

MOST_LINES = 400
MOST_CHARACTERS = 30_000
"""What an issue tracker takes, with room for the rest."""


@dataclass(frozen=True)
class Run:
    """A command and what it printed.

    Attributes:
        command: as it was typed; empty where only its output is known.
        exit_code: None where it was not run again.
        output: both of its outputs as one text.
    """

    command: str
    exit_code: Optional[int]
    output: str


@dataclass(frozen=True)
class ReportFacts:
    """What a report tells.

    Attributes:
        versions: by name.
        variables: the environment's, as far as they change anything.
        pip: how pip is configured, as the variables that Lockstep passes on.
        files: configuration files and their text.
        findings: of the doctor.
        run: the command that failed, None where none was given.
    """

    versions: Mapping[str, str]
    variables: Mapping[str, str]
    pip: Mapping[str, str]
    files: Mapping[str, str]
    findings: Sequence[Finding]
    run: Optional[Run] = None


def markdown(facts: ReportFacts, private: Private) -> str:
    """The report, with nothing in it that must not be told."""
    return "\n".join(line for part in _parts(facts, private) for line in (*part, ""))


def _parts(facts: ReportFacts, private: Private) -> Iterator[Sequence[str]]:
    def safe(text: str) -> str:
        return redacted(text, private)

    yield ["# Bug report", "", "<!-- What did you do, what came of it, what did you expect? -->"]
    if facts.run is not None:
        yield ["## Command"]
        if facts.run.command:
            yield _fenced(safe(facts.run.command))
            code = facts.run.exit_code
            yield [
                f"It ended with exit code {code}." if code is not None else "It was not run again."
            ]
        yield _fenced(_shortened(safe(facts.run.output)))
    yield ["## Versions"]
    yield [
        "| | |",
        "|---|---|",
        *(f"| {n} | {_cell(safe(v))} |" for n, v in facts.versions.items()),
    ]
    yield ["## Checks"]
    rows = [
        f"| {one.level.value} | {one.about} | {_cell(safe(f'{one.text} {one.mend}'.strip()))} |"
        for one in facts.findings
    ]
    yield [summary(facts.findings), "", "| | | |", "|---|---|---|", *rows]
    yield ["## Configuration"]
    yield _fenced(safe(_assignments(facts.variables)) or "no variable is set")
    if facts.pip:
        yield ["How pip is configured, as Lockstep passes it on:"]
        yield _fenced(safe(_assignments(facts.pip)))
    for path, text in facts.files.items():
        yield [f"`{safe(path)}`:"]
        yield _fenced(safe(text), "toml")


def _assignments(variables: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in variables.items())


def _fenced(text: str, language: str = "") -> Sequence[str]:
    """A block of text, whatever fences it holds itself."""
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return [f"{fence}{language}", text.rstrip("\n"), fence]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _shortened(text: str) -> str:
    """The end of a text: faults stand there. It is cut after what is secret was taken out."""
    lines = text.rstrip("\n").split("\n")
    kept = "\n".join(lines[-MOST_LINES:])[-MOST_CHARACTERS:]
    left = len(lines) - 1 - kept.count("\n")
    return f"[{left} lines left out]\n{kept}" if left else kept
