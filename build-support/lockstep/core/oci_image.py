"""OCI images as values: configuration, manifest and index (OCI Image Format 1.1)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
REFERENCE = "org.opencontainers.image.ref.name"
LAYOUT = '{"imageLayoutVersion":"1.0.0"}'

_PATH = "PATH=/usr/local/bin:/usr/bin:/bin"
_MACHINES = {"x86_64": "amd64", "arm64": "arm64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Blob:
    """Content that is known by its digest.

    Attributes:
        digest: `sha256:HEX`.
        size: in bytes.
    """

    digest: str
    size: int

    def described(self, media_type: str) -> Dict[str, Any]:
        """As a descriptor."""
        return {"mediaType": media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True)
class Layer:
    """A layer.

    Attributes:
        blob: compressed.
        diff_id: `sha256:HEX` of what it is uncompressed.
        told: what it holds, for the history.
        media_type: of the blob.
    """

    blob: Blob
    diff_id: str
    told: str
    media_type: str = LAYER


@dataclass(frozen=True)
class Base:
    """An image that others are built on.

    Attributes:
        config: its configuration.
        layers: the descriptors of its layers.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    layers: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Settings:
    """How an image is run.

    Attributes:
        machine: such as `x86_64`.
        entrypoint: the command line.
        folder: the working directory.
        environment: variables.
        port: that it listens on, if it is known.
        labels: about it.
    """

    machine: str
    entrypoint: Tuple[str, ...]
    folder: str
    environment: Mapping[str, str]
    port: Optional[str]
    labels: Mapping[str, str]


def blob_of(content: bytes) -> Blob:
    """Tell what content is known by."""
    return Blob(f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))


def config_of(settings: Settings, layers: Sequence[Layer], base: Base = Base()) -> bytes:
    """The configuration of an image; as nobody in particular, without a time."""
    inherited = dict(base.config.get("config", {}))
    environment = {
        variable.partition("=")[0]: variable
        for variable in (
            *inherited.get("Env", [_PATH]),
            *(f"{name}={value}" for name, value in sorted(settings.environment.items())),
        )
    }
    inherited.update(
        {
            "User": "65534:65534",
            "Env": list(environment.values()),
            "Entrypoint": list(settings.entrypoint),
            "Cmd": [],
            "WorkingDir": settings.folder,
            "Labels": {**inherited.get("Labels", {}), **settings.labels},
        }
    )
    if settings.port:
        inherited["ExposedPorts"] = {f"{settings.port}/tcp": {}}
    rootfs = base.config.get("rootfs", {})
    return encoded(
        {
            "architecture": architecture_of(settings.machine),
            "os": "linux",
            "config": inherited,
            "rootfs": {
                "type": "layers",
                "diff_ids": [*rootfs.get("diff_ids", ()), *(layer.diff_id for layer in layers)],
            },
            "history": [
                *base.config.get("history", ()),
                *({"created_by": layer.told} for layer in layers),
            ],
        }
    )


def manifest_of(config: Blob, layers: Sequence[Layer], base: Base = Base()) -> bytes:
    """The manifest of an image."""
    described: List[Mapping[str, Any]] = list(base.layers)
    described += [layer.blob.described(layer.media_type) for layer in layers]
    return encoded(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.described(CONFIG),
            "layers": described,
        }
    )


def index_of(manifest: Blob, machine: str, reference: str) -> bytes:
    """The index of a layout that holds one image, under a name."""
    described = manifest.described(MANIFEST)
    described["platform"] = {"architecture": architecture_of(machine), "os": "linux"}
    described["annotations"] = {REFERENCE: reference}
    return encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": [described]})


def architecture_of(machine: str) -> str:
    """A machine (`uname -m`) as OCI calls it."""
    return _MACHINES.get(machine, machine)


def encoded(document: Mapping[str, Any]) -> bytes:
    """JSON in one spelling."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
