"""The HTTP API; the README of the service describes it."""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from linehaul.lines import LineError, normalise, parse_lines
from linehaul.report import first_day, weekly_totals
from linehaul.store import Store, StoreError
from service_setup.health import health_route

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_WEEKS = 520


def utc_today() -> date:
    """Return the current day in UTC."""
    return datetime.now(UTC).date()


def create_app(store: Store, today: Callable[[], date] = utc_today) -> Starlette:
    """Return the application. Errors are answered as `{"error": sentence}`."""

    async def lines(request: Request) -> JSONResponse:
        stored = await run_in_threadpool(_store_lines, store, await _body(request))
        return JSONResponse({"stored": stored})

    def counts(request: Request) -> JSONResponse:
        try:
            project = normalise(request.path_params["project"])
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        since = _date(request, "since", date.min)
        until = _date(request, "until", date.max)
        found = [
            {"version": count.version, "day": count.day.isoformat(), "downloads": count.downloads}
            for count in store.counts(project, since, until)
        ]
        return JSONResponse({"project": project, "counts": found})

    def report(request: Request) -> JSONResponse:
        weeks, day = _weeks(request), today()
        return JSONResponse(weekly_totals(store.counts(since=first_day(weeks, day)), weeks, day))

    return Starlette(
        routes=[
            Route("/lines", lines, methods=["POST"]),
            Route("/counts/{project}", counts),
            Route("/report", report),
            health_route({"database": store.check}),
        ],
        exception_handlers={HTTPException: _error, StoreError: _store_error},
    )


async def _body(request: Request) -> bytes:
    """Return the body, or answer 413 as soon as it gets too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"the body is larger than {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _store_lines(store: Store, body: bytes) -> int:
    """Store a whole batch and return its number of lines, or answer 400 and store nothing."""
    try:
        downloads = parse_lines(_decode(body))
    except LineError as error:
        raise HTTPException(400, str(error)) from error
    store.add(downloads)
    return len(downloads)


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise LineError(body.count(b"\n", 0, error.start) + 1, "not UTF-8") from error


def _date(request: Request, name: str, default: date) -> date:
    value = request.query_params.get(name)
    if value is None:
        return default
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        message = f"{name} is {value!r}, but must be a date such as 2024-05-31"
        raise HTTPException(400, message) from error


def _weeks(request: Request) -> int:
    value = request.query_params.get("weeks", "4")
    valid = value.isascii() and value.isdigit() and len(value) <= 3
    if not valid or not 1 <= int(value) <= MAX_WEEKS:
        message = f"weeks is {value!r}, but must be a whole number from 1 to {MAX_WEEKS}"
        raise HTTPException(400, message)
    return int(value)


def _error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _store_error(request: Request, error: Exception) -> JSONResponse:
    log.error("database failure", exc_info=error)
    return JSONResponse({"error": "the database does not answer as it should"}, 503)
