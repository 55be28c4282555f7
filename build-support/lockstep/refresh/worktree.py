"""A work tree of the job's own, so that nobody's is touched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Mapping

from lockstep.core.errors import LockstepError

_OF_A_REPOSITORY = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "WORK_TREE", "COMMON_DIR", "INDEX_FILE", "PREFIX", "NAMESPACE"),
        *("OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES"),
    )
)
_NOBODY = {"user.name": "lock-refresh", "user.email": "lock-refresh@localhost"}


@dataclass(frozen=True)
class Called:
    """What a program did: its exit code, and both of its outputs."""

    exit_code: int
    stdout: str
    output: str


@dataclass(frozen=True)
class WorkTree:
    """A git work tree at one commit.

    Attributes:
        checkout: the repository that it belongs to.
        path: where it is.
        commit: the commit.
    """

    checkout: Path
    path: Path
    commit: str

    @classmethod
    def at(cls, checkout: Path, path: Path, revision: str) -> WorkTree:
        """Make it, or take over the one that a killed call left.

        Raises:
            LockstepError: there is no such revision, or no git.
        """
        found = _run(
            ["git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], checkout
        )
        if found.exit_code != 0:
            raise LockstepError(
                f"`{revision}` is no commit of {checkout}",
                mend="Name a branch, tag or commit with `--base`",
            )
        tree = cls(checkout, path, found.stdout.strip())
        if (path / ".git").exists() and tree._reset().exit_code == 0:
            return tree
        shutil.rmtree(path, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        _git(checkout, "worktree", "prune")
        _git(checkout, "worktree", "add", "--quiet", "--force", "--detach", str(path), tree.commit)
        return tree

    def reset(self) -> None:
        """Let all files be those of the commit."""
        done = self._reset()
        if done.exit_code != 0:
            raise _failed("checkout", done)

    def _reset(self) -> Called:
        done = _run(["git", "checkout", "--quiet", "--force", "--detach", self.commit], self.path)
        return _run(["git", "clean", "-fdq"], self.path) if done.exit_code == 0 else done

    def git(self, *arguments: str) -> str:
        """Call git in it, and return what it prints.

        Raises:
            LockstepError: it fails.
        """
        return _git(self.path, *arguments)

    def pants(self, *arguments: str) -> Called:
        """Call its Pants."""
        command = [str(self.path / "pants"), "--no-dynamic-ui", "--no-colors", *arguments]
        return _run(command, self.path)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Let tracked files be those of the commit meanwhile.

        What they are else is kept in a commit that no ref names: all work trees share the list of
        stashes, where a killed call would leave its own, and take one of the user's by mistake.
        """
        changes = self.git("stash", "create").strip()
        self.git("reset", "--quiet", "--hard")
        try:
            yield
        finally:
            if changes:
                self.git("checkout", "--quiet", "--no-overlay", changes, "--", ".")

    def commit_all(self, branch: str, message: str) -> str:
        """Commit all changes, alone on top of the commit, to a branch that is made or replaced.

        Returns:
            the commit; where the branch holds the same already, here or at a remote, that one.
        """
        self.git("add", "--all")
        tree = self.git("write-tree").strip()
        there = self.git(
            *("for-each-ref", "--format=%(tree) %(parent)=%(objectname)"),
            *(f"refs/heads/{branch}", f"refs/remotes/*/{branch}"),
        )
        commit = dict(line.split("=") for line in there.splitlines()).get(f"{tree} {self.commit}")
        if commit is None:
            commit = self.git(
                *(*self._identity(), "commit-tree", tree, "-p", self.commit, "-m", message)
            ).strip()
        self.git("branch", "--force", branch, commit)
        return commit

    def _identity(self) -> list[str]:
        """Whose commits these are, where git does not know; a job has no name of its own."""
        unknown = {
            key: value
            for key, value in _NOBODY.items()
            if _run(["git", "config", key], self.path).exit_code != 0
        }
        return [word for key, value in unknown.items() for word in ("-c", f"{key}={value}")]

    def remove(self) -> None:
        """End its daemon, and delete it."""
        for file in self.path.glob(".pids/*/pantsd/pid"):
            try:
                os.kill(int(file.read_text()), signal.SIGTERM)
            except (OSError, ValueError):
                pass  # it has ended, or never quite begun
        _run(["git", "worktree", "remove", "--force", str(self.path)], self.checkout)
        shutil.rmtree(self.path, ignore_errors=True)


def _git(folder: Path, *arguments: str) -> str:
    done = _run(["git", *arguments], folder)
    if done.exit_code != 0:
        raise _failed(arguments[0], done)
    return done.stdout


def _failed(command: str, done: Called) -> LockstepError:
    return LockstepError(
        f"`git {command}` fails", mend="See to what it says", detail=done.output.strip()
    )


def _run(command: list[str], folder: Path) -> Called:
    try:
        process = subprocess.run(
            command,
            cwd=folder,
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise LockstepError(
            f"{command[0]} cannot be run ({error.strerror})", mend="Install it, or restore it"
        ) from None
    return Called(process.returncode, process.stdout, process.stdout + process.stderr)


def _environment(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Without what git sets for its hooks: it would lead back to the user's own work tree."""
    return {name: value for name, value in environ.items() if name not in _OF_A_REPOSITORY}
