"""An OCI registry as a store (OCI Distribution 1.1).

The image of a release is its tag VERSION. All files of the release are an artifact: VERSION where there
is no image, else VERSION-files, which tells the image as its subject.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Dict, Iterator, Mapping, Optional, Tuple
from urllib.parse import urljoin

import requests

from lockstep.core.deployables import ENDINGS, IMAGE
from lockstep.core.errors import LockstepError, redacted
from lockstep.core.oci_image import INDEX, MANIFEST, Blob, blob_of, encoded
from lockstep.deployables.archives import sha256
from lockstep.deployables.signatures import SIGNATURE
from lockstep.deployables.stores import Release, another

ARTIFACT = "application/vnd.lockstep.deployable.v1"
_EMPTY = "application/vnd.oci.empty.v1+json"
_FILE = "application/octet-stream"
_TITLE = "org.opencontainers.image.title"
_SECONDS = 60
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Registry:
    """A registry.

    Attributes:
        url: of the server.
        path: before the names of services; may be empty.
    """

    url: str
    path: str

    def upload(self, release: Release) -> bool:
        """Upload a release; see `stores.Store`."""
        repository = "/".join(filter(None, (self.path, release.name)))
        client = _Client(self.url, repository)
        images = [path for path in release.files if path.name.endswith(ENDINGS[IMAGE])]
        try:
            new, subject = False, None
            for path in images:
                new, subject = client.push_layout(path, release.version)
            tag = f"{release.version}-files" if images else release.version
            return client.push_files(release, tag, subject) or new
        except requests.RequestException as error:
            raise LockstepError(
                f"{redacted(self.url)} does not take {release.name} {release.version}",
                mend="See to what is told below, then publish again: what is missing will be uploaded",
                detail=redacted(str(error)),
            ) from None


class _Client:
    """Speaks with one repository of a registry."""

    def __init__(self, url: str, repository: str) -> None:
        self._base = f"{url}/v2/{repository}/"
        self._scope = f"repository:{repository}:pull,push"
        self._login = _login_of(url.partition("://")[2])
        self._session = requests.Session()

    def push_layout(self, archive: Path, tag: str) -> Tuple[bool, Mapping[str, Any]]:
        """Push the one image of a layout; whether it is new, and its descriptor."""
        with tarfile.open(archive) as layout:
            index = json.loads(_member(layout, "index.json").read())
            (described,) = index["manifests"]
            text = _member(layout, _path(described["digest"])).read()
            manifest = json.loads(text)
            for blob in (manifest["config"], *manifest["layers"]):
                with _member(layout, _path(blob["digest"])) as content:
                    self._push_blob(Blob(blob["digest"], blob["size"]), content)
        return self._push_manifest(text, tag), blob_of(text).described(MANIFEST)

    def push_files(self, release: Release, tag: str, subject: Optional[Mapping[str, Any]]) -> bool:
        """Push files as one artifact; whether it is new."""
        layers = []
        for path in release.files:
            with path.open("rb") as file:
                blob = Blob(f"sha256:{sha256(file)}", path.stat().st_size)
                file.seek(0)
                self._push_blob(blob, file)
            layers.append({**blob.described(_FILE), "annotations": {_TITLE: path.name}})
        empty = blob_of(b"{}")
        self._push_blob(empty, io.BytesIO(b"{}"))
        manifest: Dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": ARTIFACT,
            "config": empty.described(_EMPTY),
            "layers": layers,
        }
        if subject is not None:
            manifest["subject"] = subject
        return self._push_manifest(encoded(manifest), tag)

    def _push_blob(self, blob: Blob, content: IO[bytes]) -> None:
        if self._ask("HEAD", f"blobs/{blob.digest}").status_code == 200:
            return
        begun = self._ask("POST", "blobs/uploads/")
        begun.raise_for_status()
        place = urljoin(begun.url, begun.headers["Location"])
        place += ("&" if "?" in place else "?") + f"digest={blob.digest}"
        headers = {"Content-Type": _FILE, "Content-Length": str(blob.size)}
        self._ask("PUT", place, data=content, headers=headers).raise_for_status()

    def _push_manifest(self, text: bytes, tag: str) -> bool:
        accepted = {"Accept": f"{MANIFEST}, {INDEX}"}
        there = self._ask("GET", f"manifests/{tag}", headers=accepted)
        if there.status_code == 200:
            if _without_signature(there.content) != _without_signature(text):
                raise another(f"{self._base}manifests/{tag}")
            return False
        headers = {"Content-Type": MANIFEST}
        self._ask("PUT", f"manifests/{tag}", data=text, headers=headers).raise_for_status()
        return True

    def _ask(self, method: str, place: str, **more: Any) -> requests.Response:
        url = urljoin(self._base, place)
        answer = self._session.request(method, url, timeout=_SECONDS, **more)
        if answer.status_code == 401 and self._authorise(
            answer.headers.get("WWW-Authenticate", "")
        ):
            if hasattr(more.get("data"), "seek"):
                more["data"].seek(0)
            answer = self._session.request(method, url, timeout=_SECONDS, **more)
        return answer

    def _authorise(self, challenge: str) -> bool:
        """Log in as the registry asks for it; whether there is a way."""
        if challenge.lower().startswith("basic") and self._login:
            self._session.auth = self._login
            return True
        if challenge.lower().startswith("bearer"):
            asked = dict(_CHALLENGE.findall(challenge))
            query = {"service": asked.get("service", ""), "scope": self._scope}
            answer = requests.get(asked["realm"], params=query, auth=self._login, timeout=_SECONDS)
            answer.raise_for_status()
            told = answer.json()
            token = told.get("token") or told.get("access_token")
            self._session.headers["Authorization"] = f"Bearer {token}"
            return True
        return False


def _path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _member(layout: tarfile.TarFile, name: str) -> IO[bytes]:
    found = layout.extractfile(name)
    assert found is not None, "an image's archive holds files"
    return found


def _without_signature(manifest: bytes) -> Any:
    """A manifest but for what some kinds of keys make anew each time."""
    document = json.loads(manifest)
    document["layers"] = [
        layer
        for layer in document.get("layers", ())
        if not layer.get("annotations", {}).get(_TITLE, "").endswith(SIGNATURE)
    ]
    return document


def _login_of(host: str) -> Optional[Tuple[str, str]]:
    """User and password that Docker or Podman keep for a registry."""
    for path in _configurations():
        try:
            stored = json.loads(path.read_text())["auths"][host]["auth"]
            user, _, password = base64.b64decode(stored).decode().partition(":")
            return user, password
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _configurations() -> Iterator[Path]:
    environ = os.environ
    if "REGISTRY_AUTH_FILE" in environ:
        yield Path(environ["REGISTRY_AUTH_FILE"])
    if "XDG_RUNTIME_DIR" in environ:
        yield Path(environ["XDG_RUNTIME_DIR"], "containers/auth.json")
    home = Path.home()
    yield home / ".config/containers/auth.json"
    yield Path(environ.get("DOCKER_CONFIG", home / ".docker"), "config.json")
