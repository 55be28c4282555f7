"""The job's own work tree, with real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lockstep.core.errors import LockstepError
from lockstep.refresh.worktree import WorkTree


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, where git knows nobody's name."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    root = tmp_path / "check out"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "lock.txt").write_text("old\n")
    git(root, "add", "--all")
    named = ("-c", "user.name=a", "-c", "user.email=a@a.example")
    git(root, *named, "commit", "--quiet", "--message=base")
    return root


def test_changes_become_one_commit_and_the_checkout_stays(checkout: Path, tmp_path: Path) -> None:
    (checkout / "lock.txt").write_text("mine\n")
    tree = WorkTree.at(checkout, tmp_path / "state" / "tree", "HEAD")
    assert (tree.path / "lock.txt").read_text() == "old\n"
    (tree.path / "lock.txt").write_text("new\n")
    (tree.path / "held.toml").write_text("")
    assert tree.commit_all("refresh", "Move")
    base = git(checkout, "rev-parse", "main").strip()
    assert git(checkout, "rev-parse", "refresh^").strip() == base
    assert git(checkout, "show", "refresh:lock.txt") == "new\n"
    assert git(checkout, "log", "-1", "--format=%an %s", "refresh") == "lock-refresh Move\n"
    assert git(checkout, "status", "--porcelain", "--branch") == "## main\n M lock.txt\n"

    tip = git(checkout, "rev-parse", "refresh")
    assert not tree.commit_all("refresh", "Move again")
    assert git(checkout, "rev-parse", "refresh") == tip
    tree.reset()
    assert not (tree.path / "held.toml").exists()
    assert (tree.path / "lock.txt").read_text() == "old\n"
    assert tree.commit_all("refresh", "Nothing")

    tree.remove()
    assert not tree.path.exists()
    assert git(checkout, "worktree", "list").count("\n") == 1


def test_what_a_killed_call_left_is_taken_over(checkout: Path, tmp_path: Path) -> None:
    path = tmp_path / "tree"
    WorkTree.at(checkout, path, "main")
    (path / "lock.txt").write_text("half\n")
    (path / "left").touch()
    assert WorkTree.at(checkout, path, "main").path == path
    assert (path / "lock.txt").read_text() == "old\n" and not (path / "left").exists()
    (path / ".git").write_text("gitdir: /nowhere\n")
    WorkTree.at(checkout, path, "main")
    assert (path / "lock.txt").read_text() == "old\n"


def test_git_of_a_hook_does_not_lead_back(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(checkout / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(checkout))
    tree = WorkTree.at(checkout, tmp_path / "tree", "main")
    assert tree.git("rev-parse", "--show-toplevel").strip() == str(tree.path)


def test_a_revision_that_is_none(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(LockstepError) as raised:
        WorkTree.at(checkout, tmp_path / "tree", "nowhere")
    assert str(raised.value) == (
        f"`nowhere` is no commit of {checkout}. Name a branch, tag or commit with `--base`."
    )
