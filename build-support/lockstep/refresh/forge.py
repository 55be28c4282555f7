"""Publishes a branch as a pull request, by the forge's own program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from lockstep.core.errors import LockstepError

TOKENS = ("GH_TOKEN", "GITHUB_TOKEN")


@dataclass(frozen=True)
class Forge:
    """Where pull requests go.

    Attributes:
        checkout: the repository.
        remote: the name of its git remote.
    """

    checkout: Path
    remote: str = "origin"

    def hindrance(self) -> str:
        """Why nothing can be published, as a sentence without its full stop; empty if it can."""
        remotes = self._call("git", "remote").split()
        if self.remote not in remotes:
            return f"there is no git remote `{self.remote}`"
        if not any(os.environ.get(name) for name in TOKENS):
            return f"neither {' nor '.join(TOKENS)} is set"
        if shutil.which("gh") is None:
            return "there is no `gh`, the program of the forge, on PATH"
        return ""

    def publish(self, branch: str, title: str, body: Path) -> str:
        """Push the branch, and open its pull request or bring it up to date.

        Args:
            branch: its local name, and that of the remote.
            title: of the pull request.
            body: the file of its text.

        Returns:
            the pull request's URL.

        Raises:
            LockstepError: one of the programs fails; the branch stands all the same.
        """
        self._call("git", "push", "--quiet", "--force", self.remote, f"{branch}:{branch}")
        told = self._call(
            *("gh", "pr", "list", "--head", branch, "--state", "open", "--json", "number,url")
        )
        text = ("--title", title, "--body-file", str(body))
        for there in json.loads(told or "[]"):
            self._call("gh", "pr", "edit", str(there["number"]), *text)
            return str(there["url"])
        return self._call("gh", "pr", "create", "--head", branch, *text).strip()

    def _call(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.checkout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise LockstepError(
                f"`{_shown(command)}` fails",
                mend="Mend what it names, then run `./pants lock-refresh` again; it goes on from here",
                detail=done.stderr.strip(),
            )
        return done.stdout


def _shown(command: Sequence[str]) -> str:
    return " ".join(command[:3])
