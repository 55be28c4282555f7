"""Read download log lines.

A line is one download. It has seven fields separated by tabs, and ends with LF:

    time               ISO 8601 with an offset, 2024-05-31T23:59:58Z
    project            Typing_Extensions
    version            4.12.0
    file name          typing_extensions-4.12.0.tar.gz
    installer/version  pip/24.0, or - if unknown
    python version     3.11.7, or - if unknown
    country            two capital letters, FR, or - if unknown
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

FIELDS = (
    "time",
    "project",
    "version",
    "file name",
    "installer/version",
    "python version",
    "country",
)

_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")

_PATTERNS = {
    "version": re.compile(r"[!-~]+"),
    "file name": re.compile(r"[!-.0-~]+"),
    "installer/version": re.compile(r"-|[!-.0-~]+/[!-.0-~]+"),
    "python version": re.compile(r"-|[0-9]+(\.[0-9]+)+[0-9A-Za-z.+-]*"),
    "country": re.compile(r"-|[A-Z]{2}"),
}


class LineError(ValueError):
    """A line is malformed; the message gives its number, from 1, and the fault."""

    def __init__(self, number: int, fault: str) -> None:
        super().__init__(f"line {number}: {fault}")


@dataclass(frozen=True)
class Download:
    """One download; its time is in UTC and its project name is normalised."""

    time: datetime
    project: str
    version: str
    file_name: str
    installer: str
    python: str
    country: str

    @property
    def day(self) -> date:
        """The day of the download, in UTC."""
        return self.time.date()


def parse_lines(text: str) -> list[Download]:
    """Read every line of `text`. Raises LineError for the first malformed one."""
    lines = text.removesuffix("\n").split("\n") if text else []
    downloads = []
    for number, line in enumerate(lines, start=1):
        try:
            downloads.append(_parse_line(line))
        except ValueError as error:
            raise LineError(number, str(error)) from error
    return downloads


def normalise(project: str) -> str:
    """Return the project name as PEP 503 normalises it. Raises ValueError if it is no name."""
    if not _PROJECT.fullmatch(project):
        raise ValueError(f"project {project!r} is not valid")
    return re.sub(r"[-_.]+", "-", project).lower()


def _parse_line(line: str) -> Download:
    values = line.split("\t")
    if len(values) != len(FIELDS):
        raise ValueError(f"{len(values)} tab separated fields instead of {len(FIELDS)}")
    for name, value in zip(FIELDS, values):
        if name in _PATTERNS and not _PATTERNS[name].fullmatch(value):
            raise ValueError(f"{name} {value!r} is not valid")
    time, project, *others = values
    return Download(_parse_time(time), normalise(project), *others)


def _parse_time(value: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is None:
            raise ValueError("no offset")
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"time {value!r} is not ISO 8601 with an offset") from None
