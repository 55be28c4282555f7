"""The HTTP API; the README of the service describes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from packaging.utils import canonicalize_name
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from package_index.downloads import Reporter, download_line
from package_index.names import FileName, parse_file_name
from package_index.simple import choose_type, project_detail, project_list
from package_index.store import Store
from package_index.upload import upload_route
from service_setup.health import health_route

METADATA = ".metadata"


def create_app(store: Store, reporter: Reporter) -> Starlette:
    """Return the application. Errors are answered as `{"error": sentence}`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with reporter.running():
            yield

    def projects(request: Request) -> Response:
        content_type = _content_type(request)
        return _page(project_list(store.projects(), content_type), content_type)

    def project(request: Request) -> Response:
        asked = request.path_params["project"]
        name = canonicalize_name(asked)
        if name != asked:
            return RedirectResponse(f"../{name}/", 301)
        content_type = _content_type(request)
        files = store.files(name)
        if not files:
            raise HTTPException(404, f"there is no project {name!r}")
        return _page(project_detail(name, files, content_type), content_type)

    async def file(request: Request) -> Response:
        name = request.path_params["file"]
        if name.endswith(METADATA):
            wheel = _file_name(name.removesuffix(METADATA))
            metadata = await run_in_threadpool(store.metadata, wheel)
            if metadata is None:
                raise _no_file(name)
            return Response(metadata, media_type="application/octet-stream")
        found = _file_name(name)
        path = await run_in_threadpool(store.path, found)
        if path is None:
            raise _no_file(name)
        if request.method == "GET" and "range" not in request.headers:
            agent = request.headers.get("user-agent", "")
            reporter.report(download_line(datetime.now(UTC), found, agent))
        return FileResponse(path, media_type="application/octet-stream")

    return Starlette(
        routes=[
            Route("/simple/", projects),
            Route("/simple/{project}/", project),
            Route("/files/{file}", file),
            upload_route(store),
            health_route({"packages": store.check}),
        ],
        exception_handlers={HTTPException: _error},
        lifespan=lifespan,
    )


def _content_type(request: Request) -> str:
    content_type = choose_type(",".join(request.headers.getlist("accept")))
    if content_type is None:
        raise HTTPException(406, "no accepted content type is one of the simple API")
    return content_type


def _page(text: str, content_type: str) -> Response:
    return Response(text, media_type=content_type, headers={"Vary": "Accept"})


def _file_name(name: str) -> FileName:
    try:
        return parse_file_name(name)
    except ValueError as error:
        raise _no_file(name) from error


def _no_file(name: str) -> HTTPException:
    return HTTPException(404, f"there is no file {name!r}")


def _error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)
