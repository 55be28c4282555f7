"""Report downloads to linehaul, which describes the format of its lines in its README."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import httpx2

from package_index.names import FileName

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
TIMEOUT_SECONDS = 5


class Reporter:
    """Sends lines in the background; what cannot be sent is logged and dropped.

    Nothing is sent twice: after a timeout it is unknown whether a batch was counted.
    """

    def __init__(self, linehaul_url: str | None) -> None:
        self._url = linehaul_url
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING)

    def report(self, line: str) -> None:
        """Take a line, without waiting. Without a URL this does nothing."""
        if self._url:
            try:
                self._waiting.put_nowait(line)
            except asyncio.QueueFull:
                log.warning("download dropped", extra={"fields": {"waiting": MAX_WAITING}})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send what is reported until the context is left and nothing waits any more."""
        if not self._url:
            yield
            return
        async with httpx2.AsyncClient(base_url=self._url, timeout=TIMEOUT_SECONDS) as client:
            task = asyncio.create_task(self._work(client))
            yield
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.join(), 2 * TIMEOUT_SECONDS)
            task.cancel()

    async def _work(self, client: httpx2.AsyncClient) -> None:
        while True:
            lines = [await self._waiting.get()]
            lines += [self._waiting.get_nowait() for _ in range(self._waiting.qsize())]
            await self._send(client, lines)
            for _ in lines:
                self._waiting.task_done()

    async def _send(self, client: httpx2.AsyncClient, lines: list[str]) -> None:
        try:
            response = await client.post("/lines", content="".join(lines).encode())
        except httpx2.HTTPError as error:
            _log_failure(lines, str(error) or type(error).__name__)
            return
        if not response.is_success:
            _log_failure(lines, f"status {response.status_code}")


def _log_failure(lines: list[str], error: str) -> None:
    fields = {"lines": len(lines), "error": error}
    log.warning("downloads not reported", extra={"fields": fields})


def download_line(time: datetime, file: FileName, user_agent: str) -> str:
    """Return the line, ended by LF, of one download."""
    installer, python = _installer_and_python(user_agent)
    moment = time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    fields = (moment, file.project, str(file.version), file.name, installer, python, "-")
    return "\t".join(fields) + "\n"


def _installer_and_python(user_agent: str) -> tuple[str, str]:
    """Read the user agents of pip and uv: a product, a space and a JSON object."""
    try:
        told: Any = json.loads(user_agent.partition(" ")[2])
        installer = f"{told['installer']['name']}/{told['installer']['version']}"
        python = str(told.get("python"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "-", "-"
    return (
        installer if re.fullmatch(r"[!-.0-~]{1,64}/[!-.0-~]{1,64}", installer) else "-",
        python if re.fullmatch(r"(?=.{1,64}$)[0-9]+(\.[0-9]+)+[0-9A-Za-z.+-]*", python) else "-",
    )
