"""What the goal writes, where that cannot be."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from pants.engine.console import Console
from pants.util.frozendict import FrozenDict

from lockstep.lock.goal import write_locks
from lockstep.lock.resolve import ResolvedLock


def test_a_lock_that_cannot_be_written_stands_with_its_graph(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text("old\n")
    (tmp_path / "file").write_text("")
    out, err = StringIO(), StringIO()
    console = Console(stdout=out, stderr=err, use_colors=False)
    files = FrozenDict({"lock.txt": "new\n", "file/lock.graph.json": "{}\n"})
    lock = ResolvedLock("python-default", "old\n", 1, files)
    assert write_locks([lock], tmp_path, console).exit_code == 1
    assert (tmp_path / "lock.txt").read_text() == "old\n"
    assert out.getvalue() == ""
    assert err.getvalue() == (
        "lock.txt stands as it was, since it cannot be written (File exists). Free some space, or let"
        " its folder be written to, then run this again.\n"
    )
