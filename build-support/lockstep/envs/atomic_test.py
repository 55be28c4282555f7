"""Atomic writes, under real failures: a full disk, a folder that is none, and `kill -9`."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lockstep.envs.atomic import write_text, write_texts

ROOT = Path(__file__).parents[2]
BIG = 200_000


def child(code: str, *args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, args)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)


def test_content_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "lock.txt"
    write_text(path, "naïve\r\n\n\u2028end")
    assert path.read_bytes() == "naïve\r\n\n\u2028end".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    write_text(path, "", mode=0o600)
    assert path.read_bytes() == b""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["lock.txt"]


def test_a_secret_is_never_readable_for_others(tmp_path: Path) -> None:
    path = tmp_path / "settings.sh"
    old = os.umask(0)
    try:
        write_text(path, "secret", mode=0o600)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_reader_of_the_old_file_keeps_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    write_text(path, "old\n")
    with path.open() as reader:
        write_text(path, "new\n")
        assert reader.read() == "old\n"
    assert path.read_text() == "new\n"


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    write_text(path, "old\n")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800\n")
    assert path.read_text() == "old\n"
    assert os.listdir(tmp_path) == ["lock.txt"]


def test_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    write_text(path, "old\n")
    code = """if True:
        import resource, signal, sys
        from pathlib import Path
        from lockstep.envs.atomic import write_text
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        write_text(Path(sys.argv[1]), "new" * 10_000)
    """
    _, errors = child(code, path).communicate()
    assert errors.splitlines()[-1] == "OSError: [Errno 27] File too large"
    assert path.read_text() == "old\n"
    assert os.listdir(tmp_path) == ["lock.txt"]


def test_of_several_files_none_is_changed_where_one_cannot_be_written(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_texts({first: "old\n", second: "old\n"})
    with pytest.raises(UnicodeEncodeError):
        write_texts({first: "new\n", second: "new \ud800\n"})
    assert [path.read_text() for path in (first, second)] == ["old\n", "old\n"]
    write_texts({first: "new\n", second: "newer\n"})
    assert [path.read_text() for path in (first, second)] == ["new\n", "newer\n"]
    assert sorted(os.listdir(tmp_path)) == ["first", "second"]


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old\n")
    with pytest.raises(OSError):
        write_text(tmp_path / "file" / "lock.txt", "new\n")
    assert (tmp_path / "file").read_text() == "old\n"


def test_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").mkdir()
    with pytest.raises(IsADirectoryError):
        write_text(tmp_path / "lock.txt", "new\n")
    assert os.listdir(tmp_path) == ["lock.txt"]


def test_killed_writer_never_leaves_a_torn_file(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    code = f"""if True:
        import sys
        from pathlib import Path
        from lockstep.envs.atomic import write_text
        while True:
            for letter in "abcdefgh":
                write_text(Path(sys.argv[1]), letter * {BIG})
    """
    for pause in range(5):
        writer = child(code, path)
        before = path.stat().st_ino if path.exists() else None
        while before == (path.stat().st_ino if path.exists() else None):
            assert writer.poll() is None
            time.sleep(0.001)
        time.sleep(pause * 0.002)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        text = path.read_text()
        assert text[0] in "abcdefgh"
        assert text == text[0] * BIG
