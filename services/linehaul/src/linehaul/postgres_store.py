"""Keep the download counts in PostgreSQL."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from linehaul.lines import Download
from linehaul.store import Count, StoreError, add_up

CONNECT_SECONDS = 5
"""For each address of the server, unless the URL says otherwise."""

# Sorted by bytes, as SQLite does it, whatever the language of the database.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS counts (
    project TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    day DATE NOT NULL,
    downloads BIGINT NOT NULL,
    PRIMARY KEY (project, version, day)
)
"""

# IF NOT EXISTS alone fails where two processes start at once. The number is any of our own.
_LOCK_SCHEMA = "SELECT pg_advisory_xact_lock(5463247)"

_ADD = """
INSERT INTO counts (project, version, day, downloads) VALUES (%s, %s, %s, %s)
ON CONFLICT (project, version, day)
DO UPDATE SET downloads = counts.downloads + excluded.downloads
"""

_SELECT = """
SELECT project, version, day, downloads FROM counts
WHERE (%(project)s::text IS NULL OR project = %(project)s)
AND day BETWEEN %(since)s AND %(until)s
ORDER BY project, day, version
"""


class PostgresStore:
    """A Store in the database of a postgresql:// URL. Each call makes a connection of its own."""

    def __init__(self, url: str) -> None:
        """Connect, and make the table if there is none. Raises StoreError."""
        try:
            self._settings = conninfo_to_dict(url)
        except (psycopg.Error, UnicodeError):
            # The reason may quote a part of the URL, and that may be the password.
            raise StoreError("the postgresql:// URL is not valid") from None
        self._conninfo = make_conninfo(
            url, connect_timeout=self._settings.get("connect_timeout", CONNECT_SECONDS)
        )
        with self._transaction() as connection:
            connection.execute(_LOCK_SCHEMA)
            connection.execute(_SCHEMA)

    def add(self, downloads: Iterable[Download]) -> None:
        """Count the downloads, all or none of them."""
        rows = [(c.project, c.version, c.day, c.downloads) for c in add_up(downloads)]
        with self._transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(_ADD, rows)

    def counts(
        self, project: str | None = None, since: date = date.min, until: date = date.max
    ) -> list[Count]:
        """Return the counts of a project (normalised name) or of all, both days included."""
        wanted = {"project": project, "since": since, "until": until}
        with self._transaction() as connection:
            return [Count(*row) for row in connection.execute(_SELECT, wanted)]

    def check(self) -> None:
        """Read something from the database."""
        with self._transaction() as connection:
            connection.execute("SELECT 1 FROM counts LIMIT 1").fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with psycopg.connect(self._conninfo) as connection:
                yield connection
        except psycopg.Error as error:
            raise StoreError(self._reason(error)) from None

    def _reason(self, error: psycopg.Error) -> str:
        """Return what PostgreSQL says, on one line, without the user and the password."""
        text = "; ".join(str(error).splitlines())
        for name in ("password", "sslpassword"):
            if secret := self._settings.get(name):
                text = text.replace(str(secret), "…")
        return text.replace(f'"{self._settings.get("user")}"', '"…"')
