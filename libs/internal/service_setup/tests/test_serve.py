"""Run as a program, this file is the service that its tests start."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from service_setup.health import health_route
from service_setup.logs import configure_logging
from service_setup.serve import serve
from service_setup.settings import read_settings, settings_or_exit


def start(port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__],
        env={
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PORT": str(port),
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def bound_port(service: subprocess.Popen[str]) -> int:
    assert service.stderr
    entries = (json.loads(line) for line in service.stderr)
    return next(int(entry["port"]) for entry in entries if entry["message"] == "listening")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal(number: signal.Signals) -> None:
    with start(0) as service:
        try:
            url = f"http://127.0.0.1:{bound_port(service)}/healthz"
            with urllib.request.urlopen(url, timeout=10) as response:
                assert json.load(response) == {"status": "ok", "checks": {}}
            service.send_signal(number)
            assert service.wait(timeout=20) == 0
        finally:
            service.kill()


def test_an_open_request_is_finished() -> None:
    with start(0) as service:
        try:
            with socket.create_connection(("127.0.0.1", bound_port(service)), 10) as connection:
                connection.sendall(b"GET /stop HTTP/1.1\r\nHost: index.example\r\n\r\n")
                answer = connection.makefile("rb").read()
            assert (answer[:15], answer[-8:]) == (b"HTTP/1.1 200 OK", b"finished")
            assert service.wait(timeout=20) == 0
        finally:
            service.kill()


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with start(taken.getsockname()[1]) as service:
            _, err = service.communicate(timeout=30)
    errors = [entry for entry in map(json.loads, err.splitlines()) if entry["level"] == "ERROR"]
    assert (len(errors), service.returncode != 0) == (1, True)


def stop(request: Request) -> PlainTextResponse:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.5)
    return PlainTextResponse("finished")


if __name__ == "__main__":
    settings = settings_or_exit(read_settings)
    configure_logging(settings.log_level)
    serve(Starlette(routes=[health_route({}), Route("/stop", stop)]), settings)
