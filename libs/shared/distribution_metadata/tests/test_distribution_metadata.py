import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from distribution_metadata import (
    ArchivedFile,
    Distribution,
    DistributionError,
    read_distribution,
    read_metadata,
)

METADATA = b"""\
Metadata-Version: 2.1
Name: Bread.Box
Version: 1.0
Summary: Keeps bread
Requires-Python: >=3.8
Requires-Dist: oven>=2
Requires-Dist: butter; extra == "breakfast"
Description-Content-Type: text/markdown

# Bread
"""
MINIMAL = b"Metadata-Version: 2.1\nName: box\nVersion: 1\n"


def wheel(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("bread_box")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def sdist(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type = tarfile.SYMTYPE
        link.linkname = "/"
        archive.addfile(link)
    return path


def bread_box(*files: ArchivedFile) -> Distribution:
    return Distribution(
        name="Bread.Box",
        version="1.0",
        summary="Keeps bread",
        description="# Bread\n",
        description_content_type="text/markdown",
        requires_dist=("oven>=2", 'butter; extra == "breakfast"'),
        requires_python=">=3.8",
        files=files,
    )


def test_a_wheel(tmp_path: Path) -> None:
    path = wheel(
        tmp_path / "bread_box-1.0-py3-none-any.whl",
        {"bread_box/b.py": b"x = 1\n", "bread_box-1.0.dist-info/METADATA": METADATA},
    )
    assert read_distribution(path) == bread_box(
        ArchivedFile("bread_box-1.0.dist-info/METADATA", len(METADATA)),
        ArchivedFile("bread_box/b.py", 6),
    )
    assert read_metadata(path) == METADATA


def test_an_sdist(tmp_path: Path) -> None:
    files = {
        "bread_box-1.0/bread_box.py": b"",
        "bread_box-1.0/PKG-INFO": METADATA,
        "bread_box-1.0/bread_box.egg-info/PKG-INFO": b"",
    }
    path = sdist(tmp_path / "bread_box-1.0.tar.gz", files)
    assert read_distribution(path) == bread_box(
        ArchivedFile("bread_box-1.0/PKG-INFO", len(METADATA)),
        ArchivedFile("bread_box-1.0/bread_box.egg-info/PKG-INFO", 0),
        ArchivedFile("bread_box-1.0/bread_box.py", 0),
    )
    assert read_metadata(path) == METADATA


def test_the_least_metadata(tmp_path: Path) -> None:
    path = wheel(tmp_path / "box-1-py3-none-any.whl", {"box-1.dist-info/METADATA": MINIMAL})
    assert read_distribution(path) == Distribution(
        name="box",
        version="1",
        summary=None,
        description=None,
        description_content_type=None,
        requires_dist=(),
        requires_python=None,
        files=(ArchivedFile("box-1.dist-info/METADATA", len(MINIMAL)),),
    )


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"box.py": b""}, "0 metadata files instead of one"),
        (
            {"a-1.dist-info/METADATA": MINIMAL, "b-1.dist-info/METADATA": MINIMAL},
            "2 metadata files instead of one",
        ),
        (
            {"a-1.dist-info/METADATA": bytes(16 * 1024 * 1024 + 1)},
            "more than 16777216 bytes of metadata",
        ),
        (
            {"a-1.dist-info/METADATA": MINIMAL.replace(b"Version: 1\n", b"Version: one\n")},
            "invalid metadata: 'one' is invalid for 'version'",
        ),
    ],
)
def test_no_distribution(tmp_path: Path, files: dict[str, bytes], fault: str) -> None:
    path = wheel(tmp_path / "box-1-py3-none-any.whl", files)
    with pytest.raises(DistributionError) as caught:
        read_distribution(path)
    assert str(caught.value) == f"box-1-py3-none-any.whl: {fault}"


@pytest.mark.parametrize("name", ["box-1-py3-none-any.whl", "box-1.tar.gz"])
@pytest.mark.parametrize("kept", [0, 1, 20, 60, 100, 140])
def test_every_cut_is_one_error(tmp_path: Path, name: str, kept: int) -> None:
    make = wheel if name.endswith(".whl") else sdist
    path = make(tmp_path / name, {"box-1/PKG-INFO": MINIMAL, "box-1.dist-info/METADATA": MINIMAL})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DistributionError) as caught:
        read_distribution(path)
    assert str(caught.value).startswith(f"{name}: damaged archive (")


def test_a_wrong_checksum(tmp_path: Path) -> None:
    path = tmp_path / "box-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("box-1.dist-info/METADATA", MINIMAL)
    path.write_bytes(path.read_bytes().replace(b"Name: box", b"Name: fox"))
    with pytest.raises(DistributionError) as caught:
        read_distribution(path)
    assert str(caught.value) == (
        "box-1-py3-none-any.whl: damaged archive "
        "(Bad CRC-32 for file 'box-1.dist-info/METADATA')"
    )


def test_another_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "box-1.zip"
    path.write_bytes(b"")
    with pytest.raises(DistributionError) as caught:
        read_distribution(path)
    assert str(caught.value) == "box-1.zip: neither a wheel (.whl) nor an sdist (.tar.gz)"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_distribution(tmp_path / "box-1.tar.gz")
