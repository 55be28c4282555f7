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
    tip = tree.commit_all("refresh", "Move")
    assert git(checkout, "rev-parse", "refresh").strip() == tip
    base = git(checkout, "rev-parse", "main").strip()
    assert git(checkout, "rev-parse", "refresh^").strip() == base
    assert git(checkout, "show", "refresh:lock.txt") == "new\n"
    assert git(checkout, "log", "-1", "--format=%an %s", "refresh") == "lock-refresh Move\n"
    assert git(checkout, "status", "--porcelain", "--branch") == "## main\n M lock.txt\n"

    assert tree.commit_all("refresh", "Move again") == tip
    assert git(checkout, "rev-parse", "refresh").strip() == tip
    tree.reset()
    assert not (tree.path / "held.toml").exists()
    assert (tree.path / "lock.txt").read_text() == "old\n"
    assert tree.commit_all("refresh", "Nothing") != tip

    tree.remove()
    assert not tree.path.exists()
    assert git(checkout, "worktree", "list").count("\n") == 1


def test_a_fresh_clone_takes_the_same_commit_from_its_remote(
    checkout: Path, tmp_path: Path
) -> None:
    def committed(checkout: Path, text: str) -> str:
        tree = WorkTree.at(checkout, tmp_path / f"tree of {checkout.name}", "main")
        (tree.path / "lock.txt").write_text(text)
        return tree.commit_all("some/refresh", "Move")

    tip = committed(checkout, "new\n")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(checkout), str(clone))
    assert committed(clone, "newer\n") != tip
    named = ("-c", "user.name=a", "-c", "user.email=a@a.example")
    git(clone, "checkout", "--quiet", "some/refresh")
    git(clone, *named, "merge", "--quiet", "--strategy=ours", "origin/some/refresh")
    git(clone, "checkout", "--quiet", "--detach")
    assert committed(clone, "new\n") == tip
    assert git(clone, "rev-parse", "some/refresh").strip() == tip


def test_what_is_put_aside_is_none_of_the_stashes_of_the_user(
    checkout: Path, tmp_path: Path
) -> None:
    tree = WorkTree.at(checkout, tmp_path / "tree", "HEAD")
    (tree.path / "lock.txt").write_text("new\n")
    (checkout / "lock.txt").write_text("mine\n")
    with tree.unchanged():
        assert (tree.path / "lock.txt").read_text() == "old\n"
        assert git(checkout, "stash", "list") == ""
        git(checkout, "stash", "push", "--quiet", "--message=mine")
    assert (tree.path / "lock.txt").read_text() == "new\n"
    assert git(checkout, "stash", "list") == "stash@{0}: On main: mine\n"
    tree.reset()
    with tree.unchanged():
        assert (tree.path / "lock.txt").read_text() == "old\n"
    assert (tree.path / "lock.txt").read_text() == "old\n"
    assert git(checkout, "stash", "list") == "stash@{0}: On main: mine\n"


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
