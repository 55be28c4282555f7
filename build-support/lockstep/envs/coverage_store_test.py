"""The store of coverage: what is kept is found, damage is told, and only the outdated goes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lockstep.core.coverage_baseline import DAYS_UNUSED, KEYS_PER_TEST, BaselineError, Entry
from lockstep.envs.coverage_store import CoverageStore

ROOT = Path(__file__).parents[2]
ENTRY = Entry(("app/a_test.py",), "0" * 64, b"SQLite" * 1000)


def test_what_is_kept_is_found_under_its_key_alone(tmp_path: Path) -> None:
    store = CoverageStore(tmp_path / "new" / "folder")
    assert store.load(ENTRY.targets, ENTRY.key) is None
    store.prune(0.0)
    store.save(ENTRY)
    store.save(ENTRY)
    assert store.load(ENTRY.targets, ENTRY.key) == ENTRY
    assert store.load(ENTRY.targets, "1" * 64) is None
    assert store.load(("app/b_test.py",), ENTRY.key) is None
    assert len(os.listdir(store.folder)) == 1


def test_damage_is_told_with_the_file(tmp_path: Path) -> None:
    store = CoverageStore(tmp_path)
    store.save(ENTRY)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BaselineError) as caught:
        store.load(ENTRY.targets, ENTRY.key)
    assert str(caught.value).startswith(f"{path} is not the coverage that was kept for app/a_test")
    store.save(ENTRY)
    assert store.load(ENTRY.targets, ENTRY.key) == ENTRY


def test_where_nothing_can_be_written_it_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = CoverageStore(tmp_path / "file" / "folder")
    assert store.load(ENTRY.targets, ENTRY.key) is None
    with pytest.raises(NotADirectoryError):
        store.save(ENTRY)
    store.touch(ENTRY)
    store.prune(0.0)


def test_a_key_that_was_carried_stays_when_others_come(tmp_path: Path) -> None:
    store = CoverageStore(tmp_path)
    now = 1e9
    for n in range(KEYS_PER_TEST + 1):
        store.save(Entry(ENTRY.targets, f"{n:064}", b""))
        (path,) = tmp_path.glob(f"*-{n:064}.coverage")
        os.utime(path, (now + n, now + n))
    store.touch(Entry(ENTRY.targets, f"{0:064}", b""))  # thus used last
    store.touch(Entry(ENTRY.targets, "gone", b""))
    store.prune(now)
    assert [n for n in range(KEYS_PER_TEST + 1) if store.load(ENTRY.targets, f"{n:064}")] == [
        *(0, 2, 3, 4, 5, 6, 7, 8),
    ]
    (tmp_path / "other file").write_text("")
    store.prune(9e9 + DAYS_UNUSED)
    assert os.listdir(tmp_path) == ["other file"]


def test_many_at_once(tmp_path: Path) -> None:
    """Writers, pruners and readers meet whole entries only."""
    code = """if True:
        import sys
        from pathlib import Path
        from lockstep.core.coverage_baseline import Entry
        from lockstep.envs.coverage_store import CoverageStore
        store = CoverageStore(Path(sys.argv[1]))
        for n in range(300):
            key = f"{n % 12:064}"
            store.save(Entry(("app/a_test.py",), key, key.encode() * 100))
            store.prune(0.0)
            for other in range(12):
                entry = store.load(("app/a_test.py",), f"{other:064}")
                assert entry is None or entry.data == entry.key.encode() * 100
    """
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = [subprocess.Popen(command, env=environ) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    names = os.listdir(tmp_path)
    assert 0 < len(names) <= KEYS_PER_TEST + 3
    assert all(name.endswith(".coverage") for name in names)
