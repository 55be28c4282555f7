"""The hook formats, lints and checks what a commit changes, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lockstep.acceptance.changes import git

APP = "services/linehaul/src/linehaul/app.py"


def hook(checkout: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PRE_COMMIT_HOME": str(cache), "PANTS_COLORS": "false"}
    command = [sys.executable, "-m", "pre_commit", "run", "--color=never", "--verbose"]
    return subprocess.run(command, cwd=checkout, env=environ, stdout=subprocess.PIPE, text=True)


def test_the_hook_holds_what_a_commit_changes(checkout: Path, tmp_path: Path) -> None:
    path = checkout / APP
    before = path.read_text()
    path.write_text(f"{before}\n\nTEXT:str = ''\n")
    git(checkout, "add", APP)
    formatted = hook(checkout, tmp_path)
    assert formatted.returncode == 1
    assert "files were modified by this hook" in formatted.stdout
    assert path.read_text() == f'{before}\n\nTEXT: str = ""\n'

    git(checkout, "add", APP)
    passed = hook(checkout, tmp_path)
    assert passed.returncode == 0
    assert "Success: no issues found in 1 source file" in passed.stdout

    path.write_text(f"{before}\n\nTEXT: str = 1\n")
    git(checkout, "add", APP)
    failed = hook(checkout, tmp_path)
    assert failed.returncode == 1
    assert f"{APP}:{len(before.splitlines()) + 3}: error: Incompatible types" in failed.stdout
