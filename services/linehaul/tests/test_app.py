from datetime import date
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from linehaul.app import MAX_BODY_BYTES, create_app
from linehaul.sqlite_store import SqliteStore

LINE = "{}T12:00:00Z\t{}\t1.0\tfile.tar.gz\tpip/24.0\t3.11.7\tFR\n"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "counts.sqlite3"


@pytest.fixture
def client(database: Path) -> TestClient:
    return TestClient(create_app(SqliteStore(database), today=lambda: date(2024, 5, 31)))


def answer(response: httpx2.Response) -> tuple[int, object]:
    return response.status_code, response.json()


def test_lines_are_counted(client: TestClient) -> None:
    batch = LINE.format("2024-05-30", "Six") * 2 + LINE.format("2024-05-31", "six")
    assert answer(client.post("/lines", content=batch)) == (200, {"stored": 3})
    assert answer(client.get("/counts/SIX")) == (
        200,
        {
            "project": "six",
            "counts": [
                {"version": "1.0", "day": "2024-05-30", "downloads": 2},
                {"version": "1.0", "day": "2024-05-31", "downloads": 1},
            ],
        },
    )
    assert answer(client.get("/counts/six?since=2024-05-31&until=2024-05-31")) == (
        200,
        {
            "project": "six",
            "counts": [{"version": "1.0", "day": "2024-05-31", "downloads": 1}],
        },
    )


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (b"noon\n", "line 2: 1 tab separated fields instead of 7"),
        (b"\xff\n", "line 2: not UTF-8"),
    ],
)
def test_a_malformed_line_refuses_the_batch(client: TestClient, second: bytes, error: str) -> None:
    batch = LINE.format("2024-05-30", "six").encode() + second
    assert answer(client.post("/lines", content=batch)) == (400, {"error": error})
    assert answer(client.get("/counts/six")) == (200, {"project": "six", "counts": []})


def test_a_body_of_the_largest_size_is_read(client: TestClient) -> None:
    line = LINE.format("2024-05-30", "six")
    unpadded = line.replace("1.0", "")
    batch = line.replace("1.0", "1" * (MAX_BODY_BYTES - len(unpadded)))
    assert answer(client.post("/lines", content=batch)) == (200, {"stored": 1})


def test_a_larger_body_is_refused(client: TestClient) -> None:
    line = LINE.format("2024-05-30", "six").encode()
    batch = line + b"x" * (MAX_BODY_BYTES - len(line) + 1)
    assert answer(client.post("/lines", content=batch)) == (
        413,
        {"error": "the body is larger than 16777216 bytes"},
    )
    assert answer(client.get("/counts/six")) == (200, {"project": "six", "counts": []})


def test_report(client: TestClient) -> None:
    days = ("2024-05-19", "2024-05-20", "2024-05-31", "2024-06-01")
    client.post("/lines", content="".join(LINE.format(day, "six") for day in days))
    assert answer(client.get("/report?weeks=2")) == (
        200,
        {"weeks": ["2024-05-20", "2024-05-27"], "projects": {"six": [1, 2]}},
    )
    assert answer(client.get("/report")) == (
        200,
        {
            "weeks": ["2024-05-06", "2024-05-13", "2024-05-20", "2024-05-27"],
            "projects": {"six": [0, 1, 1, 2]},
        },
    )


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/counts/-", 400, "project '-' is not valid"),
        ("/counts/six?since=x", 400, "since is 'x', but must be a date such as 2024-05-31"),
        ("/counts/six?until=", 400, "until is '', but must be a date such as 2024-05-31"),
        ("/report?weeks=0", 400, "weeks is '0', but must be a whole number from 1 to 520"),
        ("/report?weeks=521", 400, "weeks is '521', but must be a whole number from 1 to 520"),
        ("/report?weeks=x", 400, "weeks is 'x', but must be a whole number from 1 to 520"),
        ("/lines", 405, "Method Not Allowed"),
        ("/nothing", 404, "Not Found"),
    ],
)
def test_errors(client: TestClient, path: str, status: int, error: str) -> None:
    assert answer(client.get(path)) == (status, {"error": error})


def test_health(client: TestClient, database: Path) -> None:
    assert answer(client.get("/healthz")) == (
        200,
        {"status": "ok", "checks": {"database": "ok"}},
    )
    database.unlink()
    assert answer(client.get("/healthz")) == (
        503,
        {"status": "failing", "checks": {"database": "failing"}},
    )
    assert answer(client.get("/report")) == (
        503,
        {"error": "the database does not answer as it should"},
    )
