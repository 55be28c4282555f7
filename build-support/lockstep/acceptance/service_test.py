"""A real service of this repository, started by Pants in the environment of its slice."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from lockstep.acceptance.monorepo import CHECKOUT

LINES = "2026-11-20T10:00:00Z\tFoo_Bar\t1.0\tfoo_bar-1.0.tar.gz\tpip/26.0\t3.11.7\tDE\n"
START_SECONDS = 180


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _answer(url: str, body: str | None = None) -> object:
    data = None if body is None else body.encode()
    with urllib.request.urlopen(url, data=data, timeout=10) as response:
        return json.load(response)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _answer(url)
            return
        except OSError:
            assert process.poll() is None, "the service ended"
            assert time.monotonic() < deadline, "the service does not answer"
            time.sleep(0.2)


def test_run_starts_the_service_and_it_answers(tmp_path: Path) -> None:
    port = _free_port()
    process = subprocess.Popen(
        ["./pants", "run", "services/linehaul/src/linehaul:bin"],
        cwd=CHECKOUT,
        env={**os.environ, "PORT": str(port), "DATABASE": str(tmp_path / "linehaul.sqlite3")},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{base}/healthz", process)
        assert _answer(f"{base}/healthz") == {"status": "ok", "checks": {"database": "ok"}}
        assert _answer(f"{base}/lines", LINES) == {"stored": 1}
        assert _answer(f"{base}/counts/foo-bar") == {
            "project": "foo-bar",
            "counts": [{"version": "1.0", "day": "2026-11-20", "downloads": 1}],
        }
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)
