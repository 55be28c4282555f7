"""Keep the download counts in SQLite."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from linehaul.lines import Download

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counts (
    project TEXT NOT NULL,
    version TEXT NOT NULL,
    day TEXT NOT NULL,
    downloads INTEGER NOT NULL,
    PRIMARY KEY (project, version, day)
) WITHOUT ROWID
"""

_ADD = """
INSERT INTO counts (project, version, day, downloads) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET downloads = downloads + excluded.downloads
"""

_SELECT = """
SELECT project, version, day, downloads FROM counts
WHERE (:project IS NULL OR project = :project) AND day BETWEEN :since AND :until
ORDER BY project, day, version
"""


@dataclass(frozen=True)
class Count:
    """How often a version of a project was downloaded on a day (UTC)."""

    project: str
    version: str
    day: date
    downloads: int


class Store:
    """The counts in one database file. Any number of threads and processes may use it.

    Every method raises sqlite3.Error if the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        """Open the database at `path`; it is made if it does not exist."""
        # mode=rw, so that a database that vanishes later is an error, not an empty one.
        self._uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)

    def add(self, downloads: Iterable[Download]) -> None:
        """Count the downloads, all or none of them."""
        batch = Counter((d.project, d.version, d.day.isoformat()) for d in downloads)
        with self._transaction() as connection:
            connection.executemany(_ADD, ((*key, number) for key, number in batch.items()))

    def counts(
        self, project: str | None = None, since: date = date.min, until: date = date.max
    ) -> list[Count]:
        """Return the counts of a project (normalised name) or of all, both days included."""
        wanted = {"project": project, "since": since.isoformat(), "until": until.isoformat()}
        with self._transaction() as connection:
            rows = connection.execute(_SELECT, wanted).fetchall()
        return [
            Count(name, version, date.fromisoformat(day), downloads)
            for name, version, day, downloads in rows
        ]

    def check(self) -> None:
        """Read something from the database."""
        with self._transaction() as connection:
            connection.execute("SELECT 1 FROM counts LIMIT 1").fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._uri, uri=True)) as connection, connection:
            yield connection
