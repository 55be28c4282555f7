"""An index that fails in the middle of an upgrade: the old lock stays whole, and the fault is told."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Callable, Iterator

import pytest

from lockstep.acceptance.conftest import ALPHA, BETA
from lockstep.acceptance.monorepo import GRAPH, LOCK, Monorepo
from lockstep.acceptance.wheels import make_wheel

Fault = Callable[["FaultyIndex", BaseHTTPRequestHandler, bytes], None]


class FaultyIndex:
    """Serves wheels as HTML pages (PEP 503), until it is told otherwise.

    Attributes:
        packages: the folder of the wheels.
        fault: what becomes of an answer; a file is its body, or a page.
    """

    def __init__(self, packages: Path) -> None:
        self.packages = packages
        self.pages: Fault = whole
        self.files: Fault = whole
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                _, kind, name = self.path.rstrip("/").split("/")
                if kind == "simple":
                    outer.pages(outer, self, outer.page(name))
                else:
                    outer.files(outer, self, (outer.packages / name).read_bytes())

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/simple/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def page(self, name: str) -> bytes:
        wheels = sorted(self.packages.glob(f"{name.replace('-', '_')}-*.whl"))
        digests = {w.name: hashlib.sha256(w.read_bytes()).hexdigest() for w in wheels}
        links = (f'<a href="/files/{n}#sha256={d}">{n}</a><br>' for n, d in digests.items())
        return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()


def answer(handler: BaseHTTPRequestHandler, body: bytes, status: int, length: int) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Cache-Control", "no-store")
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(body)


def whole(_: FaultyIndex, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, body, 200, len(body))


def cut(_: FaultyIndex, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, body[: len(body) // 2], 200, len(body))


def altered(_: FaultyIndex, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, body + b"\0", 200, len(body) + 1)


def missing(_: FaultyIndex, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, b"", 404, 0)


def broken(_: FaultyIndex, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, b"", 500, 0)


def slow(_: FaultyIndex, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    time.sleep(30)


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[FaultyIndex]:
    index = FaultyIndex(tmp_path)
    yield index
    index.http.shutdown()
    index.http.server_close()


def told(repo: Monorepo) -> str:
    """What an upgrade says that fails, but for its progress."""
    done = repo.pants("lock", "--upgrade")
    assert done.exit_code == 1, done.output
    return "".join(f"{line}\n" for line in done.output.splitlines() if "[INFO]" not in line)


def test_an_index_that_fails_leaves_the_lock_and_is_told(
    dated: Monorepo, faulty: FaultyIndex
) -> None:
    for project, requires in ((ALPHA, [BETA]), (BETA, [])):
        make_wheel(faulty.packages, project, "1.0", requires=requires)
    configured = dated.variables["PIP_EXTRA_INDEX_URL"].rpartition(" ")[0]
    impatient = {"PIP_DEFAULT_TIMEOUT": "", "PIP_TIMEOUT": "1", "UV_HTTP_RETRIES": "1"}
    urls = {"PIP_EXTRA_INDEX_URL": f"{configured} {faulty.url}".strip()}
    repo = replace(dated, variables={**dated.variables, **impatient, **urls})
    written = repo.pants("lock")
    assert written.exit_code == 0, written.output
    before = repo.read(LOCK), repo.read(GRAPH)
    for project, requires in ((ALPHA, [BETA]), (BETA, [])):
        make_wheel(faulty.packages, project, "2.0", requires=requires)

    page = f"{faulty.url}lockstep-alpha/"
    fault = f"{LOCK} stands as it was, since an index does not answer as it should. See to what"
    for pages, files, resolver, names in (
        (slow, whole, "uv", f"Failed to fetch: {page}"),
        (broken, whole, "uv", f"Failed to fetch: {page}"),
        (cut, whole, "uv", f"Failed to fetch: {page}"),
        (whole, missing, "uv", "404 Not Found"),
        (whole, cut, "pip-tools", "IncompleteDownloadError: "),
        (whole, altered, "pip-tools", "HashMismatch: THESE PACKAGES DO NOT MATCH THE HASHES"),
    ):
        faulty.pages, faulty.files = pages, files
        said = told(repo)
        assert said.startswith(f"{fault} {resolver} names, then run this again.\n"), said
        assert names in said and "Traceback" not in said, said
        assert (repo.read(LOCK), repo.read(GRAPH)) == before

    faulty.pages, faulty.files = missing, whole
    assert told(repo).startswith(
        f"{LOCK} stands as it was, since its inputs cannot be resolved. Change what is named here,"
    )
    faulty.http.shutdown()
    faulty.http.server_close()
    assert told(repo).startswith(f"{fault} uv names, then run this again.\n")
    assert (repo.read(LOCK), repo.read(GRAPH)) == before
    checked = repo.pants("lock", "--check")
    assert (checked.exit_code, checked.output) == (0, f"{LOCK} fits its inputs.\n")
