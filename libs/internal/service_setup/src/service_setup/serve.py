"""Serve an application until the process is told to stop."""

import logging
import signal
import socket
import sys
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from service_setup.settings import Settings

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 10


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        for server in self.servers:
            for bound in server.sockets:
                host, port = bound.getsockname()[:2]
                log.info("listening", extra={"fields": {"host": host, "port": port}})


def serve(app: ASGIApp, settings: Settings) -> NoReturn:
    """Serve `app` until SIGTERM or SIGINT, finish open requests, and exit with code 0.

    Logs "listening" with the host and port actually bound. Exits with another code if it
    cannot start.
    """
    # uvicorn raises the signal again once it has shut down; without these handlers
    # the process would then be killed by it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )
    server.run()
    sys.exit(0 if server.started else 1)
