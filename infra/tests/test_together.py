"""Running together, tried with small services that the tests write."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from service_files import Service

from together import Running, TogetherError, with_ports

# A service that does what its name says.
PROGRAM = """\
import http.server, json, os, pathlib, signal, sys
name = sys.argv[1]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if name == "ailing" else 200)
        self.end_headers()
    def log_message(self, *_):
        pass
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append("to end"))
server = http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)
server.timeout = 0.1
print(json.dumps({"message": "listening", "port": server.server_port}), flush=True)
while not told:
    server.handle_request()
    if name == "dying" and pathlib.Path(os.environ["STATE"], "die").exists():
        sys.exit(3)
print(name, "ends", flush=True)
"""


def write_service(folder: Path, name: str, environment: str = "") -> None:
    (folder / name / "infra").mkdir(parents=True)
    program = folder / "program.py"
    program.write_text(PROGRAM)
    (folder / name / "Procfile").write_text(f"web: python {program} {name}\n")
    (folder / name / "infra" / "service.toml").write_text(
        'process = "web"\nport = 0\nhealth = "/healthz"\n'
        f'[environment]\nSTATE = "{{state}}"\n{environment}'
    )


def together(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "together", f"--services={folder}", *options],
        cwd=folder,
        env={"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(program: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Return the exit code, and what was said but the port that a service listens at."""
    _, err = program.communicate(timeout=60)
    return program.returncode, [line for line in err.splitlines() if "listening" not in line]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_all_in_reverse_order(tmp_path: Path, number: signal.Signals) -> None:
    write_service(tmp_path, "shop", 'OVEN = "{url of oven}"\n')
    write_service(tmp_path, "oven")
    with together(tmp_path) as program:
        assert program.stdout
        assert [program.stdout.readline().split(":")[0] for _ in "12"] == [
            "oven runs at http",
            "shop runs at http",
        ]
        program.send_signal(number)
        assert ended(program) == (0, ["shop | shop ends", "oven | oven ends"])
    assert sorted(path.name for path in (tmp_path / ".state").iterdir()) == ["oven", "shop"]


def test_a_signal_ends_it_while_a_service_starts(tmp_path: Path) -> None:
    write_service(tmp_path, "ailing")
    with together(tmp_path) as program:
        assert program.stderr
        assert program.stderr.readline().startswith('ailing | {"message": "listening"')
        program.terminate()
        assert ended(program) == (0, ["ailing | ailing ends"])


def test_one_that_dies_takes_the_others_along(tmp_path: Path) -> None:
    write_service(tmp_path, "dying")
    write_service(tmp_path, "well")
    with together(tmp_path, f"--state={tmp_path / 'kept'}") as program:
        assert program.stdout
        assert [program.stdout.readline().split(" ")[0] for _ in "12"] == ["dying", "well"]
        (tmp_path / "kept" / "dying" / "die").touch()
        assert ended(program) == (1, ["well | well ends", "dying ended with exit code 3."])


def test_one_that_never_gets_healthy_is_an_error(tmp_path: Path) -> None:
    write_service(tmp_path, "ailing")
    with together(tmp_path, "--start-seconds=1.5") as program:
        assert ended(program) == (
            1,
            ["ailing | ailing ends", "ailing is not healthy after 1.5 seconds."],
        )


def test_one_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    write_service(tmp_path, "shop")
    (tmp_path / "shop" / "Procfile").write_text("web: /no/such/program\n")
    with together(tmp_path) as program:
        assert ended(program) == (
            1,
            ["shop cannot be started: [Errno 2] No such file or directory: " "'/no/such/program'."],
        )


def test_a_taken_port_is_an_error(tmp_path: Path) -> None:
    write_service(tmp_path, "oven")
    write_service(tmp_path, "shop")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with together(tmp_path, f"--ports=shop={port}") as program:
            assert ended(program) == (
                1,
                [f"Port {port} of shop is taken; --ports chooses others."],
            )
    with together(tmp_path, f"--ports=oven={port},shop={port}") as program:
        assert ended(program) == (1, [f"Port {port} of shop is taken; --ports chooses others."])


def test_a_state_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    write_service(tmp_path, "shop")
    (tmp_path / "file").touch()
    with together(tmp_path, "--state=file") as program:
        assert ended(program) == (
            1,
            [f"{tmp_path}/file/shop cannot be made: Not a directory; see --state."],
        )


def test_without_a_reader_of_logs_all_are_stopped(tmp_path: Path) -> None:
    write_service(tmp_path, "oven")
    with together(tmp_path) as program:
        assert program.stdout and program.stderr
        assert program.stdout.readline().startswith("oven runs at ")
        program.stderr.close()
        program.stderr = None
        program.terminate()
        assert program.wait(timeout=60) == 0


@pytest.mark.parametrize("end", ["sleep 600", "sleep 600 & exit"])
def test_what_does_not_end_by_itself_is_killed(
    end: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("together.STOP_SECONDS", 0.5)

    async def start_and_stop() -> None:
        service = Service("stubborn", ("sh", "-c", f"trap '' TERM; echo here; {end}"), 0, "/", {})
        running = await Running.start(service, {"PATH": "/usr/bin:/bin"})
        while capsys.readouterr().err != "stubborn | here\n":
            await asyncio.sleep(0.05)
        # It waits for the end of the output, which the sleeping process holds too.
        await asyncio.wait_for(running.stop(), 60)

    asyncio.run(start_and_stop())


def test_no_services_are_an_error(tmp_path: Path) -> None:
    with together(tmp_path) as program:
        assert ended(program) == (1, [f"There is no */infra/service.toml in {tmp_path}."])


def test_ports() -> None:
    services = [Service(name, ("true",), 80, "/", {}) for name in ("oven", "shop")]
    for chosen, ports in {None: [80, 80], "any": [0, 0], "shop=81": [80, 81]}.items():
        assert [service.port for service in with_ports(services, chosen)] == ports


@pytest.mark.parametrize("chosen", ["", "shop", "shop=", "shop=65536", "shop=-1", "market=1"])
def test_no_ports(chosen: str) -> None:
    services = [Service(name, ("true",), 80, "/", {}) for name in ("shop", "oven")]
    with pytest.raises(TogetherError) as caught:
        with_ports(services, chosen)
    assert str(caught.value) == (
        f"--ports is {chosen!r}, but must be any, or NAME=PORT,… for names of oven, shop."
    )
