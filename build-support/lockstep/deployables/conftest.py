"""A release of small files, signed by a real key, and a real registry to upload it to."""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest
import requests

from lockstep.core.deployables import provenance
from lockstep.core.oci_image import Settings
from lockstep.deployables import image
from lockstep.deployables.archives import Member, write_tar
from lockstep.deployables.signatures import sign
from lockstep.deployables.stores import Release

VERSION = "v1-s1-c2"
SIGNER = "ci@example"
_BCRYPT = "$2b$04$v4Xq4e4UHZ6Dj8rfFyAR7elOr6ggA6LOxERhXisgI8UIxYMb/Q7Ja"
"""Of the password `secret`."""


@dataclass(frozen=True)
class Keys:
    """A key, and the file that allows its signatures."""

    key: Path
    allowed: Path


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    key = folder / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ci", "-f", str(key)]
    subprocess.run(command, check=True)
    allowed = folder / "allowed"
    allowed.write_text(f"# who may release\n{SIGNER} {Path(f'{key}.pub').read_text()}")
    return Keys(key, allowed)


@pytest.fixture
def release(tmp_path: Path, keys: Keys) -> Release:
    folder = tmp_path / "re lease"
    folder.mkdir()
    with (folder / "code.tar").open("wb") as file:
        write_tar(file, [Member("x", b"x" * 5000)])
    blob = str(folder / "code.gz")
    layer = image.write_layer(str(folder / "code.tar"), "opt/", blob)
    settings = Settings("x86_64", ("x",), "/", {}, None, {})
    stem = f"shop-{VERSION}"
    image.write_image(
        str(folder / f"{stem}.oci.tar"),
        [{**layer, "path": blob, "told": "code"}],
        settings,
        VERSION,
    )
    for name in ("code.tar", "code.gz"):
        (folder / name).unlink()
    (folder / f"{stem}.pex").write_bytes(b"pex" * 1000)
    (folder / f"{stem}.cdx.json").write_text("{}")
    files = sorted(folder.iterdir())
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    told = folder / f"{stem}.intoto.json"
    told.write_text(provenance(digests, {}, []))
    return Release("shop", VERSION, (*files, told, sign(told, keys.key)))


@dataclass(frozen=True)
class RunningRegistry:
    """A registry that asks for user `ci` and password `secret`."""

    host: str
    auth: Path

    def get(self, path: str, **headers: str) -> requests.Response:
        url = f"http://{self.host}/v2/{path}"
        return requests.get(url, headers=headers, auth=("ci", "secret"), timeout=30)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("there is no docker-registry")
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{listener.getsockname()[1]}"
    (folder / "users").write_text(f"ci:{_BCRYPT}\n")
    (folder / "config.yml").write_text(
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
        f"http: {{addr: '{host}'}}\n"
        f"auth: {{htpasswd: {{realm: r, path: {folder}/users}}}}\n"
    )
    auth = folder / "auth.json"
    auth.write_text(f'{{"auths": {{"{host}": {{"auth": "Y2k6c2VjcmV0"}}}}}}')
    with (folder / "log").open("wb") as log:
        command = [program, "serve", f"{folder}/config.yml"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    running = RunningRegistry(host, auth)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                assert running.get("").status_code == 200
                break
            except requests.ConnectionError:
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.1)
        yield running
    finally:
        process.kill()
        process.wait()
