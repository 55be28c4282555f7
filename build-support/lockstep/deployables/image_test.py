"""OCI images as bytes; that other tools read them is seen with the services' own."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any, Mapping

import pytest

from lockstep.core.oci_image import MANIFEST, Settings
from lockstep.deployables import image
from lockstep.deployables.archives import Member, write_tar

SETTINGS = Settings("x86_64", ("python3.11", "x"), "/opt/x", {"PORT": "80"}, "80", {"l": "1"})


def _archive(path: Path, *members: Member) -> str:
    with path.open("wb") as file:
        write_tar(file, members)
    return str(path)


def _layer(folder: Path, name: str, prefix: str = "opt/x/") -> dict[str, Any]:
    archive = _archive(folder / f"{name}.tar", Member(f"{name}/file", name.encode(), True))
    blob = str(folder / f"{name}.gz")
    return {**image.write_layer(archive, prefix, blob), "path": blob, "told": name}


def _read(archive: Path) -> Mapping[str, bytes]:
    with tarfile.open(archive) as layout:
        return {m.name: layout.extractfile(m).read() for m in layout}  # type: ignore[union-attr]


def test_an_image_holds_its_layers_under_their_digests(tmp_path: Path) -> None:
    layers = [_layer(tmp_path, "third"), _layer(tmp_path, "first")]
    image.write_image(str(tmp_path / "x.tar"), layers, SETTINGS, "1.0")
    files = _read(tmp_path / "x.tar")
    for name, content in files.items():
        if name.startswith("blobs/"):
            assert name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"
    (described,) = json.loads(files["index.json"])["manifests"]
    assert described["annotations"] == {"org.opencontainers.image.ref.name": "1.0"}
    assert described["platform"] == {"architecture": "amd64", "os": "linux"}
    manifest = json.loads(files["blobs/" + described["digest"].replace(":", "/")])
    assert manifest["mediaType"] == MANIFEST
    assert [layer["digest"] for layer in manifest["layers"]] == [one["digest"] for one in layers]
    config = json.loads(files["blobs/" + manifest["config"]["digest"].replace(":", "/")])
    assert config == {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": "65534:65534",
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "PORT=80"],
            "Entrypoint": ["python3.11", "x"],
            "Cmd": [],
            "WorkingDir": "/opt/x",
            "ExposedPorts": {"80/tcp": {}},
            "Labels": {"l": "1"},
        },
        "rootfs": {"type": "layers", "diff_ids": [one["diff_id"] for one in layers]},
        "history": [{"created_by": "third"}, {"created_by": "first"}],
    }
    for one, layer in zip(layers, manifest["layers"]):
        content = files["blobs/" + layer["digest"].replace(":", "/")]
        assert layer["size"] == len(content)
        plain = gzip.decompress(content)
        assert one["diff_id"] == f"sha256:{hashlib.sha256(plain).hexdigest()}"
        with tarfile.open(fileobj=io.BytesIO(plain)) as unpacked:
            name = one["told"]
            parents = ["opt", "opt/x", f"opt/x/{name}", f"opt/x/{name}/file"]
            assert unpacked.getnames() == parents
            assert {(m.uid, m.mode) for m in unpacked} == {(0, 0o755)}


def test_a_root_filesystem_stays_as_it_is_compressed_or_not(tmp_path: Path) -> None:
    plain = _layer(tmp_path, "root", "")
    packed = tmp_path / "root.tgz"
    packed.write_bytes(gzip.compress((tmp_path / "root.tar").read_bytes(), 1))
    again = image.write_layer(str(packed), "", str(tmp_path / "again.gz"))
    assert {key: plain[key] for key in again} == again
    content = hashlib.sha256((tmp_path / "root.tar").read_bytes()).hexdigest()
    assert plain["diff_id"] == f"sha256:{content}"


@pytest.fixture
def layout(tmp_path: Path) -> tuple[Path, str]:
    """A layout with a base image, and the digest of that."""
    base = Settings("x86_64", ("sh",), "/", {"LANG": "C"}, None, {"of": "base"})
    image.write_image(str(tmp_path / "base.tar"), [_layer(tmp_path, "os", "")], base, "base")
    with tarfile.open(tmp_path / "base.tar") as archive:
        archive.extractall(tmp_path / "layout")
    (described,) = json.loads((tmp_path / "layout/index.json").read_text())["manifests"]
    return tmp_path / "layout", described["digest"]


def test_an_image_can_stand_on_another_one(layout: tuple[Path, str], tmp_path: Path) -> None:
    folder, digest = layout
    base = image.read_base(str(folder), digest, "x86_64")
    image.write_image(
        str(tmp_path / "x.tar"), [_layer(tmp_path, "first")], SETTINGS, "1", base, str(folder)
    )
    files = _read(tmp_path / "x.tar")
    configs = [json.loads(text) for text in files.values() if text.startswith(b'{"architecture"')]
    (config,) = configs
    assert config["config"]["Env"] == ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C", "PORT=80"]
    assert config["config"]["Labels"] == {"of": "base", "l": "1"}
    assert [one["created_by"] for one in config["history"]] == ["os", "first"]
    assert len(config["rootfs"]["diff_ids"]) == 2
    assert base.layers[0]["digest"].replace(":", "/") in {n[len("blobs/") :] for n in files}


def test_what_is_told_of_a_base_that_cannot_be_taken(layout: tuple[Path, str]) -> None:
    folder, digest = layout
    missing = f"sha256:{64 * '0'}"
    with pytest.raises(image.ImageError) as raised:
        image.read_base(str(folder), missing, "x86_64")
    assert str(raised.value) == f"the base images in {folder} hold no {missing}"
    with pytest.raises(image.ImageError) as raised:
        image.read_base(str(folder), digest, "arm64")
    assert str(raised.value) == f"the base image {digest} is for amd64, not arm64"
    path = folder / "blobs" / digest.replace(":", "/")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(image.ImageError) as raised:
        image.read_base(str(folder), digest, "x86_64")
    assert str(raised.value) == f"{digest} in {folder} is damaged"


def test_of_an_index_the_image_for_the_machine_is_taken(layout: tuple[Path, str]) -> None:
    folder, _ = layout
    content = (folder / "index.json").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    (folder / "blobs/sha256" / digest).write_bytes(content)
    assert len(image.read_base(str(folder), f"sha256:{digest}", "x86_64").layers) == 1
    with pytest.raises(image.ImageError) as raised:
        image.read_base(str(folder), f"sha256:{digest}", "arm64")
    assert str(raised.value) == f"the base image sha256:{digest} is not for arm64"


def test_a_damaged_layer_of_the_base_is_not_taken(layout: tuple[Path, str], tmp_path: Path) -> None:
    folder, digest = layout
    base = image.read_base(str(folder), digest, "x86_64")
    layer = base.layers[0]["digest"]
    (folder / "blobs" / layer.replace(":", "/")).write_bytes(b"")
    with pytest.raises(image.ImageError) as raised:
        image.write_image(str(tmp_path / "x"), [], SETTINGS, "1", base, str(folder))
    assert str(raised.value) == f"the layer {layer} in {folder} is damaged"
    (folder / "blobs" / layer.replace(":", "/")).unlink()
    with pytest.raises(image.ImageError) as raised:
        image.write_image(str(tmp_path / "x"), [], SETTINGS, "1", base, str(folder))
    assert str(raised.value) == f"the base images in {folder} lack the layer {layer}"
