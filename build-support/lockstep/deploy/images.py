"""The rules that make an OCI image: interpreter, slice and first-party code, each a layer."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping

from pants.base.build_root import BuildRoot
from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule

from lockstep.core.errors import LockstepError
from lockstep.deploy.named_files import NamedFiles, NamedFilesRequest
from lockstep.deploy.parts import FIRST_PARTY, THIRD_PARTY, BuilderRequest, Built, Content
from lockstep.deploy.subsystem import Deploy
from lockstep.deploy.target_types import BaseImageField, RootFilesystemField
from lockstep.deployables.tree import APP, START

_IMAGE = "image.oci.tar"
_REQUEST = "image.json"
_FOLDER = "opt/deployable"
"""The same for all services, so that those of one slice share its layer."""


@dataclass(frozen=True)
class ImageRequest:
    """Build an image.

    Attributes:
        content: of the deployable.
        version: its version, which is the image's name in the layout.
        first_party, third_party: the archives.
        root_filesystem, base_image: fields of the target.
    """

    content: Content
    version: str
    first_party: Digest
    third_party: Digest
    root_filesystem: RootFilesystemField
    base_image: BaseImageField


@dataclass(frozen=True)
class BuiltImage:
    """The archive of an image's layout."""

    digest: Digest


@dataclass(frozen=True)
class LayerRequest:
    """Build a layer.

    Attributes:
        content: of the deployable.
        digest: holds the archive.
        path: of the archive.
        prefix: the folder that it goes to; empty where it stays as it is.
        told: what it holds, for the user.
        name: of the file.
    """

    content: Content
    digest: Digest
    path: str
    prefix: str
    told: str
    name: str


@dataclass(frozen=True)
class BuiltLayer:
    """A layer: its blob, and what `image.write_image` takes of it."""

    digest: Digest
    told: Mapping[str, Any]


@rule
async def build_layer(request: LayerRequest) -> BuiltLayer:
    built = await Get(
        Built,
        BuilderRequest(
            ("layer", request.path, request.prefix, request.name),
            request.digest,
            request.name,
            request.content.constraints,
            f"Packing the layer of {request.told}",
        ),
    )
    return BuiltLayer(built.digest, {**built.told, "path": request.name, "told": request.told})


@rule(desc="Build the image of a deployable")
async def build_image(request: ImageRequest, deploy: Deploy, root: BuildRoot) -> BuiltImage:
    content = request.content
    name = content.deployable.name
    lowest = await Get(NamedFiles, NamedFilesRequest(request.root_filesystem))
    lowest_path = _only(lowest, request.root_filesystem)
    base, base_layout = _base(request, deploy, Path(root.path))
    if bool(lowest_path) == bool(base):
        raise LockstepError(
            f"The image of {request.base_image.address} has"
            + (" two lowest layers" if base else " no interpreter"),
            mend=f"Set one of the fields `{RootFilesystemField.alias}` and `{BaseImageField.alias}`",
        )
    wanted = [
        LayerRequest(
            content,
            request.third_party,
            THIRD_PARTY,
            f"{_FOLDER}/",
            f"the slice of {name}",
            "slice.gz",
        ),
        LayerRequest(
            content,
            request.first_party,
            FIRST_PARTY,
            f"{_FOLDER}/",
            f"the code of {name}",
            "code.gz",
        ),
    ]
    if lowest_path:
        wanted.insert(
            0, LayerRequest(content, lowest.digest, lowest_path, "", lowest_path, "root.gz")
        )
    layers = await MultiGet(Get(BuiltLayer, LayerRequest, one) for one in wanted)
    asked = {
        "layers": [layer.told for layer in layers],
        "settings": {
            "machine": content.hosts[0].machine,
            "entrypoint": [f"python{content.deployable.python}", "-IS", f"/{_FOLDER}/{APP}{START}"],
            "folder": f"/{_FOLDER}",
            "environment": dict(content.deployable.environment),
            "port": content.deployable.environment.get("PORT"),
            "labels": {
                "org.opencontainers.image.title": name,
                "org.opencontainers.image.version": request.version,
            },
        },
        "reference": request.version,
        "base": base,
        "base_layout": base_layout,
    }
    document = await Get(
        Digest,
        CreateDigest([FileContent(_REQUEST, json.dumps(asked, sort_keys=True).encode())]),
    )
    inputs = await Get(Digest, MergeDigests([document, *(layer.digest for layer in layers)]))
    built = await Get(
        Built,
        BuilderRequest(
            ("image", _REQUEST, _IMAGE),
            inputs,
            _IMAGE,
            content.constraints,
            f"Packing the image of {name}",
        ),
    )
    return BuiltImage(built.digest)


def _only(named: NamedFiles, field: RootFilesystemField) -> str:
    """The path of the one file that a field names; empty where it names none."""
    if len(named.files) > 1 or (field.value and not named.files):
        raise LockstepError(
            f"The field `{field.alias}` of {field.address} names {len(named.files)} files",
            mend="Name one `file` target with a tar archive",
        )
    return named.files[0] if named.files else ""


def _base(request: ImageRequest, deploy: Deploy, root: Path) -> tuple[str, str]:
    """The digest of the base image, and the folder that it is in; empty where there is none."""
    digest = request.base_image.value
    if not digest:
        return "", ""
    if deploy.base_images is None:
        raise LockstepError(
            f"The base image {digest} of {request.base_image.address} is nowhere",
            mend="Set `[deploy].base_images` to an OCI layout that holds it",
        )
    return digest, os.fspath(root / Path(deploy.base_images).expanduser())


def rules() -> Iterable[Rule]:
    return collect_rules()
