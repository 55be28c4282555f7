"""The inspector as a program, beside a tiny index."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from inspector_samples import BROKEN, CHANGED, METADATA, WHEEL, server

from inspector.settings import InspectorSettings, read_inspector_settings
from service_setup.settings import Settings, SettingsError


@contextmanager
def inspector(
    index: str, linehaul: str, **flags: str
) -> Iterator[tuple[subprocess.Popen[str], httpx2.Client]]:
    environ = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "INDEX_URL": f"{index}/simple",
        "LINEHAUL_URL": linehaul,
        "PORT": "0",
        **flags,
    }
    command = [sys.executable, "-m", "inspector"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            entries = (json.loads(line) for line in process.stderr)
            listening = next(entry for entry in entries if entry["message"] == "listening")
            # Nobody reads what else it logs, which is less than a pipe holds.
            url = f"http://{listening['host']}:{listening['port']}"
            with httpx2.Client(base_url=url, timeout=20) as client:
                yield process, client
        finally:
            process.kill()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    with server(tmp_path_factory.mktemp("index")) as index:
        with inspector(index, index) as (process, client):
            yield client
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0


def cells(html: str) -> list[str]:
    """Return the cells of tables and lists, with their markup but without links and breaks."""
    found = re.findall(r"<(td|dd|li)(?: [^>]*)?>(.*?)</\1>", html, re.DOTALL)
    return [re.sub(r"</?a[^>]*>|\n", "", content) for _, content in found]


def error(response: httpx2.Response) -> tuple[int, list[str]]:
    return response.status_code, re.findall("<p>(.*)</p>", response.text)


def test_home(client: httpx2.Client) -> None:
    assert cells(client.get("/").text) == ["Bread.Box", "butter"]
    found = client.get("/", params={"q": "D_b"}).text
    assert (cells(found), 'value="D_b"' in found) == (["Bread.Box"], True)
    found = client.get("/", params={"q": '"><script>'}).text
    assert (cells(found), "<script" in found) == (["none"], False)


def test_project(client: httpx2.Client) -> None:
    response = client.get("/project/Bread.Box", follow_redirects=True)
    size = client.get("/project/bread-box").text.split(" kB")[0].rpartition(">")[2]
    assert cells(response.text) == [
        f'{WHEEL}<span class="yanked">yanked: stale &lt;bread&gt;</span>',
        "1.0",
        "2024-05-31 23:59",
        f"{size} kB",
        "5",
        f'{BROKEN}<span class="yanked">yanked</span>',
        "2.0",
        "unknown",
        "unknown",
        "0",
        CHANGED,
        "3.0",
        "unknown",
        "unknown",
        "0",
    ]
    assert f'href="/project/bread-box/{WHEEL}"' in response.text


def test_file(client: httpx2.Client) -> None:
    response = client.get(f"/project/bread-box/{WHEEL}")
    assert cells(response.text) == [
        "Bread.Box",
        "1.0",
        "Keeps &lt;bread&gt;",
        "&gt;=3.8",
        "oven&gt;=2",
        "bread_box-1.0.dist-info/METADATA",
        f"{len(METADATA)} B",
        "bread_box/&lt;b&gt;.py",
        "2.5 kB",
    ]
    assert response.text.partition('<div class="description">')[2].partition("</div>")[0] == (
        '<p><em>Bread</em> &lt;script&gt;alert(1)&lt;/script&gt;<img src="x"></p>\n'
    )
    assert response.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src https:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/nothing", 404, "Not Found"),
        ("/project/cheese", 404, "There is no project cheese."),
        ("/project/bread-box/b.whl", 404, "There is no file b.whl of bread-box."),
        (
            f"/project/bread-box/{BROKEN}",
            422,
            f"This file cannot be shown: {BROKEN}: damaged archive (empty file).",
        ),
        (
            f"/project/bread-box/{CHANGED}",
            502,
            f"Sorry: {CHANGED} does not have the SHA-256 that the index tells.",
        ),
        ("/project/failing", 502, "Sorry: the index answers with status 500."),
        ("/project/nonsense", 502, "Sorry: the files of nonsense cannot be read."),
    ],
)
def test_errors(client: httpx2.Client, path: str, status: int, message: str) -> None:
    assert error(client.get(path)) == (status, [message])


def test_style_and_health(client: httpx2.Client) -> None:
    style = client.get("/style.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    health = client.get("/healthz")
    assert (health.status_code, health.json()) == (200, {"status": "ok", "checks": {}})


def test_without_linehaul_downloads_are_unknown(tmp_path: Path) -> None:
    with server(tmp_path) as index, inspector(index, "http://127.0.0.1:1") as (_, client):
        assert cells(client.get("/project/bread-box").text)[4] == "unknown"


def test_without_downloads(tmp_path: Path) -> None:
    with server(tmp_path) as index:
        with inspector(index, index, FLAG_SHOW_DOWNLOADS="off") as (_, client):
            page = client.get("/project/bread-box").text
    second = [f'{BROKEN}<span class="yanked">yanked</span>', "2.0", "unknown"]
    assert (cells(page)[4:7], "Downloads" in page) == (second, False)


def test_without_index() -> None:
    with inspector("http://127.0.0.1:1", "http://127.0.0.1:1") as (_, client):
        assert error(client.get("/")) == (502, ["Sorry: the index does not answer as it should."])


def test_settings() -> None:
    url = "http://index.example/simple"
    assert read_inspector_settings({"INDEX_URL": url}) == InspectorSettings(
        Settings("127.0.0.1", 8000, "INFO"), url, None
    )


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "INDEX_URL is not set, but must be an HTTP URL."),
        ({"INDEX_URL": "index"}, "INDEX_URL is 'index', but must be an HTTP URL."),
    ],
)
def test_a_bad_setting_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_inspector_settings(environ)
    assert str(caught.value) == message
