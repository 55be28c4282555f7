"""An index with one project, and a linehaul, that the tests of the inspector make themselves."""

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

METADATA = """\
Metadata-Version: 2.1
Name: Bread.Box
Version: 1.0
Summary: Keeps <bread>
Requires-Python: >=3.8
Requires-Dist: oven>=2
Description-Content-Type: text/markdown

*Bread* <script>alert(1)</script><img src=x onerror=alert(1)>
"""
WHEEL = "bread_box-1.0-py3-none-any.whl"
BROKEN = "bread_box-2.0.tar.gz"
CHANGED = "bread_box-3.0.tar.gz"
COUNTS = [
    {"version": "1.0", "day": "2024-05-30", "downloads": 2},
    {"version": "1.0", "day": "2024-05-31", "downloads": 3},
]


def make_files(folder: Path) -> None:
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        archive.writestr("bread_box/<b>.py", "x" * 2500)
        archive.writestr("bread_box-1.0.dist-info/METADATA", METADATA)
    (folder / BROKEN).write_bytes(b"")
    (folder / CHANGED).write_bytes(b"changed")


def project_page(folder: Path) -> dict[str, object]:
    """The least that PEP 691 asks for, but the wheel has everything."""
    content = (folder / WHEEL).read_bytes()
    wheel = {
        "filename": WHEEL,
        "url": f"../../files/{WHEEL}",
        "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
        "size": len(content),
        "upload-time": "2024-05-31T23:59:58.250000Z",
        "yanked": "stale <bread>",
    }
    broken = {"filename": BROKEN, "url": f"../../files/{BROKEN}", "hashes": {}, "yanked": True}
    changed = {"filename": CHANGED, "url": f"/files/{CHANGED}", "hashes": {"sha256": "0"}}
    return {"name": "bread-box", "files": [wheel, broken, changed]}


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Serve a folder as an index and its downloads as linehaul, and yield the URL."""
    make_files(folder)
    answers: dict[str, object] = {
        "/simple/": {"projects": [{"name": "Bread.Box"}, {"name": "butter"}]},
        "/simple/bread-box/": project_page(folder),
        "/simple/nonsense/": ["nonsense"],
        "/counts/bread-box": {"project": "bread-box", "counts": COUNTS},
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path in answers:
                self._answer(200, json.dumps(answers[self.path]).encode())
            elif self.path.startswith("/files/"):
                self._answer(200, (folder / self.path.rpartition("/")[2]).read_bytes())
            else:
                self._answer(500 if "failing" in self.path else 404, b"")

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
