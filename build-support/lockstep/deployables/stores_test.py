"""Uploads to a folder, a server that takes PUT, and a real registry."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator

import pytest

from lockstep.core.errors import LockstepError
from lockstep.core.oci_image import MANIFEST
from lockstep.deployables import publish
from lockstep.deployables.conftest import VERSION, Keys, RunningRegistry
from lockstep.deployables.publish import store_of, upload_all
from lockstep.deployables.stores import Release, Store

ANOTHER = (
    "is published already, and is another. Nothing was overwritten. See whether somebody built it"
    " otherwise, with another plugin or another interpreter, and commit what differs."
)


def _changed(release: Release) -> Release:
    """A release of the same version with another provenance."""
    release.provenance.write_text(release.provenance.read_text() + " ")
    return release


def _error(store: Store, release: Release) -> str:
    with pytest.raises(LockstepError) as raised:
        store.upload(release)
    return str(raised.value)


def test_a_folder_takes_a_version_once_and_whole(release: Release, tmp_path: Path) -> None:
    store = store_of("a store", tmp_path)
    assert store.upload(release) is True
    place = tmp_path / "a store/shop" / VERSION
    uploaded = {path.name: path.read_bytes() for path in place.iterdir()}
    assert uploaded == {path.name: path.read_bytes() for path in release.files}
    assert store.upload(release) is False
    assert _error(store, _changed(release)) == f"{place} {ANOTHER}"
    assert {path.name: path.read_bytes() for path in place.iterdir()} == uploaded
    assert os.listdir(place.parent) == [VERSION]


def test_of_two_at_once_one_uploads(release: Release, tmp_path: Path) -> None:
    store = store_of("store", tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(store.upload, 8 * [release])) == 7 * [False] + [True]
    assert os.listdir(tmp_path / "store/shop") == [VERSION]


def test_a_folder_that_cannot_be_written(release: Release, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file/shop" / VERSION
    assert _error(store_of("file", tmp_path), release) == (
        f"{place} cannot be written (Not a directory)."
        " See to the folder, or name another one in `[deploy].stores`."
    )


class _Puts(BaseHTTPRequestHandler):
    folder: Path
    refused = ""

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.refused and self.path.endswith(self.refused):
            self.send_error(507)
            return
        path = self.folder / self.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        path = self.folder / self.path.lstrip("/")
        content = path.read_bytes() if path.exists() else b""
        self.send_response(200 if path.exists() else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, type[_Puts]]]:
    handler = type("Handler", (_Puts,), {"folder": tmp_path / "served"})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/artifacts/", handler
        running.shutdown()


def test_a_server_takes_the_files_the_signature_last(
    release: Release, server: tuple[str, type[_Puts]], tmp_path: Path
) -> None:
    url, handler = server
    store = store_of(url, tmp_path)
    handler.refused = ".sig"
    told = _error(store, release)
    assert told.startswith(f"{url} does not take the deployable. See to what is told below,")
    assert "507 Server Error" in told
    handler.refused = ""
    assert store.upload(release) is True  # what is missing
    place = tmp_path / "served/artifacts/shop" / VERSION
    assert {path.name: path.read_bytes() for path in place.iterdir()} == {
        path.name: path.read_bytes() for path in release.files
    }
    assert store.upload(release) is False
    name = release.provenance.name
    assert _error(store, _changed(release)) == f"{url}shop/{VERSION}/{name} {ANOTHER}"


def test_a_server_that_is_not_there(release: Release, tmp_path: Path) -> None:
    told = _error(store_of("http://ci:secret@127.0.0.1:9/x", tmp_path), release)
    assert told.startswith("http://****@127.0.0.1:9/x does not take the deployable. ")
    assert "secret" not in told


@pytest.fixture
def logged_in(registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch) -> RunningRegistry:
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(registry.auth))
    return registry


def test_a_registry_takes_the_image_and_all_files(
    release: Release, logged_in: RunningRegistry, tmp_path: Path
) -> None:
    store = store_of(f"oci+http://{logged_in.host}/team", tmp_path)
    assert store.upload(release) is True
    image = logged_in.get(f"team/shop/manifests/{VERSION}", Accept=MANIFEST)
    assert image.status_code == 200
    files = logged_in.get(f"team/shop/manifests/{VERSION}-files", Accept=MANIFEST).json()
    digest = f"sha256:{hashlib.sha256(image.content).hexdigest()}"
    assert files["subject"]["digest"] == digest
    uploaded = {}
    for layer in files["layers"]:
        blob = logged_in.get(f"team/shop/blobs/{layer['digest']}")
        uploaded[layer["annotations"]["org.opencontainers.image.title"]] = blob.content
    assert uploaded == {path.name: path.read_bytes() for path in release.files}
    assert store.upload(release) is False
    assert f"manifests/{VERSION}-files {ANOTHER}" in _error(store, _changed(release))


def test_a_registry_takes_a_release_without_an_image(
    release: Release, logged_in: RunningRegistry, tmp_path: Path
) -> None:
    few = tuple(path for path in release.files if not path.name.endswith(".oci.tar"))
    store = store_of(f"oci+http://{logged_in.host}", tmp_path)
    assert store.upload(dataclasses.replace(release, name="plain", files=few)) is True
    manifest = logged_in.get(f"plain/manifests/{VERSION}", Accept=MANIFEST).json()
    assert len(manifest["layers"]) == len(few)
    assert "subject" not in manifest


def test_a_registry_that_does_not_let_us_in(
    release: Release,
    registry: RunningRegistry,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    empty = tmp_path / "auth.json"
    empty.write_text("{}")
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(empty))
    monkeypatch.setenv("HOME", str(tmp_path))
    told = _error(store_of(f"oci+http://{registry.host}/x", tmp_path), release)
    assert told.startswith(f"http://{registry.host} does not take shop {VERSION}. See to what")
    assert "401" in told


def test_all_stores_are_told(release: Release, tmp_path: Path) -> None:
    stores = {name: store_of(name, tmp_path) for name in ("a", "b")}
    stores["b"].upload(release)
    assert upload_all(stores, release) == [
        f"shop {VERSION} is published to a",
        f"shop {VERSION} is in already, unchanged: b",
    ]


def test_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(LockstepError) as raised:
        store_of("s3://ci:secret@bucket", tmp_path)
    assert str(raised.value) == (
        "`s3://****@bucket` in `[deploy].stores` is no store."
        " Name a folder, an `https://` URL, or an `oci://` one."
    )


def test_the_program_signs_and_uploads(release: Release, keys: Keys, tmp_path: Path) -> None:
    release.files[-1].unlink()
    asked = {
        "root": str(tmp_path),
        "name": "shop",
        "version": VERSION,
        "folder": str(release.provenance.parent),
        "key": str(keys.key),
        "stores": ["out"],
    }
    request = tmp_path / "request.json"
    request.write_text(json.dumps(asked))
    root = Path(publish.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "lockstep.deployables.publish", str(request)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, f"shop {VERSION} is published to out\n")
    uploaded = tmp_path / "out/shop" / VERSION
    assert len(list(uploaded.iterdir())) == len(release.files)
