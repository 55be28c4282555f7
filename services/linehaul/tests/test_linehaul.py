"""Linehaul as a program, and its databases."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import psycopg
import pytest
from postgres_server import PASSWORD, running_postgres
from psycopg import sql

LINE = "2024-05-31T12:00:00Z\tSix\t1.0\tfile.tar.gz\tpip/24.0\t3.11.7\tFR\n"
FAILING = {"status": "failing", "checks": {"database": "failing"}}


def start(database: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "linehaul"],
        env={
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DATABASE": database,
            "PORT": "0",
            "LOG_LEVEL": "DEBUG",
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def bound_url(service: subprocess.Popen[str]) -> str:
    assert service.stderr
    entries = (json.loads(line) for line in service.stderr)
    listening = next(entry for entry in entries if entry["message"] == "listening")
    return f"http://{listening['host']}:{listening['port']}"


def test_postgres_keeps_the_counts_and_no_log_tells_its_password() -> None:
    with running_postgres() as database, start(database) as service:
        try:
            with httpx2.Client(base_url=bound_url(service), timeout=20) as client:
                assert client.post("/lines", content=LINE * 2).json() == {"stored": 2}
                assert client.get("/counts/six").json() == {
                    "project": "six",
                    "counts": [{"version": "1.0", "day": "2024-05-31", "downloads": 2}],
                }
                with psycopg.connect(database) as connection:
                    connection.execute(
                        sql.SQL("ALTER USER baker PASSWORD {}").format(sql.Literal("other"))
                    )
                health = client.get("/healthz")
                assert (health.status_code, health.json()) == (503, FAILING)
                assert client.post("/lines", content=LINE).status_code == 503
            service.send_signal(signal.SIGTERM)
            _, logs = service.communicate(timeout=20)
        finally:
            service.kill()
    assert service.returncode == 0
    reasons = [
        json.loads(line).get("exception", "").splitlines()[-1:] for line in logs.splitlines()
    ]
    reason = (
        "linehaul.store.StoreError: connection failed: connection to server on socket "
        f'"{database.rpartition("=")[2]}/.s.PGSQL.5432" failed: '
        'FATAL:  password authentication failed for user "…"'
    )
    assert [found for found in reasons if found] == [[reason], [reason]]
    assert (PASSWORD in logs, database in logs) == (False, False)


@pytest.mark.parametrize(
    ("database", "sentence"),
    [
        ("postgresql://baker:br%read@db.example", "the postgresql:// URL is not valid"),
        ("{}/data", "file is not a database"),
    ],
)
def test_a_bad_database_ends_it_with_one_sentence(
    tmp_path: Path, database: str, sentence: str
) -> None:
    (tmp_path / "data").write_text("no database" * 100)
    with start(database.format(tmp_path)) as service:
        _, errors = service.communicate(timeout=30)
    assert (service.returncode, errors) == (1, f"DATABASE cannot be used: {sentence}.\n")


def test_a_missing_database_ends_it_with_one_sentence() -> None:
    with start("/no/such/file") as service:
        _, errors = service.communicate(timeout=30)
    assert (service.returncode, errors) == (
        1,
        "DATABASE is '/no/such/file', but must be a postgresql:// URL or the path of a file in an "
        "existing directory.\n",
    )
