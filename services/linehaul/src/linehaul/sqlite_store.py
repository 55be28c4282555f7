"""Keep the download counts in SQLite."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from linehaul.lines import Download
from linehaul.store import Count, StoreError, add_up

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


class SqliteStore:
    """A Store in one file."""

    def __init__(self, path: Path) -> None:
        """Open the database at `path`; it is made if it does not exist. Raises StoreError."""
        # mode=rw, so that a database that vanishes later is an error, not an empty one.
        self._uri = f"{path.absolute().as_uri()}?mode=rw"
        with _transaction(path) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)

    def add(self, downloads: Iterable[Download]) -> None:
        """Count the downloads, all or none of them."""
        rows = [(c.project, c.version, c.day.isoformat(), c.downloads) for c in add_up(downloads)]
        with _transaction(self._uri) as connection:
            connection.executemany(_ADD, rows)

    def counts(
        self, project: str | None = None, since: date = date.min, until: date = date.max
    ) -> list[Count]:
        """Return the counts of a project (normalised name) or of all, both days included."""
        wanted = {"project": project, "since": since.isoformat(), "until": until.isoformat()}
        with _transaction(self._uri) as connection:
            rows = connection.execute(_SELECT, wanted).fetchall()
        return [
            Count(name, version, date.fromisoformat(day), downloads)
            for name, version, day, downloads in rows
        ]

    def check(self) -> None:
        """Read something from the database."""
        with _transaction(self._uri) as connection:
            connection.execute("SELECT 1 FROM counts LIMIT 1").fetchone()


@contextmanager
def _transaction(database: Path | str) -> Iterator[sqlite3.Connection]:
    try:
        uri = isinstance(database, str)
        with closing(sqlite3.connect(database, uri=uri)) as connection, connection:
            yield connection
    except sqlite3.Error as error:
        raise StoreError(str(error)) from error
