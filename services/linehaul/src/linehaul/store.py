"""What keeps the download counts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from linehaul.lines import Download


class StoreError(Exception):
    """The database cannot be used; the message says why and holds no password."""


@dataclass(frozen=True)
class Count:
    """How often a version of a project was downloaded on a day (UTC)."""

    project: str
    version: str
    day: date
    downloads: int


class Store(Protocol):
    """The counts in a database. Any number of threads and processes may use it at once.

    Every method raises StoreError if the database cannot be used.
    """

    def add(self, downloads: Iterable[Download]) -> None:
        """Count the downloads, all or none of them."""

    def counts(
        self, project: str | None = None, since: date = date.min, until: date = date.max
    ) -> list[Count]:
        """Return the counts of a project (normalised name) or of all, both days included.

        They are sorted by project, day and version.
        """

    def check(self) -> None:
        """Read something from the database."""


def add_up(downloads: Iterable[Download]) -> list[Count]:
    """Return the counts of a batch.

    They are sorted, so that no two batches wait for each other's rows.
    """
    batch = Counter((d.project, d.version, d.day) for d in downloads)
    return [Count(*key, number) for key, number in sorted(batch.items())]
