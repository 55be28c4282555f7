"""What every store does, tried on each of them, and what only one does."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from postgres_server import PASSWORD, running_postgres

from linehaul.lines import Download
from linehaul.postgres_store import PostgresStore
from linehaul.sqlite_store import SqliteStore
from linehaul.store import Count, Store, StoreError

Open = Callable[[], Store]


def download(project: str, version: str, day: int) -> Download:
    time = datetime(2024, 5, day, 12, tzinfo=UTC)
    return Download(time, project, version, "file.tar.gz", "pip/24.0", "3.11.7", "FR")


def count(project: str, version: str, day: int, downloads: int) -> Count:
    return Count(project, version, date(2024, 5, day), downloads)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counts?.sqlite3"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    with psycopg.connect(server) as connection:
        connection.execute("DROP TABLE IF EXISTS counts")
    return server


@pytest.fixture(params=["sqlite", "postgres"])
def open_store(request: pytest.FixtureRequest) -> Open:
    """Opens the same database each time, which is empty at first."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("path")
        return lambda: SqliteStore(path)
    url: str = request.getfixturevalue("url")
    return lambda: PostgresStore(url)


@pytest.fixture
def store(open_store: Open) -> Store:
    return open_store()


def test_batches_add_up(store: Store) -> None:
    store.add([])
    assert store.counts() == []
    store.add([download("six", "1.0", 1), download("six", "1.0", 1), download("six", "2.0", 1)])
    store.add([download("six", "1.0", 1), download("six", "1.0", 2), download("attrs", "1.0", 1)])
    assert store.counts() == [
        count("attrs", "1.0", 1, 1),
        count("six", "1.0", 1, 3),
        count("six", "2.0", 1, 1),
        count("six", "1.0", 2, 1),
    ]


def test_counts_of_a_project_between_days(store: Store) -> None:
    store.add(download(project, "1.0", day) for project in ("six", "attrs") for day in range(1, 6))
    assert store.counts("six", date(2024, 5, 2), date(2024, 5, 3)) == [
        count("six", "1.0", 2, 1),
        count("six", "1.0", 3, 1),
    ]
    assert store.counts("unknown") == []


def test_counts_are_sorted_by_bytes(store: Store) -> None:
    store.add(download("six", version, 1) for version in ("1.0rc1", "1.0", "1.0+B", "1.0+a"))
    assert [found.version for found in store.counts()] == ["1.0", "1.0+B", "1.0+a", "1.0rc1"]


def test_counts_outlive_the_store(open_store: Open) -> None:
    open_store().add([download("six", "1.0", 1)])
    assert open_store().counts() == [count("six", "1.0", 1, 1)]


def test_a_batch_that_breaks_off_stores_nothing(store: Store) -> None:
    def downloads() -> Iterator[Download]:
        yield download("six", "1.0", 1)
        raise OSError("broken off")

    with pytest.raises(OSError):
        store.add(downloads())
    assert store.counts() == []


def test_stores_opened_at_once_lose_no_count(open_store: Open) -> None:
    first, second = download("attrs", "1.0", 1), download("six", "1.0", 1)

    def add(number: int) -> None:
        # In both orders: a database that locks rows one by one must not wait in a circle.
        open_store().add([first, second] if number % 2 else [second, first])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    assert open_store().counts() == [count("attrs", "1.0", 1, 80), count("six", "1.0", 1, 80)]


def test_sqlite_is_write_ahead_logged(path: Path) -> None:
    SqliteStore(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]


def test_sqlite_stores_nothing_of_a_refused_batch(path: Path) -> None:
    store = SqliteStore(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON counts WHEN new.version = '2.0' "
            "BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(StoreError) as caught:
        store.add([download("six", "1.0", 1), download("six", "2.0", 1)])
    assert (str(caught.value), store.counts()) == ("full", [])


def test_sqlite_that_vanishes_is_not_made_again(path: Path) -> None:
    store = SqliteStore(path)
    store.check()
    path.unlink()
    with pytest.raises(StoreError) as caught:
        store.check()
    assert (str(caught.value), path.exists()) == ("unable to open database file", False)


def test_sqlite_of_another_format(path: Path) -> None:
    path.write_text("no database" * 100)
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    assert str(caught.value) == "file is not a database"


def test_postgres_stores_nothing_of_a_refused_batch(url: str) -> None:
    store = PostgresStore(url)
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE counts ADD CONSTRAINT full_up CHECK (version <> '2.0')")
    with pytest.raises(StoreError, match="^new row .* violates check constraint .full_up.;"):
        store.add([download("six", "1.0", 1), download("six", "2.0", 1)])
    assert store.counts() == []


def test_postgres_without_its_table(url: str) -> None:
    store = PostgresStore(url)
    store.check()
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE counts")
    with pytest.raises(StoreError, match='^relation "counts" does not exist;'):
        store.check()


def test_postgres_refuses_a_password_and_it_is_not_told(server: str) -> None:
    with pytest.raises(StoreError) as caught:
        PostgresStore(server.replace("baker:", "baker:wrong"))
    folder = server.rpartition("=")[2]
    assert str(caught.value) == (
        f'connection failed: connection to server on socket "{folder}/.s.PGSQL.5432" failed: '
        'FATAL:  password authentication failed for user "…"'
    )
    assert (PASSWORD in str(caught.value), caught.value.__suppress_context__) == (False, True)


def test_postgres_that_is_not_there() -> None:
    with pytest.raises(StoreError) as caught:
        PostgresStore("postgresql://baker:bread@127.0.0.1:1/lines")
    message = str(caught.value)
    assert ("Connection refused" in message, "bread" in message) == (True, False)


@pytest.mark.parametrize("password", ["br%read", "br%ead", "bread%00"])
def test_a_bad_postgres_url_is_not_told(password: str) -> None:
    with pytest.raises(StoreError) as caught:
        PostgresStore(f"postgresql://baker:{password}@db.example/lines")
    assert str(caught.value) == "the postgresql:// URL is not valid"
