"""Tells whether a published deployable is what was built and signed; needs no network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from lockstep.core.deployables import BILL, ENDINGS, PROVENANCE, subjects_of
from lockstep.core.errors import LockstepError
from lockstep.deployables.archives import sha256
from lockstep.deployables.signatures import SIGNATURE, signature_path, signer_of

_AS_PUBLISHED = "Take the files as they were published, all of them, into one folder"


@dataclass(frozen=True)
class Verified:
    """What holds of an artifact.

    Attributes:
        signer: who signed it.
        files: names of the files that are what they should be.
    """

    signer: str
    files: tuple[str, ...]


def verify(artifact: Path, allowed: Path) -> Verified:
    """Check an artifact, its bill of materials, its provenance and the signature.

    Args:
        artifact: any file of a deployable; the others stand beside it.
        allowed: whose signatures count (ssh-keygen's allowed signers).

    Raises:
        LockstepError: a file is missing or not what it was; the message names it.
    """
    stem = _stem(artifact)
    provenance = artifact.with_name(stem + PROVENANCE)
    for path in (artifact, provenance, signature_path(provenance), allowed):
        if not path.is_file():
            raise LockstepError(f"{path} is missing", mend=_AS_PUBLISHED)
    signer = signer_of(provenance, allowed)
    try:
        subjects = subjects_of(provenance.read_text())
    except ValueError as error:
        raise LockstepError(
            f"{provenance.name} was signed, but {error}", mend=_AS_PUBLISHED
        ) from None
    names = {artifact.name, stem + BILL} - {provenance.name, provenance.name + SIGNATURE}
    names |= {name for name in subjects if artifact.with_name(name).exists()}
    for name in sorted(names):
        _check(artifact.with_name(name), subjects)
    return Verified(signer, (*sorted(names), provenance.name))


def _stem(artifact: Path) -> str:
    for ending in (*ENDINGS.values(), BILL, PROVENANCE + SIGNATURE, PROVENANCE):
        if artifact.name.endswith(ending):
            return artifact.name[: -len(ending)]
    raise LockstepError(
        f"{artifact.name} is no file of a deployable",
        mend=f"Name one that ends with {', '.join(ENDINGS.values())}",
    )


def _check(path: Path, subjects: Mapping[str, str]) -> None:
    if path.name not in subjects:
        raise LockstepError(f"The provenance tells nothing of {path.name}", mend=_AS_PUBLISHED)
    if not path.is_file():
        raise LockstepError(f"{path} is missing", mend=_AS_PUBLISHED)
    with path.open("rb") as file:
        found = sha256(file)
    if found != subjects[path.name]:
        raise LockstepError(
            f"{path.name} is not what was built: its SHA-256 is {found}, that of the provenance"
            f" {subjects[path.name]}",
            mend=_AS_PUBLISHED,
        )
