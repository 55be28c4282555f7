"""The upload API, as twine uses it: a POST of multipart/form-data."""

import logging

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from package_index.names import parse_file_name
from package_index.store import FileExists, Store

log = logging.getLogger(__name__)

MAX_FIELD_SIZE = 16 * 1024 * 1024
"""In bytes, of every field but the file: a description may be long."""


def upload_route(store: Store) -> Route:
    """Return the route POST /legacy/.

    The fields `:action` (file_upload), `sha256_digest` and `content` are needed. The others repeat
    the metadata of the file and are not looked at.
    """

    async def upload(request: Request) -> JSONResponse:
        async with request.form(max_part_size=MAX_FIELD_SIZE) as form:
            name = await run_in_threadpool(_store, store, form)
        log.info("uploaded", extra={"fields": {"file": name}})
        return JSONResponse({"stored": name})

    return Route("/legacy/", upload, methods=["POST"])


def _store(store: Store, form: FormData) -> str:
    content, sha256 = form.get("content"), form.get("sha256_digest")
    if form.get(":action") != "file_upload":
        raise HTTPException(400, ":action is not file_upload")
    if not isinstance(content, UploadFile) or not isinstance(sha256, str):
        raise HTTPException(400, "content, a file, and sha256_digest are needed")
    try:
        file = parse_file_name(content.filename or "")
        store.add(file, content.file, sha256)
    except FileExists as error:
        raise HTTPException(409, f"{file.name} already exists") from error
    except ValueError as error:
        raise HTTPException(400, str(error)) from error
    return file.name
