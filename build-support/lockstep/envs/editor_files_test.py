"""Files of editors on a real disk: written once, never through a person's work, whole after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

import pytest

from lockstep.core.editor_layout import Link, Settings, Source, settings
from lockstep.core.shell_hooks import ShellHook
from lockstep.envs.editor_files import stale, write

PYRIGHT, VSCODE, DOTENV = "pyrightconfig.json", ".vscode/settings.json", ".env"
ALL = (PYRIGHT, VSCODE, DOTENV)


def wanted(root: Path, *services: str) -> Settings:
    sources = [Source(f"{name}/src/x.py", f"{name}/src", "main") for name in services or ("a",)]
    return settings(sources, {"main": Link(".venv", "3.11")}, "main", str(root))


def sentences(root: Path, told: Settings) -> list[str]:
    return [one.sentence for one in write(root, told)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "my repo"
    (folder / ".git").mkdir(parents=True)
    return folder


def stats(root: Path) -> dict[str, os.stat_result]:
    return {str(path): path.lstat() for path in sorted(root.rglob("*"))}


def test_what_is_as_it_should_be_is_not_touched(root: Path) -> None:
    told = wanted(root)
    assert stale(root, told) == tuple(f"{path} does not fit the environments." for path in ALL)
    assert sentences(root, told) == [f"Wrote {path}." for path in ALL]
    before = stats(root)
    assert sentences(root, told) == []
    assert stale(root, told) == ()
    assert stats(root) == before
    assert json.loads((root / PYRIGHT).read_text())["extraPaths"] == ["a/src"]
    assert (root / DOTENV).read_text().splitlines()[0] == f'PYTHONPATH="{root}/a/src"'


def test_source_roots_change_and_what_a_person_added_stays(root: Path) -> None:
    write(root, wanted(root, "a", "b"))
    path = root / PYRIGHT
    path.write_text(path.read_text().replace('"a/src",', '"a/src", // first\n"mine",'))
    assert sentences(root, wanted(root, "b", "c")) == [f"Updated {PYRIGHT}.", f"Updated {DOTENV}."]
    assert '// first\n"mine",\n' in path.read_text()
    assert [line.strip() for line in path.read_text().splitlines() if "src" in line] == [
        '"b/src",',
        '"c/src"',
    ]


def test_damage_is_left_alone_and_told_each_time(root: Path) -> None:
    (root / ".vscode").mkdir()
    (root / VSCODE).write_text('{"a": 1,,}')
    (root / DOTENV).write_bytes(b"A=\xff\n")
    before = stats(root)
    told = [
        f"Wrote {PYRIGHT}.",
        f"{VSCODE}:1: a string is expected. Mend the JSON, or delete the file."
        f" Until then {VSCODE} is left alone.",
        f"{DOTENV} is not UTF-8. Save it as UTF-8. Until then {DOTENV} is left alone.",
    ]
    assert sentences(root, wanted(root)) == told
    assert sentences(root, wanted(root)) == told[1:]
    assert stale(root, wanted(root)) == tuple(told[1:])
    after = stats(root)
    assert {path: after[path] for path in before if not path.startswith(str(root / ".git"))} == {
        path: before[path] for path in before if not path.startswith(str(root / ".git"))
    } | {str(root / ".vscode"): after[str(root / ".vscode")]}
    (root / VSCODE).write_text("{}")
    assert sentences(root, wanted(root))[0] == f"Updated {VSCODE}."


def test_symlinks_within_the_repository_are_followed_and_others_are_not(
    root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "shared.json"
    outside.write_text("{}")
    (root / PYRIGHT).symlink_to(outside)
    (root / "conf").mkdir()
    (root / "conf" / "env").write_text("A=1\n")
    (root / "conf" / "env").chmod(0o600)
    (root / DOTENV).symlink_to("conf/env")
    assert sentences(root, wanted(root)) == [
        f"{PYRIGHT} is a symlink that leads out of the repository. Put a file in its place."
        f" Until then {PYRIGHT} is left alone.",
        f"Wrote {VSCODE}.",
        f"Updated {DOTENV}.",
    ]
    assert outside.read_text() == "{}"
    assert (root / DOTENV).is_symlink()
    assert (root / "conf" / "env").read_text().startswith("A=1\nPYTHONPATH=")
    assert (root / "conf" / "env").stat().st_mode & 0o777 == 0o600


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / DOTENV)
    assert sentences(root, wanted(root))[-1].startswith(f"{DOTENV} is not a file.")


def test_what_cannot_be_written_is_told_and_done_later(root: Path) -> None:
    (root / ".vscode").write_text("a file where the folder should be")
    failed = sentences(root, wanted(root))[1]
    assert failed.startswith(f"{VSCODE} cannot be ")
    (root / ".vscode").unlink()
    assert sentences(root, wanted(root)) == [f"Wrote {VSCODE}."]


def test_a_table_in_pyproject_stays_in_force(root: Path) -> None:
    write(root, wanted(root))
    (root / "pyproject.toml").write_text('[tool.pyright]\nvenvPath = "."\n')
    assert sentences(root, wanted(root)) == [
        f"Removed {PYRIGHT}.",
        f"pyproject.toml has a table [tool.pyright], so {PYRIGHT} is not written."
        ' Set there: venv = ".venv".',
    ]
    assert not (root / PYRIGHT).exists()
    (root / "pyproject.toml").write_text("[tool.pyright")
    assert sentences(root, wanted(root))[0].startswith("pyproject.toml:1: ")


def test_a_switch_replaces_the_configuration_of_pyright_by_itself(root: Path) -> None:
    write(root, wanted(root))
    before = (root / PYRIGHT).stat()
    text = (root / PYRIGHT).read_text()
    assert write(root, wanted(root), switched=True) == ()
    assert (root / PYRIGHT).stat().st_ino != before.st_ino
    assert (root / PYRIGHT).read_text() == text
    assert sentences(root, wanted(root)) == []


def test_a_hook_is_kept_up_to_date_until_it_is_a_persons(root: Path) -> None:
    write(root, wanted(root), [ShellHook.aactivator])
    text = (root / ".activate.sh").read_text()
    told = [one.sentence for one in write(root, wanted(root, "a", "b"))]
    assert told == [f"Updated {PYRIGHT}.", f"Updated {DOTENV}.", "Updated .activate.sh."]
    (root / ".activate.sh").write_text("echo mine\n")
    assert sentences(root, wanted(root, "c")) == [f"Updated {PYRIGHT}.", f"Updated {DOTENV}."]
    assert (root / ".activate.sh").read_text() == "echo mine\n" != text
    told = [one.sentence for one in write(root, wanted(root, "c"), [ShellHook.aactivator])]
    assert told == [
        ".activate.sh is yours, so it is left alone. Add to it what docs/editors.md shows."
    ]
    (root / ".envrc").write_text("mine\n")
    assert write(root, wanted(root, "c"), [ShellHook.direnv])[-1].is_fault
    assert (root / ".envrc").read_text() == "mine\n"


def test_a_damaged_record_is_told_and_nothing_of_a_person_changes(root: Path) -> None:
    write(root, wanted(root, "a"))
    (record,) = root.glob(".git/lockstep/*.json")
    record.write_text(record.read_text()[:-40])
    assert sentences(root, wanted(root, "b"))[0].startswith("What is recorded of the editor")
    assert json.loads((root / PYRIGHT).read_text())["extraPaths"] == ["a/src", "b/src"]


@pytest.mark.parametrize("kind", ["work tree", "none"])
def test_where_the_record_is_where_git_has_its_folder_elsewhere(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    if kind == "work tree":
        (root / ".git").write_text("gitdir: ../main/.git/worktrees/repo\n")
    write(root, wanted(root))
    folder = tmp_path / "main/.git/worktrees/repo" if kind == "work tree" else root / ".pants.d"
    assert (folder / "lockstep/editor-settings.json").exists()
    assert sentences(root, wanted(root)) == []


KILLED = """
import sys
from pathlib import Path
from lockstep.envs import editor_files
from lockstep.envs.editor_files_test import wanted
import itertools
root = Path(sys.argv[1])
print("started", flush=True)
for number in itertools.count():
    editor_files.write(root, wanted(root, *"ab" if number % 2 else "bc"))
"""


def test_after_any_kill_the_next_call_makes_it_whole(root: Path) -> None:
    (root / PYRIGHT).write_text('{\n    "mine": 1, // stays\n    "extraPaths": ["mine"]\n}\n')
    for kill in range(int(os.environ.get("LOCKSTEP_KILLS", "5"))):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(root)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None and process.stdout.readline() == "started\n"
        time.sleep(0.02 + kill * 0.007 % 0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        write(root, wanted(root, "d"))
        values = (root / PYRIGHT).read_text()
        assert '"mine": 1, // stays\n' in values
        assert '"extraPaths": ["mine", "d/src"]' in values
        assert (root / DOTENV).read_text().splitlines()[0] == f'PYTHONPATH="{root}/d/src"'
        assert sentences(root, wanted(root, "d")) == []


def test_two_at_once_leave_what_one_of_them_wanted(root: Path) -> None:
    code = KILLED.replace("itertools.count()", "range(30)")
    both = [subprocess.Popen([sys.executable, "-c", code, str(root)]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    write(root, wanted(root, "d"))
    assert json.loads((root / PYRIGHT).read_text())["extraPaths"] == ["d/src"]
