import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from linehaul.lines import Download
from linehaul.store import Count, Store


def download(project: str, version: str, day: int) -> Download:
    time = datetime(2024, 5, day, 12, tzinfo=UTC)
    return Download(time, project, version, "file.tar.gz", "pip/24.0", "3.11.7", "FR")


def count(project: str, version: str, day: int, downloads: int) -> Count:
    return Count(project, version, date(2024, 5, day), downloads)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counts?.sqlite3"


@pytest.fixture
def store(path: Path) -> Store:
    return Store(path)


def test_batches_add_up(store: Store) -> None:
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


def test_counts_outlive_the_store(store: Store, path: Path) -> None:
    store.add([download("six", "1.0", 1)])
    assert Store(path).counts() == [count("six", "1.0", 1, 1)]


def test_a_batch_that_breaks_off_stores_nothing(store: Store) -> None:
    def downloads() -> Iterator[Download]:
        yield download("six", "1.0", 1)
        raise OSError("broken off")

    with pytest.raises(OSError):
        store.add(downloads())
    assert store.counts() == []


def test_a_batch_refused_by_the_database_stores_nothing(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON counts WHEN new.version = '2.0' "
            "BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(sqlite3.IntegrityError):
        store.add([download("six", "1.0", 1), download("six", "2.0", 1)])
    assert store.counts() == []


def test_threads_lose_no_count(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: store.add([download("six", "1.0", 1)]), range(40)))
    assert store.counts() == [count("six", "1.0", 1, 40)]


def test_the_database_is_write_ahead_logged(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]


def test_check(store: Store, path: Path) -> None:
    store.check()
    path.unlink()
    with pytest.raises(sqlite3.OperationalError):
        store.check()
    assert not path.exists()
