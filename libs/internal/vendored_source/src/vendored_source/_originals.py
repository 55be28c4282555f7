"""What check and restore share: patches and hashes."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from vendored_source._origin import VendoredError


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def apply_patch(patch: Path, folder: Path, *, reverse: bool = False) -> None:
    """Change the files of a folder as a unified diff tells, or back.

    Raises VendoredError if it does not fit, or if git is not there to apply it.
    """
    git = shutil.which("git")
    if git is None:
        raise VendoredError(f"{patch} takes git to be applied, which is not on PATH; install git.")
    # Neither a repository around the folder nor anybody's settings change what git does.
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    direction = ["--reverse"] if reverse else []
    done = subprocess.run(
        [git, "apply", "--whitespace=nowarn", *direction, patch.resolve()],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no reason"])[0].removeprefix("error: ")
        if reverse:
            mend = "fetch the folder again, or correct the patch"
            raise VendoredError(f"{patch} cannot be taken back: {said}; {mend}.")
        raise VendoredError(f"{patch} cannot be applied: {said}; correct the patch.")
