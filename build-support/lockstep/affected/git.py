"""What git knows of a revision: which files differ from it, and what they held."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Mapping, Sequence

from lockstep.core.errors import LockstepError
from lockstep.core.revisions import ChangeKind, FileChange, read_raw_diff, with_untracked

_ENVIRONMENT = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


class RevisionError(LockstepError):
    """The base of a comparison cannot be had."""


@dataclass(frozen=True)
class Repository:
    """A git work tree, or a folder in one.

    Attributes:
        root: the folder that paths are relative to.
    """

    root: Path

    def base(self, revision: str) -> str:
        """The commit to compare with: where HEAD left `revision`, its merge base.

        Raises:
            RevisionError: there is no git, no repository, no such revision or no merge base.
        """
        inside = self._run(["rev-parse", "--is-inside-work-tree"], check=False)
        if inside.returncode != 0:
            raise RevisionError(
                f"{self.root} is in no git repository, so nothing tells what changed",
                mend="Run `git init` and commit, or name targets instead",
            )
        commit = self._commit(revision)
        head = self._commit("HEAD")
        found = self._run(["merge-base", commit, head], check=False)
        if found.returncode == 0:
            return found.stdout.decode().split()[0]
        if self._text(["rev-parse", "--is-shallow-repository"]) == "true":
            depth = self._text(["rev-list", "--count", head])
            raise RevisionError(
                f"This clone is shallow, {depth} deep, and where HEAD left `{revision}` lies"
                " deeper",
                mend=f"Fetch more than {depth} commits, such as with `git fetch --unshallow`",
            )
        raise RevisionError(
            f"HEAD and `{revision}` have no commit in common",
            mend="Name a revision that HEAD descends from",
        )

    def _commit(self, revision: str) -> str:
        asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        found = self._run(asked, check=False)
        if found.returncode == 0:
            return found.stdout.decode().strip()
        if revision == "HEAD":
            raise RevisionError("This repository has no commit yet", mend="Commit something first")
        shallow = self._text(["rev-parse", "--is-shallow-repository"]) == "true"
        raise RevisionError(
            f"git knows no revision `{revision}`",
            mend=(
                f"Fetch it: this clone is shallow, {self._text(['rev-list', '--count', 'HEAD'])}"
                " deep, as with `git fetch --unshallow`"
                if shallow
                else "Fetch it, or correct the name"
            ),
        )

    def changes(self, base: str) -> tuple[FileChange, ...]:
        """The files that differ between a commit and the work tree, submodules' files included.

        Raises:
            RevisionError: git fails.
        """
        options = ["--raw", "-z", "--no-renames", "--abbrev=40", "--ignore-submodules=none"]
        compared = self._run(["diff", *options, "--relative", base, "--"]).stdout
        tracked: list[FileChange] = []
        for raw in read_raw_diff(compared):
            if raw.is_submodule:
                tracked.extend(self._submodule(raw.change, raw.before))
            else:
                tracked.append(raw.change)
        others = self._run(["ls-files", "--others", "--exclude-standard", "-z"]).stdout
        untracked = [name for name in _split(others) if not name.endswith("/")]
        if any(change.path.rpartition("/")[2] == ".gitignore" for change in tracked):
            # Pants does not see ignored files, tracked or not.
            ignored = ["ls-files", "--cached", "--ignored", "--exclude-standard", "-z"]
            hidden = _split(self._run(ignored).stdout)
            tracked.extend(FileChange(path, ChangeKind.DELETED) for path in hidden)
        return tuple(with_untracked(tracked, untracked))

    def _submodule(self, change: FileChange, before: str) -> list[FileChange]:
        within = Repository(self.root / change.path)
        try:
            changed = within.changes(before)
        except (RevisionError, OSError):
            # What it held is not known here, so all that it holds counts as changed.
            if not (within.root / ".git").exists():
                return [change]
            listed = _split(within._run(["ls-files", "-z"]).stdout)
            changed = tuple(FileChange(path, ChangeKind.CHANGED) for path in listed)
        return [FileChange(f"{change.path}/{inner.path}", inner.kind) for inner in changed]

    def paths(self, commit: str) -> tuple[str, ...]:
        """All files of a commit."""
        return tuple(_split(self._run(["ls-tree", "-r", "-z", "--name-only", commit]).stdout))

    def contents(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """What files held at a commit; those that were not there are left out.

        Raises:
            RevisionError: git fails.
        """
        asked = sorted({path for path in paths if "\n" not in path})
        if not asked:
            return {}
        queries = b"".join(os.fsencode(f"{commit}:./{path}\n") for path in asked)
        output = self._run(["cat-file", "--batch"], given=queries).stdout
        found: dict[str, bytes] = {}
        at = 0
        for path in asked:
            end = output.index(b"\n", at)
            described = output[at:end].rsplit(b" ", 2)
            at = end + 1
            if len(described) == 3 and described[2].isdigit():
                size = int(described[2])
                if described[1] == b"blob":
                    found[path] = output[at : at + size]
                at += size + 1
        return found

    def newest(self, paths: Iterable[str]) -> str:
        """The newest commit of HEAD's history that touched one of some files; empty if none did.

        Raises:
            RevisionError: there is no git, no repository or no commit; the clone is shallow, so that
                such a commit may be missing.
        """
        if self._run(["rev-parse", "--is-inside-work-tree"], check=False).returncode != 0:
            raise RevisionError(
                f"{self.root} is in no git repository, so nothing tells its versions",
                mend="Run `git init` and commit",
            )
        head = self._commit("HEAD")
        if self._text(["rev-parse", "--is-shallow-repository"]) == "true":
            raise RevisionError(
                "This clone is shallow, so git cannot tell when a file last changed",
                mend="Run `git fetch --unshallow`",
            )
        literal = [f":(literal){path}" for path in sorted(set(paths))]
        return self._run(["log", "-1", "--format=%H", head, "--", *literal]).stdout.decode().strip()

    def described(self, commit: str) -> str:
        """What `git describe --tags` tells of a commit."""
        return self._text(["describe", "--tags", "--always", "--abbrev=12", commit])

    def differing(self) -> tuple[str, ...]:
        """The files of the work tree that differ from HEAD, those unknown to git included."""
        told = self._run(["status", "--porcelain", "-z", "--no-renames"]).stdout
        return tuple(entry[3:] for entry in _split(told))

    def common_folder(self) -> Path | None:
        """The folder that all work trees of this clone share; None where there is no git."""
        try:
            found = self._text(["rev-parse", "--git-common-dir"])
        except RevisionError:
            return None
        return (self.root / found).resolve() if found else None

    def _text(self, command: Sequence[str]) -> str:
        return self._run(command, check=False).stdout.decode().strip()

    def _run(
        self, command: Sequence[str], *, check: bool = True, given: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        git = shutil.which("git")
        if git is None:
            raise RevisionError(
                "There is no git on the PATH, so nothing tells what changed", mend="Install git"
            )
        # With no folder to change to and no files to close, Python need not copy the daemon's
        # memory to start git, which takes longer than git itself.
        done = subprocess.run(
            [git, "-C", str(self.root), *command],
            close_fds=False,
            env={**os.environ, **_ENVIRONMENT},
            input=given,
            capture_output=True,
        )
        if check and done.returncode != 0:
            raise RevisionError(
                f"`git {command[0]}` fails",
                mend="See to what git says below",
                detail=done.stderr.decode(errors="replace").rstrip(),
            )
        return done


def _split(output: bytes) -> list[str]:
    return [name.decode(errors="surrogateescape") for name in output.split(b"\0") if name]
