"""Against the real git, in repositories of every shape that a build meets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lockstep.affected.git import Repository, RevisionError
from lockstep.core.revisions import ChangeKind, FileChange


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    allowed = ["-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", *identity, *allowed, *arguments], cwd=folder, check=True, stdout=subprocess.PIPE
    )
    return done.stdout.decode().strip()


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    write(root, a="1", b="2", c="3")
    commit(root, "first")
    return root


def changes(folder: Path, revision: str) -> set[str]:
    repository = Repository(folder)
    return {str(change) for change in repository.changes(repository.base(revision))}


def test_the_work_tree_counts_with_all_that_is_not_committed(folder: Path) -> None:
    assert changes(folder, "HEAD") == set()
    write(folder, a="changed", x="untracked")
    (folder / "b.py").unlink()
    git(folder, "mv", "c.py", "neu größe.py")
    git(folder, "rm", "-q", "--cached", "a.py")
    (folder / ".gitignore").write_text("ignored.py\n")
    write(folder, ignored="1")
    assert changes(folder, "HEAD") == {
        ".gitignore added",
        "a.py changed",
        "b.py deleted",
        "c.py deleted",
        "neu größe.py added",
        "x.py added",
    }


def test_what_is_ignored_now_is_gone_for_pants(folder: Path) -> None:
    (folder / ".gitignore").write_text("b.py\n")
    commit(folder, "ignore")
    assert changes(folder, "HEAD") == set()
    assert changes(folder, "HEAD~1") == {".gitignore added", "b.py deleted"}


def test_a_branch_is_compared_where_head_left_it(folder: Path) -> None:
    git(folder, "checkout", "-qb", "work")
    write(folder, a="mine")
    commit(folder, "mine")
    git(folder, "checkout", "-q", "main")
    write(folder, b="theirs")
    commit(folder, "theirs")
    git(folder, "checkout", "-q", "--detach", "work")
    assert changes(folder, "main") == {"a.py changed"}
    assert changes(folder, "HEAD~1") == {"a.py changed"}


def test_a_build_root_below_the_repository_and_a_second_work_tree(folder: Path) -> None:
    (folder / "sub").mkdir()
    write(folder / "sub", d="1")
    first = commit(folder, "sub")
    other = folder.parent / "other"
    git(folder, "worktree", "add", "-q", str(other))
    write(other / "sub", d="2", e="3")
    write(other, a="outside")
    repository = Repository(other / "sub")
    assert repository.changes(first) == (
        FileChange("d.py", ChangeKind.CHANGED),
        FileChange("e.py", ChangeKind.ADDED),
    )
    assert repository.contents(first, ["d.py", "e.py", "x y.py"]) == {"d.py": b"1"}
    assert repository.paths(first) == ("d.py",)
    assert changes(folder, "HEAD") == set()


def test_what_files_held(folder: Path) -> None:
    (folder / "x y.py").write_bytes(b"one\ntwo\0\n\nthree")
    (folder / "empty").write_bytes(b"")
    base = commit(folder, "more")
    asked = ["a.py", "empty", "missing", "x y.py", "new\nline"]
    assert Repository(folder).contents(base, asked) == {
        "a.py": b"1",
        "empty": b"",
        "x y.py": b"one\ntwo\0\n\nthree",
    }
    assert Repository(folder).contents(base, []) == {}


def test_files_of_a_submodule(folder: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q", "-b", "main")
    write(library, one="1", two="2")
    commit(library, "library")
    git(folder, "submodule", "--quiet", "add", str(library), "vendored")
    base = commit(folder, "vendor")
    write(folder / "vendored", one="changed")
    assert {str(c) for c in Repository(folder).changes(base)} == {"vendored/one.py changed"}
    commit(folder / "vendored", "within")
    write(folder / "vendored", three="3")
    assert {str(c) for c in Repository(folder).changes(base)} == {
        "vendored/one.py changed",
        "vendored/three.py added",
    }


def test_an_unknown_revision(folder: Path) -> None:
    with pytest.raises(RevisionError) as raised:
        Repository(folder).base("--nowhere")
    assert str(raised.value) == "git knows no revision `--nowhere`. Fetch it, or correct the name."


def test_a_shallow_clone_says_how_deep_it_is(folder: Path, tmp_path: Path) -> None:
    write(folder, a="2")
    old = commit(folder, "second")
    git(folder, "branch", "base", f"{old}~1")
    write(folder, a="3")
    commit(folder, "third")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=2", "--no-single-branch", folder.as_uri(), str(shallow))
    assert changes(shallow, "HEAD~1") == {"a.py changed"}
    git(shallow, "fetch", "-q", "--depth=1", "origin", "base:base")
    with pytest.raises(RevisionError) as raised:
        Repository(shallow).base("base")
    depth = git(shallow, "rev-list", "--count", "HEAD")
    assert str(raised.value) == (
        f"This clone is shallow, {depth} deep, and where HEAD left `base` lies deeper. Fetch more"
        f" than {depth} commits, such as with `git fetch --unshallow`."
    )
    with pytest.raises(RevisionError) as raised:
        Repository(shallow).base(f"{old}~5")
    assert str(raised.value) == (
        f"git knows no revision `{old}~5`. Fetch it: this clone is shallow, {depth} deep, as with"
        " `git fetch --unshallow`."
    )


def test_no_repository_and_no_commit(tmp_path: Path) -> None:
    with pytest.raises(RevisionError) as raised:
        Repository(tmp_path).base("HEAD")
    assert str(raised.value) == (
        f"{tmp_path} is in no git repository, so nothing tells what changed. Run `git init` and"
        " commit, or name targets instead."
    )
    git(tmp_path, "init", "-q")
    with pytest.raises(RevisionError) as raised:
        Repository(tmp_path).base("HEAD")
    assert str(raised.value) == "This repository has no commit yet. Commit something first."


def test_unrelated_histories(folder: Path) -> None:
    git(folder, "checkout", "-q", "--orphan", "other")
    commit(folder, "other")
    with pytest.raises(RevisionError) as raised:
        Repository(folder).base("main")
    assert str(raised.value) == (
        "HEAD and `main` have no commit in common. Name a revision that HEAD descends from."
    )


def test_no_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(RevisionError) as raised:
        Repository(folder).base("HEAD")
    assert str(raised.value) == (
        "There is no git on the PATH, so nothing tells what changed. Install git."
    )


def test_when_files_last_changed_and_how_git_calls_that(folder: Path, tmp_path: Path) -> None:
    repository = Repository(folder)
    first = git(folder, "rev-parse", "HEAD")
    assert repository.described(first) == first[:12]
    git(folder, "tag", "v1")
    write(folder, b="changed")
    second = commit(folder, "second")
    assert repository.newest(["a.py", "c.py"]) == first
    assert repository.newest(["a.py", "b.py"]) == second
    assert repository.newest(["unknown.py", "*.py"]) == ""  # no pattern
    assert repository.described(first) == "v1"
    assert repository.described(second) == f"v1-1-g{second[:12]}"

    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{folder}", str(shallow))
    with pytest.raises(RevisionError) as raised:
        Repository(shallow).newest(["a.py"])
    assert str(raised.value) == (
        "This clone is shallow, so git cannot tell when a file last changed."
        " Run `git fetch --unshallow`."
    )
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(RevisionError) as raised:
        Repository(outside).newest(["a.py"])
    assert str(raised.value) == (
        f"{outside} is in no git repository, so nothing tells its versions."
        " Run `git init` and commit."
    )


def test_what_differs_from_the_commit(folder: Path) -> None:
    repository = Repository(folder)
    assert repository.differing() == ()
    write(folder, a="changed", new="1")
    git(folder, "rm", "-q", "b.py")
    assert sorted(repository.differing()) == ["a.py", "b.py", "new.py"]
