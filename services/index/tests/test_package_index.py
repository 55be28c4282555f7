"""The index as a program, used by the real pip and the real twine."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from index_samples import sdist, wheel

ENVIRON = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    path = tmp_path / "packages"
    path.mkdir()
    return path


@contextmanager
def index(packages: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environ = {**ENVIRON, "PACKAGES": str(packages), "PORT": "0", **settings}
    command = [sys.executable, "-m", "package_index"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            entries = (json.loads(line) for line in process.stderr)
            listening = next(entry for entry in entries if entry["message"] == "listening")
            # Nobody reads what else it logs, which is less than a pipe holds.
            yield process, f"http://{listening['host']}:{listening['port']}"
        finally:
            process.kill()


@contextmanager
def linehaul() -> Iterator[tuple[str, "queue.Queue[str]"]]:
    """Stand in for linehaul: yields its URL and the batches that it takes."""
    batches: queue.Queue[str] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            batches.put(f"{self.path}\n{body.decode()}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", batches
        server.shutdown()


def run(*command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a module of this Python, without the settings of the user."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={**ENVIRON, "HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def pip_download(url: str, home: Path, *requirements: str) -> subprocess.CompletedProcess[str]:
    options = ["--no-cache-dir", "--disable-pip-version-check", "--dest", str(home / "got")]
    return run(
        "pip", "download", *options, "--index-url", f"{url}/simple", *requirements, home=home
    )


def twine_upload(url: str, home: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    options = ["--non-interactive", "--username", "baker", "--password", "bread"]
    return run(
        "twine",
        "upload",
        *options,
        "--repository-url",
        f"{url}/legacy/",
        *map(str, paths),
        home=home,
    )


def test_twine_uploads_and_pip_downloads(packages: Path, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    new, old = wheel(dist, "bread_box", "1.10"), wheel(dist, "bread_box", "1.9")
    source = sdist(dist, "bread_box", "1.10")
    with linehaul() as (linehaul_url, batches), index(packages, LINEHAUL_URL=linehaul_url) as (
        process,
        url,
    ):
        uploaded = twine_upload(url, tmp_path, new, old, source)
        assert uploaded.returncode == 0, uploaded.stdout + uploaded.stderr
        again = twine_upload(url, tmp_path, new)
        assert (again.returncode, "409 Conflict" in again.stdout + again.stderr) == (1, True)
        stored = {path.name: path.read_bytes() for path in packages.iterdir()}
        assert stored == {path.name: path.read_bytes() for path in (new, old, source)}

        (packages / f"{new.name}.yanked.json").write_text('{"reason": "stale"}')
        (packages / f"{source.name}.yanked.json").write_text('{"reason": "stale"}')
        downloaded = pip_download(url, tmp_path, "Bread.Box")
        assert downloaded.returncode == 0, downloaded.stderr
        got = {path.name: path.read_bytes() for path in (tmp_path / "got").iterdir()}
        assert got == {old.name: old.read_bytes()}

        path, line = batches.get(timeout=20).splitlines()
        fields = line.split("\t")
        version = ".".join(map(str, sys.version_info[:3]))
        pip = run("pip", "--version", home=tmp_path).stdout.split()[1]
        expected = ["bread-box", "1.9", old.name, f"pip/{pip}", version, "-"]
        assert (path, fields[1:]) == ("/lines", expected)

        process.send_signal(signal.SIGTERM)
        assert (process.wait(timeout=20), batches.empty()) == (0, True)


def test_downloads_do_not_need_linehaul(packages: Path) -> None:
    path = wheel(packages, "box", "1.0")
    with index(packages, LINEHAUL_URL="http://127.0.0.1:1") as (process, url):
        for _ in range(3):
            assert httpx2.get(f"{url}/files/{path.name}").content == path.read_bytes()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_what_waits_is_reported_before_the_end(packages: Path) -> None:
    path = wheel(packages, "box", "1.0")
    with linehaul() as (linehaul_url, batches), index(packages, LINEHAUL_URL=linehaul_url) as (
        process,
        url,
    ):
        for _ in range(20):
            httpx2.get(f"{url}/files/{path.name}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        taken = [batches.get_nowait() for _ in range(batches.qsize())]
        assert sum(len(batch.splitlines()) - 1 for batch in taken) == 20


def test_a_bad_setting_ends_it_with_one_sentence(tmp_path: Path) -> None:
    ended = run("package_index", home=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "PACKAGES is not set, but must be the path of an existing directory.\n",
    )
