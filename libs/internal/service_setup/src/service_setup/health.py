"""The health route."""

import logging
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

log = logging.getLogger(__name__)

Check = Callable[[], object]
"""A check passes unless it raises an Exception."""


def health_route(checks: Mapping[str, Check]) -> Route:
    """Return the route GET /healthz, which runs every check.

    It answers 200 `{"status": "ok", "checks": {"database": "ok"}}`, or 503 with "failing"
    as the status and beside each failing check. Why it fails is logged, not told to callers.
    """

    def healthz(request: Request) -> JSONResponse:
        results = {name: _run(name, check) for name, check in checks.items()}
        failing = "failing" in results.values()
        return JSONResponse(
            {"status": "failing" if failing else "ok", "checks": results},
            status_code=503 if failing else 200,
        )

    return Route("/healthz", healthz)


def _run(name: str, check: Check) -> str:
    try:
        check()
    except Exception:
        log.exception("health check fails", extra={"fields": {"check": name}})
        return "failing"
    return "ok"
