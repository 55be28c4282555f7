"""Memos: they hold as long as nothing has changed, and damage is no memo."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lockstep.scripts import memo
from lockstep.scripts.memo import Memo


def made(folder: Path, *files: Path) -> Memo:
    return Memo(
        "why",
        tuple((str(path), memo.look(str(path))) for path in files),
        ((str(folder), memo.look(str(folder)), memo.names(str(folder))),),
        *((), "/environment", "/environment/bin/python", "", ""),
    )


def keep(folder: Path, kept: Memo) -> Path:
    path = Path(memo.path_of(str(folder), kept.question))
    path.write_bytes(memo.written(tuple(getattr(kept, name) for name in Memo.__slots__)))
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    keep(tmp_path, made(tmp_path, tmp_path / "a.py", tmp_path / "absent"))
    found = memo.load(str(tmp_path), "why")
    assert found is not None and found.holds()
    assert found.environment == "/environment"
    assert memo.load(str(tmp_path), "why not") is None


def test_whatever_happens_to_a_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("one")
    before = path.stat()

    def touched() -> None:
        path.write_text("two")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def replaced() -> None:
        (tmp_path / "new").write_text("two")
        os.utime(tmp_path / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
        os.replace(tmp_path / "new", path)

    for change in (touched, replaced, path.unlink, path.touch):
        kept = made(tmp_path, path)
        assert kept.holds()
        change()
        assert not kept.holds(), change


@pytest.mark.parametrize("name", ["new.py", "BUILD", "BUILD.more", "tool.py.spec", "folder/x"])
def test_names_that_matter(tmp_path: Path, name: str) -> None:
    kept = made(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert not kept.holds()


@pytest.mark.parametrize("name", ["out.csv", ".x.py.swp", "__pycache__/x", ".git/x"])
def test_names_that_do_not(tmp_path: Path, name: str) -> None:
    kept = made(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert kept.holds()


def test_damage_is_no_memo(tmp_path: Path) -> None:
    path = keep(tmp_path, made(tmp_path))
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at])
        assert memo.load(str(tmp_path), "why") is None
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert memo.load(str(tmp_path), "why") is None
    path.unlink()
    assert memo.load(str(tmp_path), "why") is None
