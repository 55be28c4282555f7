"""A file that stands at several places, and one that cannot."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from lockstep.envs import sharing


def test_a_link_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("content")
    assert sharing.link(f"{tmp_path}/one", f"{tmp_path}/two")
    assert os.path.samefile(tmp_path / "one", tmp_path / "two")
    with pytest.raises(FileExistsError):
        sharing.link(f"{tmp_path}/one", f"{tmp_path}/two")
    with pytest.raises(FileNotFoundError):
        sharing.link(f"{tmp_path}/none", f"{tmp_path}/three")


def test_another_disk_is_told_of(tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk")
    (tmp_path / "one").write_text("content")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        assert not sharing.link(f"{tmp_path}/one", f"{folder}/two")
        assert os.listdir(folder) == []


def test_a_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"content" * 100_000)
    sharing.copy(f"{tmp_path}/one", f"{tmp_path}/two", 0o444)
    assert (tmp_path / "two").read_bytes() == (tmp_path / "one").read_bytes()
    assert (tmp_path / "two").stat().st_mode & 0o777 == 0o444
    with pytest.raises(FileExistsError):
        sharing.copy(f"{tmp_path}/one", f"{tmp_path}/two", 0o444)


def test_a_copy_of_a_symlink_is_one(tmp_path: Path) -> None:
    os.symlink("nowhere", tmp_path / "one")
    sharing.copy(f"{tmp_path}/one", f"{tmp_path}/two", 0o444)
    assert os.readlink(tmp_path / "two") == "nowhere"
