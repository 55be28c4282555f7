import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx2
import pytest

from linehaul.app import MAX_BODY_BYTES
from linehaul.client import Client, ClientError
from linehaul.store import Count

LINE = "2024-05-{}T12:00:00Z\tTyping_Extensions\t4.12.0\tfile.tar.gz\tpip/24.0\t3.11.7\tFR\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environ = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATABASE": str(tmp_path / "counts.sqlite3"),
        "PORT": "0",
    }
    command = [sys.executable, "-m", "linehaul"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture
def url(service: subprocess.Popen[str]) -> str:
    assert service.stderr
    entries = (json.loads(line) for line in service.stderr)
    listening = next(entry for entry in entries if entry["message"] == "listening")
    return f"http://{listening['host']}:{listening['port']}"


def test_send_and_count_until_terminated(service: subprocess.Popen[str], url: str) -> None:
    health = httpx2.get(f"{url}/healthz", timeout=10)
    assert (health.status_code, health.json()) == (
        200,
        {"status": "ok", "checks": {"database": "ok"}},
    )
    with Client(url) as client:
        assert client.send(LINE.format(30) * 2 + LINE.format(31)) == 3
        assert client.counts("typing.extensions") == [
            Count("typing-extensions", "4.12.0", date(2024, 5, 30), 2),
            Count("typing-extensions", "4.12.0", date(2024, 5, 31), 1),
        ]
        assert client.counts("typing.extensions", since=date(2024, 5, 31)) == [
            Count("typing-extensions", "4.12.0", date(2024, 5, 31), 1),
        ]
        assert client.counts("typing.extensions", until=date(2024, 5, 29)) == []
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=20) == 0


def test_refusals(url: str) -> None:
    with Client(url) as client:
        with pytest.raises(ClientError) as caught:
            client.send(LINE.format(30) + "noon\n")
        assert str(caught.value) == (
            'POST /lines: 400 {"error":"line 2: 1 tab separated fields instead of 7"}'
        )
        with pytest.raises(ClientError) as caught:
            client.counts("a?b")
        assert str(caught.value) == (
            'GET /counts/a%3Fb: 400 {"error":"project \'a?b\' is not valid"}'
        )
        with pytest.raises(ClientError) as caught:
            client.send("x" * (4 * MAX_BODY_BYTES))
        assert str(caught.value) == (
            'POST /lines: 413 {"error":"the body is larger than 16777216 bytes"}'
        )
        assert client.counts("typing-extensions") == []


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Client(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2) as client:
            with pytest.raises(ClientError) as caught:
                client.send("")
    assert str(caught.value) == "POST /lines: timed out"


def test_no_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}") as client, pytest.raises(ClientError) as caught:
        client.counts("six")
    assert str(caught.value) == "GET /counts/six: [Errno 111] Connection refused"
