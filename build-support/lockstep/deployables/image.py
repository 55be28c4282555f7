"""OCI images, made without a daemon: layers as blobs, and a layout of them in one archive.

Runs in a sandbox with nothing but the standard library.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import tempfile
from typing import IO, Any, Dict, Mapping, Sequence

from lockstep.core import oci_image
from lockstep.core.oci_image import Base, Blob, Layer, Settings
from lockstep.deployables.archives import EPOCH, compress, read_tar, sha256, write_tar


class ImageError(Exception):
    """An image cannot be made; the message is for the user."""


def write_layer(archive: str, prefix: str, output: str) -> Dict[str, Any]:
    """Write a layer, and tell its `digest`, `size` and `diff_id`.

    Args:
        archive: what it holds. With an empty prefix it is taken as it is, and may be compressed.
        prefix: a folder for it, such as `opt/x/`.
        output: the blob.
    """
    with tempfile.TemporaryFile() as plain, open(output, "w+b") as blob:
        if prefix:
            write_tar(plain, read_tar(archive, prefix))
        else:
            with _plain(archive) as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    plain.write(block)
        plain.seek(0)
        diff_id, digest = compress(plain, blob)
    return {
        "digest": f"sha256:{digest}",
        "size": os.path.getsize(output),
        "diff_id": f"sha256:{diff_id}",
    }


def _plain(archive: str) -> IO[bytes]:
    with open(archive, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.open(archive) if compressed else open(archive, "rb")  # type: ignore[return-value]


def read_base(layout: str, digest: str, machine: str) -> Base:
    """Read an image of a layout, checking it against its digest.

    Args:
        layout: the folder.
        digest: `sha256:HEX` of a manifest, or of an index with one for the machine.
        machine: such as `x86_64`.

    Raises:
        ImageError: it is not there, is another one, or is for other machines.
    """
    manifest = json.loads(_blob(layout, digest))
    wanted = oci_image.architecture_of(machine)
    if "manifests" in manifest:
        fitting = [
            entry["digest"]
            for entry in manifest["manifests"]
            if entry.get("platform", {}).get("architecture") == wanted
        ]
        if not fitting:
            raise ImageError(f"the base image {digest} is not for {wanted}")
        return read_base(layout, fitting[0], machine)
    config = json.loads(_blob(layout, manifest["config"]["digest"]))
    if config["architecture"] != wanted:
        raise ImageError(f"the base image {digest} is for {config['architecture']}, not {wanted}")
    return Base(config, tuple(manifest["layers"]))


def _path(layout: str, digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"{layout}/blobs/{algorithm}/{value}"


def _blob(layout: str, digest: str) -> bytes:
    try:
        with open(_path(layout, digest), "rb") as file:
            content = file.read()
    except OSError:
        raise ImageError(f"the base images in {layout} hold no {digest}") from None
    if oci_image.blob_of(content).digest != digest:
        raise ImageError(f"{digest} in {layout} is damaged")
    return content


def write_image(
    output: str,
    layers: Sequence[Mapping[str, Any]],
    settings: Settings,
    reference: str,
    base: Base = Base(),
    base_layout: str = "",
) -> None:
    """Write the archive of a layout (what skopeo calls `oci-archive`).

    Args:
        output: the archive.
        layers: for each, the first one at the bottom, what `write_layer` told, `path` and `told`.
        settings: how it is run.
        reference: the name it has in the layout.
        base: what it is built on.
        base_layout: the folder that holds the layers of the base.

    Raises:
        ImageError: a layer of the base is missing or damaged.
    """
    made = [
        Layer(Blob(layer["digest"], layer["size"]), layer["diff_id"], layer["told"])
        for layer in layers
    ]
    config = oci_image.config_of(settings, made, base)
    manifest = oci_image.manifest_of(oci_image.blob_of(config), made, base)
    index = oci_image.index_of(oci_image.blob_of(manifest), settings.machine, reference)
    paths = {layer["digest"]: layer["path"] for layer in layers}
    for entry in base.layers:
        paths[entry["digest"]] = _checked(base_layout, entry["digest"])
    contents = {oci_image.blob_of(content).digest: content for content in (config, manifest)}
    with tarfile.open(output, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in (("index.json", index), ("oci-layout", oci_image.LAYOUT.encode())):
            _add(archive, name, text)
        for digest in sorted({*paths, *contents}):
            name = "blobs/" + digest.replace(":", "/")
            if digest in contents:
                _add(archive, name, contents[digest])
            else:
                with open(paths[digest], "rb") as file:
                    _add(archive, name, file.read())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.mtime, entry.size = 0o644, EPOCH, len(content)
    archive.addfile(entry, io.BytesIO(content))


def _checked(layout: str, digest: str) -> str:
    path = _path(layout, digest)
    try:
        with open(path, "rb") as file:
            intact = f"sha256:{sha256(file)}" == digest
    except OSError:
        raise ImageError(f"the base images in {layout} lack the layer {digest}") from None
    if not intact:
        raise ImageError(f"the layer {digest} in {layout} is damaged")
    return path
