"""The web pages; the README of the service describes them."""

import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from markupsafe import Markup
from packaging.utils import canonicalize_name
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from distribution_metadata import Distribution, DistributionError, read_distribution
from feature_flags import Flags
from inspector.downloads import downloads_by_version
from inspector.pages import page, style
from inspector.simple import File, Index, IndexFailure
from safe_descriptions import render_description
from service_setup.health import health_route

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10


def create_app(index_url: str, linehaul_url: str | None, flags: Flags) -> Starlette:
    """Return the application. Errors are pages too."""
    http = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=True)
    index = Index(http, index_url)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with http:
            yield

    async def home(request: Request) -> Response:
        query = request.query_params.get("q", "").strip()
        wanted = canonicalize_name(query)
        projects = [name for name in await index.projects() if wanted in canonicalize_name(name)]
        return page("home.html", query=query, projects=projects)

    async def project(request: Request) -> Response:
        asked = request.path_params["project"]
        name = canonicalize_name(asked)
        if name != asked:
            return RedirectResponse(f"/project/{name}", 301)
        files = await index.files(name)
        if not files:
            raise HTTPException(404, f"There is no project {name}.")
        shown = flags.is_on("show_downloads", key=name)
        downloads = await downloads_by_version(http, linehaul_url, name) if shown else None
        return page(
            "project.html", project=name, files=files, show_downloads=shown, downloads=downloads
        )

    async def file(request: Request) -> Response:
        name = canonicalize_name(request.path_params["project"])
        asked = request.path_params["file"]
        found = next((file for file in await index.files(name) if file.name == asked), None)
        if found is None:
            raise HTTPException(404, f"There is no file {asked} of {name}.")
        distribution = await _distribution(index, found)
        description = await run_in_threadpool(_description, distribution)
        return page(
            "file.html",
            project=name,
            file=found,
            distribution=distribution,
            description=description,
        )

    return Starlette(
        routes=[
            Route("/", home),
            Route("/style.css", style),
            Route("/project/{project}", project),
            Route("/project/{project}/{file}", file),
            health_route({}),
        ],
        exception_handlers={
            HTTPException: _http_error,
            IndexFailure: _index_failure,
            DistributionError: _damaged,
        },
        lifespan=lifespan,
    )


async def _distribution(index: Index, file: File) -> Distribution:
    if "/" in file.name or not file.name.endswith((".whl", ".tar.gz")):
        raise HTTPException(404, f"{file.name} is neither a wheel nor a .tar.gz sdist.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, file.name)
        await index.download(file, path)
        return await run_in_threadpool(read_distribution, path)


def _description(distribution: Distribution) -> Markup:
    text = distribution.description or ""
    return Markup(render_description(text, distribution.description_content_type))


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return page("error.html", error.status_code, message=error.detail)


def _index_failure(request: Request, error: Exception) -> Response:
    log.warning("index failure", exc_info=error)
    return page("error.html", 502, message=f"Sorry: {error}.")


def _damaged(request: Request, error: Exception) -> Response:
    return page("error.html", 422, message=f"This file cannot be shown: {error}.")
