"""Every changed byte of a release is noticed, and named."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lockstep.core.errors import LockstepError
from lockstep.deployables.conftest import SIGNER, VERSION, Keys
from lockstep.deployables.signatures import sign
from lockstep.deployables.stores import Release
from lockstep.deployables.verification import verify

PUBLISHED = "Take the files as they were published, all of them, into one folder."


def _pex(release: Release) -> Path:
    return next(path for path in release.files if path.suffix == ".pex")


def _error(path: Path, keys: Keys) -> str:
    with pytest.raises(LockstepError) as raised:
        verify(path, keys.allowed)
    return str(raised.value)


def test_any_file_of_a_release_can_be_named(release: Release, keys: Keys) -> None:
    names = [f"shop-{VERSION}{e}" for e in (".cdx.json", ".oci.tar", ".pex", ".intoto.json")]
    for path in release.files:
        assert verify(path, keys.allowed).signer == SIGNER
        assert list(verify(path, keys.allowed).files) == names


def test_an_artifact_may_be_had_alone_with_what_tells_of_it(release: Release, keys: Keys) -> None:
    next(path for path in release.files if path.name.endswith(".oci.tar")).unlink()
    assert f"shop-{VERSION}.oci.tar" not in verify(_pex(release), keys.allowed).files


@pytest.mark.parametrize("ending", [".pex", ".cdx.json", ".oci.tar", ".intoto.json", ".sig"])
def test_each_flipped_byte_fails_and_is_named(release: Release, keys: Keys, ending: str) -> None:
    path = next(path for path in release.files if path.name.endswith(ending))
    content = path.read_bytes()
    places = range(0, len(content), max(1, len(content) // 40))
    for at in places:
        flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        if ending == ".sig" and flipped.split() == content.split():
            continue  # blanks of the armour
        path.write_bytes(flipped)
        assert path.name in _error(_pex(release), keys), at
    path.write_bytes(content)
    verify(_pex(release), keys.allowed)


def test_what_is_missing_is_named(release: Release, keys: Keys) -> None:
    for path in release.files:
        if path.name.endswith(".oci.tar"):
            continue
        aside = path.with_suffix(".aside")
        path.rename(aside)
        assert _error(_pex(release), keys) == f"{path} is missing. {PUBLISHED}"
        aside.rename(path)


def test_the_signature_of_somebody_else_does_not_count(
    release: Release, keys: Keys, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    sign(release.provenance, other)
    told = _error(_pex(release), keys)
    assert told.startswith(
        f"The signature shop-{VERSION}.intoto.json.sig is damaged, or of nobody whom"
        f" {keys.allowed} names. Take the files as they were published; or add the key"
    )


def test_a_signature_for_something_else_does_not_count(release: Release, keys: Keys) -> None:
    path = release.provenance
    command = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(keys.key), "-n", "git", str(path)]
    release.files[-1].unlink()
    subprocess.run(command, check=True, capture_output=True)
    assert "does not fit" in _error(_pex(release), keys)


def test_an_artifact_under_another_name_is_not_taken(release: Release, keys: Keys) -> None:
    for path in release.files:
        if not path.name.endswith(".pex"):
            shutil.copy(path, path.with_name(path.name.replace(VERSION, "v2")))
    pex = _pex(release)
    pex = pex.rename(pex.with_name("shop-v2.pex"))
    assert _error(pex, keys) == f"The provenance tells nothing of shop-v2.cdx.json. {PUBLISHED}"
    stranger = pex.rename(pex.with_name("shop.zip"))
    assert _error(stranger, keys) == (
        "shop.zip is no file of a deployable. Name one that ends with .pex, .tar.gz, .oci.tar."
    )


def test_a_key_that_cannot_sign_is_told(release: Release, tmp_path: Path) -> None:
    with pytest.raises(LockstepError) as raised:
        sign(release.provenance, tmp_path / "nothing")
    assert str(raised.value).startswith(f"ssh-keygen cannot sign with {tmp_path}/nothing. Set ")
