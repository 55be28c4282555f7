"""Makes an OCI image: interpreter, slice and first-party code, each a layer."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import Get

from lockstep.core.errors import LockstepError
from lockstep.deploy.named_files import NamedFiles, find_named_files
from lockstep.deploy.parts import FIRST_PARTY, THIRD_PARTY, BuilderCall, Content, run_builder
from lockstep.deploy.target_types import BaseImageField, RootFilesystemField
from lockstep.deployables.tree import APP, START

_IMAGE = "image.oci.tar"
_REQUEST = "image.json"
_FOLDER = "opt/deployable"
"""The same for all services, so that those of one slice share its layer."""


async def build_image(
    content: Content,
    version: str,
    first_party: Digest,
    third_party: Digest,
    root_filesystem: RootFilesystemField,
    base_image: BaseImageField,
    base_images: Path | None,
) -> Digest:
    """Build the archive of an image's layout; a part of the rule that packages.

    Args:
        content: of the deployable.
        version: its version, which is the image's name in the layout.
        first_party, third_party: the archives.
        root_filesystem, base_image: fields of the target.
        base_images: the OCI layout that holds base images.

    Raises:
        LockstepError: it has no interpreter, or the base image is not there or is none.
    """
    name = content.deployable.name
    lowest = await find_named_files(root_filesystem)
    lowest_path = _only(lowest, root_filesystem)
    base, layout = _base(base_image, base_images)
    if bool(lowest_path) == bool(base):
        raise LockstepError(
            f"The image of {base_image.address} has"
            + (" two lowest layers" if base else " no interpreter"),
            mend=f"Set one of the fields `{RootFilesystemField.alias}` and `{BaseImageField.alias}`",
        )
    wanted = [
        _layer(third_party, THIRD_PARTY, f"{_FOLDER}/", f"the slice of {name}", "slice.gz"),
        _layer(first_party, FIRST_PARTY, f"{_FOLDER}/", f"the code of {name}", "code.gz"),
    ]
    if lowest_path:
        wanted.insert(0, _layer(lowest.digest, lowest_path, "", lowest_path, "root.gz"))
    layers = await run_builder(content, *(call for call, _ in wanted))
    asked = {
        "layers": [
            {**layer.told, "path": call.output, "told": told}
            for layer, (call, told) in zip(layers, wanted)
        ],
        "settings": {
            "machine": content.hosts[0].machine,
            "entrypoint": [f"python{content.deployable.python}", "-IS", f"/{_FOLDER}/{APP}{START}"],
            "folder": f"/{_FOLDER}",
            "environment": dict(content.deployable.environment),
            "port": content.deployable.environment.get("PORT"),
            "labels": {
                "org.opencontainers.image.title": name,
                "org.opencontainers.image.version": version,
            },
        },
        "reference": version,
        "base": base,
        "base_layout": layout,
    }
    document = await Get(
        Digest,
        CreateDigest([FileContent(_REQUEST, json.dumps(asked, sort_keys=True).encode())]),
    )
    call = BuilderCall(
        ("image", _REQUEST, _IMAGE),
        await Get(Digest, MergeDigests([document, *(layer.digest for layer in layers)])),
        _IMAGE,
        f"Packing the image of {name}",
    )
    (built,) = await run_builder(content, call)
    return built.digest


def _layer(
    digest: Digest, path: str, prefix: str, told: str, output: str
) -> tuple[BuilderCall, str]:
    """The call that builds a layer, and what the layer holds, for the user.

    Args:
        digest: holds the archive.
        path: of the archive.
        prefix: the folder that it goes to; empty where it stays as it is.
        told: what it holds.
        output: the blob.
    """
    arguments = ("layer", path, prefix, output)
    return BuilderCall(arguments, digest, output, f"Packing the layer of {told}"), told


def _only(named: NamedFiles, field: RootFilesystemField) -> str:
    """The path of the one file that a field names; empty where it names none."""
    if len(named.files) > 1 or (field.value and not named.files):
        raise LockstepError(
            f"The field `{field.alias}` of {field.address} names {len(named.files)} files",
            mend="Name one `file` target with a tar archive",
        )
    return named.files[0] if named.files else ""


def _base(field: BaseImageField, base_images: Path | None) -> tuple[str, str]:
    """The digest of the base image, and the folder that it is in; empty where there is none."""
    if not field.value:
        return "", ""
    if base_images is None:
        raise LockstepError(
            f"The base image {field.value} of {field.address} is nowhere",
            mend="Set `[deploy].base_images` to an OCI layout that holds it",
        )
    return field.value, os.fspath(base_images)
