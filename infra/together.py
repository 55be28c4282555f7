"""Run all services on this machine until told to stop: `./pants run infra/together.py`."""

import argparse
import asyncio
import http.client
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from service_files import Service, ServiceFileError, read_services

HOST = "127.0.0.1"
STOP_SECONDS = 30
LONGEST_LOG_LINE = 16 * 1024 * 1024
"""In bytes."""


class TogetherError(Exception):
    """The services cannot run together, for the one reason that the message gives."""


class Running:
    """A service's process, whose output goes to stderr behind the name of the service."""

    def __init__(self, service: Service, process: Process) -> None:
        self.service = service
        self._process = process
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._output = asyncio.create_task(self._pass_on_output())

    @classmethod
    async def start(cls, service: Service, environment: Mapping[str, str]) -> "Running":
        """Start the service. Raises TogetherError if there is no such program."""
        try:
            process = await asyncio.create_subprocess_exec(
                *service.command,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                limit=LONGEST_LOG_LINE,
                # Ctrl-C is for this program, which stops the services one by one.
                start_new_session=True,
            )
        except OSError as error:
            raise TogetherError(f"{service.name} cannot be started: {error}.") from error
        return cls(service, process)

    async def url_once_healthy(self, seconds: float) -> str:
        """Wait until the service answers that it is healthy. Raises TogetherError."""
        try:
            async with asyncio.timeout(seconds):
                port = await self._port
                while not await asyncio.to_thread(_is_healthy, port, self.service.health):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            message = f"{self.service.name} is not healthy after {seconds:g} seconds."
            raise TogetherError(message) from None
        return f"http://{HOST}:{port}"

    async def watch(self) -> None:
        """Raise TogetherError once the process ends."""
        code = await self._process.wait()
        how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
        raise TogetherError(f"{self.service.name} ended {how}.")

    async def stop(self) -> None:
        """End the process, gently if it lets us, and whatever it has started."""
        if self._process.returncode is None:
            self._process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._output

    async def _pass_on_output(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            try:
                print(f"{self.service.name} | {text}", file=sys.stderr, flush=True)
            except OSError:
                # Nobody reads this program's logs; unless it reads the service's, that one stalls.
                sys.stderr = open(os.devnull, "w")
            if not self._port.done() and (port := _listening_port(text)):
                self._port.set_result(port)


async def run(services: list[Service], state: Path, seconds: float) -> None:
    """Run the services, each started once those before it are healthy, until a signal.

    Once all are healthy, a line on stdout tells the URL of each. After the signal, or if one of
    them fails, stop all in reverse order. Raises TogetherError if one failed.
    """
    running: list[Running] = []
    work = asyncio.create_task(_start_and_watch(services, state, seconds, running))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    await asyncio.wait({work})
    for one in reversed(running):
        await one.stop()
    if not work.cancelled() and (errors := work.exception()):
        assert isinstance(errors, BaseExceptionGroup)
        raise errors.exceptions[0]


async def _start_and_watch(
    services: list[Service], state: Path, seconds: float, running: list[Running]
) -> None:
    urls: dict[str, str] = {}
    async with asyncio.TaskGroup() as group:
        for service in services:
            folder = _state_folder(state, service)
            environment = {
                **os.environ,
                # Pants tells the import path by a variable that only its own Python reads.
                "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
                "no_proxy": HOST,
                "HOST": HOST,
                "PORT": str(service.port),
                **service.filled_environment(folder, urls),
            }
            one = await Running.start(service, environment)
            running.append(one)
            group.create_task(one.watch())
            urls[service.name] = await one.url_once_healthy(seconds)
        for name, url in urls.items():
            print(f"{name} runs at {url}", flush=True)


def _state_folder(state: Path, service: Service) -> Path:
    folder = state.absolute() / service.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TogetherError(f"{folder} cannot be made: {error.strerror}; see --state.") from error
    return folder


def _listening_port(line: str) -> int | None:
    """Return the port that a log line tells, if it is the one that services begin with."""
    try:
        entry = json.loads(line)
        return int(entry["port"]) if entry["message"] == "listening" else None
    except (ValueError, LookupError, TypeError):
        return None


def _is_healthy(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def with_ports(services: list[Service], chosen: str | None) -> list[Service]:
    """Give services other ports: `any` free ones, or `index=9000,linehaul=0`.

    Raises TogetherError if this is no such text.
    """
    if chosen is None:
        return services
    if chosen == "any":
        return [replace(service, port=0) for service in services]
    ports = {}
    names = {service.name for service in services}
    for text in chosen.split(","):
        name, _, port = text.partition("=")
        if name not in names or not port.isascii() or not port.isdigit() or int(port) > 65535:
            valid = f"any, or NAME=PORT,… for names of {', '.join(sorted(names))}"
            raise TogetherError(f"--ports is {chosen!r}, but must be {valid}.")
        ports[name] = int(port)
    return [replace(s, port=ports.get(s.name, s.port)) for s in services]


def see_that_ports_are_free(services: list[Service]) -> None:
    """Raise TogetherError if a service's port is taken, be it by another service."""
    with ExitStack() as sockets:
        for service in services:
            try:
                sockets.enter_context(socket.create_server((HOST, service.port)))
            except OSError as error:
                message = f"Port {service.port} of {service.name} is taken; --ports chooses others."
                raise TogetherError(message) from error


def main() -> None:
    """Read the command line, and exit with code 0 after a signal and with 1 after an error."""
    root = Path(__file__).parents[1]
    parser = argparse.ArgumentParser(prog="together", description=__doc__)
    parser.add_argument("--ports", help="any (free ones), or NAME=PORT,…; 0 is any free one")
    parser.add_argument(
        "--state", type=Path, default=Path(".state"), help="the folder of all data (.state)"
    )
    parser.add_argument(
        "--start-seconds", type=float, default=60, help="how long a service may take to start (60)"
    )
    parser.add_argument(
        "--services", type=Path, default=root / "services", help="the folder of the services"
    )
    options = parser.parse_args()
    try:
        services = with_ports(read_services(options.services), options.ports)
        see_that_ports_are_free(services)
        asyncio.run(run(services, options.state, options.start_seconds))
    except (ServiceFileError, TogetherError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
