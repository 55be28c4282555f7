"""Read a package index over the simple JSON API (PEP 691, PEP 700)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

_JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
# All of it, but as a range: looking into a file is no download for an index to count.
_WHOLE = {"Accept-Encoding": "identity", "Range": "bytes=0-"}

MAX_FILE_SIZE = 256 * 1024 * 1024
"""In bytes."""


class IndexFailure(Exception):
    """The index could not be reached in time, or answered nonsense."""


@dataclass(frozen=True)
class File:
    """A file of a project. What the index does not tell is None; `yanked` may be empty then."""

    name: str
    version: str | None
    url: str
    sha256: str | None
    size: int | None
    uploaded: datetime | None
    yanked: str | None


class Index:
    """The index whose simple API is at `url`; every method raises IndexFailure."""

    def __init__(self, http: httpx2.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url.rstrip("/") + "/"

    async def projects(self) -> list[str]:
        """Return the names of all projects, as the index orders them."""
        _, answer = await self._get(self._url)
        try:
            return [str(project["name"]) for project in answer["projects"]]
        except (LookupError, TypeError) as error:
            raise IndexFailure("the list of projects cannot be read") from error

    async def files(self, project: str) -> list[File]:
        """Return the files of a project (normalised name), or none if there is no such project."""
        url, answer = await self._get(f"{self._url}{project}/")
        try:
            return [_file(url, file) for file in answer["files"]] if answer else []
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise IndexFailure(f"the files of {project} cannot be read") from error

    async def download(self, file: File, path: Path) -> None:
        """Write a file to `path`, and see that it is what the index announced."""
        digest, size = hashlib.sha256(), 0
        try:
            async with self._http.stream("GET", file.url, headers=_WHOLE) as response:
                if not response.is_success:
                    raise IndexFailure(
                        f"the index answers {response.status_code} instead of {file.name}"
                    )
                with path.open("wb") as copy:
                    async for chunk in response.aiter_raw():
                        digest.update(chunk)
                        size += len(chunk)
                        if size > MAX_FILE_SIZE:
                            raise IndexFailure(f"{file.name} is larger than {MAX_FILE_SIZE} bytes")
                        copy.write(chunk)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise IndexFailure(f"{file.name} cannot be fetched") from error
        if file.sha256 not in (None, digest.hexdigest()):
            raise IndexFailure(f"{file.name} does not have the SHA-256 that the index tells")

    async def _get(self, url: str) -> tuple[str, Any]:
        """Return the URL that answered and its JSON; None if there is no such page."""
        try:
            response = await self._http.get(url, headers=_JSON)
            if response.status_code == 404:
                return url, None
            if not response.is_success:
                raise IndexFailure(f"the index answers with status {response.status_code}")
            return str(response.url), response.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise IndexFailure("the index does not answer as it should") from error


def _file(page_url: str, file: Any) -> File:
    yanked, uploaded = file.get("yanked"), file.get("upload-time")
    name = str(file["filename"])
    return File(
        name=name,
        version=_version(name),
        url=urljoin(page_url, file["url"]),
        sha256=file["hashes"].get("sha256"),
        size=file.get("size"),
        uploaded=None if uploaded is None else datetime.fromisoformat(uploaded),
        yanked=None if not yanked else "" if yanked is True else str(yanked),
    )


def _version(name: str) -> str | None:
    try:
        wheel = name.endswith(".whl")
        return str((parse_wheel_filename(name) if wheel else parse_sdist_filename(name))[1])
    except (InvalidSdistFilename, InvalidWheelFilename):
        return None
