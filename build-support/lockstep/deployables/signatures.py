"""Signatures by `ssh-keygen -Y`, with the keys that people have (PROTOCOL.sshsig of OpenSSH)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from lockstep.core.errors import LockstepError

NAMESPACE = "lockstep-deployable"
"""What a signature is for, so that one for something else does not count."""

SIGNATURE = ".sig"


def signature_path(path: Path) -> Path:
    """Where the signature of a file stands."""
    return path.with_name(path.name + SIGNATURE)


def sign(path: Path, key: Path) -> Path:
    """Write the signature of a file beside it, and return its path.

    Args:
        path: the file.
        key: a private key, or a public one whose private half an SSH agent holds.

    Raises:
        LockstepError: there is no ssh-keygen, or it cannot sign with the key.
    """
    signature_path(path).unlink(missing_ok=True)
    done = _ssh_keygen("-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE, str(path))
    if done.returncode != 0 or not signature_path(path).exists():
        raise LockstepError(
            f"ssh-keygen cannot sign with {key}",
            mend="Set `[deploy].signing_key` to a private key that can be read, or to a public key"
            " whose private half is in the SSH agent",
            detail=_told(done),
        )
    return signature_path(path)


def signer_of(path: Path, allowed: Path) -> str:
    """Who signed a file.

    Args:
        path: the file; its signature stands beside it.
        allowed: whose signatures count (ssh-keygen's allowed signers).

    Raises:
        LockstepError: there is no ssh-keygen, the file or the signature was changed, or it is the
            signature of somebody else.
    """
    signature = signature_path(path)
    found = _ssh_keygen("-Y", "find-principals", "-s", str(signature), "-f", str(allowed))
    if found.returncode != 0:
        raise LockstepError(
            f"The signature {signature.name} is damaged, or of nobody whom {allowed} names",
            mend="Take the files as they were published; or add the key of who signed them",
            detail=_told(found),
        )
    signer = found.stdout.decode().splitlines()[0]
    with path.open("rb") as file:
        checked = _ssh_keygen(
            *("-Y", "verify", "-f", str(allowed), "-I", signer, "-n", NAMESPACE),
            *("-s", str(signature)),
            stdin=file,
        )
    if checked.returncode != 0:
        raise LockstepError(
            f"The signature {signature.name} does not fit {path.name}: one of them was changed",
            mend="Take both as they were published",
            detail=_told(checked),
        )
    return signer


def _ssh_keygen(
    *arguments: str, stdin: object = subprocess.DEVNULL
) -> "subprocess.CompletedProcess[bytes]":
    program = shutil.which("ssh-keygen")
    if program is None:
        raise LockstepError(
            "There is no ssh-keygen on the PATH, which signs and verifies", mend="Install OpenSSH"
        )
    return subprocess.run([program, *arguments], stdin=stdin, capture_output=True)  # type: ignore[call-overload,no-any-return]


def _told(done: "subprocess.CompletedProcess[bytes]") -> str:
    return (done.stdout + done.stderr).decode(errors="replace").strip()
