import os
import shutil
from pathlib import Path

import pytest
from vendored_samples import MODULE, PATCH, PATCHED, SDIST, make_sdist, make_vendored, sha256

from vendored_source import Origin, VendoredError, check, read_origin, restore


@pytest.fixture
def sdist(tmp_path: Path) -> Path:
    return make_sdist(tmp_path)


@pytest.fixture
def folder(tmp_path: Path, sdist: Path) -> Path:
    folder = tmp_path / "external" / "sum"
    make_vendored(folder, sdist)
    assert restore(folder, sdist) == ["LICENSE", "sum/sum.py"]
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def failure(folder: Path, sdist: Path) -> str:
    """Return why a folder cannot be restored, having seen that nothing was written."""
    before = {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}
    with pytest.raises(VendoredError) as caught:
        restore(folder, sdist)
    after = {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}
    assert after == before
    return str(caught.value)


def test_a_restored_folder_is_right(folder: Path, sdist: Path) -> None:
    assert ((folder / "sum/sum.py").read_text(), check(folder)) == (PATCHED, [])
    assert restore(folder, sdist) == []
    assert [path.name for path in folder.parent.iterdir()] == ["sum"]


def test_origin(folder: Path, sdist: Path) -> None:
    assert read_origin(folder) == Origin(
        distribution="sum",
        version="1.0",
        sdist=SDIST,
        sha256=sha256(sdist.read_bytes()),
        license="MIT",
        license_file="LICENSE",
        why="It subtracts.",
        files={"LICENSE": sha256(b"Do as you like.\n"), "sum/sum.py": sha256(MODULE.encode())},
        own=("BUILD",),
        patch="sum.patch",
    )


def test_a_changed_file(folder: Path, sdist: Path) -> None:
    with (folder / "sum/sum.py").open("a") as file:
        file.write("\n")
    assert check(folder) == [
        f"{folder}/sum/sum.py is not what sum-1.0.tar.gz holds, even without sum.patch; "
        "fetch the folder again, or record the change in a patch."
    ]
    assert (restore(folder, sdist), check(folder)) == (["sum/sum.py"], [])


def test_a_patch_that_is_not_in_the_file(folder: Path) -> None:
    (folder / "sum/sum.py").write_text(MODULE)
    (folder / "more.py").touch()
    assert check(folder) == [
        f"{folder}/more.py is not recorded; remove it, or list it in ORIGIN.toml.",
        f"{folder}/sum.patch cannot be taken back: patch failed: sum/sum.py:1; "
        "fetch the folder again, or correct the patch.",
    ]


def test_without_a_patch(folder: Path, sdist: Path) -> None:
    edit(folder / "ORIGIN.toml", 'patch = "sum.patch"\n', "")
    (folder / "sum.patch").unlink()
    assert check(folder) == [
        f"{folder}/sum/sum.py is not what sum-1.0.tar.gz holds; "
        "fetch the folder again, or record the change in a patch."
    ]
    assert (restore(folder, sdist), check(folder)) == (["sum/sum.py"], [])
    assert (folder / "sum/sum.py").read_text() == MODULE


def test_stray_files(folder: Path) -> None:
    (folder / "sum" / "more.py").touch()
    (folder / "nowhere").symlink_to("/nowhere")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "sum.pyc").touch()
    assert check(folder) == [
        f"{folder}/nowhere is not recorded; remove it, or list it in ORIGIN.toml.",
        f"{folder}/sum/more.py is not recorded; remove it, or list it in ORIGIN.toml.",
    ]


def test_missing_files(folder: Path, sdist: Path) -> None:
    for name in ("LICENSE", "BUILD"):
        (folder / name).unlink()
    assert check(folder) == [
        f"{folder}/BUILD is missing; put it back, or correct ORIGIN.toml.",
        f"the licence {folder}/LICENSE is missing; "
        "fetch the folder again, or correct ORIGIN.toml.",
    ]
    shutil.rmtree(folder / "sum")
    assert restore(folder, sdist) == ["LICENSE", "sum/sum.py"]


def test_a_missing_patch(folder: Path, sdist: Path) -> None:
    (folder / "sum.patch").unlink()
    assert check(folder)[0] == (
        f"{folder}/sum.patch is missing; put it back, or correct ORIGIN.toml."
    )
    assert failure(folder, sdist) == f"{folder}/sum.patch is missing; put it back."


def test_a_missing_origin(folder: Path) -> None:
    (folder / "ORIGIN.toml").unlink()
    assert check(folder) == [
        f"{folder}/ORIGIN.toml is missing; "
        "write it, as external/README.md tells, or remove the folder."
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'license = "MIT"',
            'licence = "MIT"',
            "licence is unknown; known are distribution, "
            "version, sdist, sha256, license, license_file, why, files, own, patch",
        ),
        (
            'license = "MIT"',
            'license = "MITT"',
            "license is 'MITT', but must be an SPDX expression",
        ),
        ('why = "It subtracts."', "", "why must be a text that is not empty"),
        (
            'sha256 = "',
            'sha256 = "A',
            "sha256 must be a SHA-256 of 64 hexadecimal digits, " "in lower case",
        ),
        (
            'LICENSE" = "',
            'LICENSE" = "0',
            "files.'LICENSE' must be a SHA-256 of 64 hexadecimal " "digits, in lower case",
        ),
        (
            "sum/sum.py",
            "../sum.py",
            "files holds '../sum.py', but must hold paths below the folder " "such as a/b.py",
        ),
        (
            '["BUILD"]',
            '["/BUILD"]',
            "own holds '/BUILD', but must hold paths below the folder " "such as a/b.py",
        ),
        ('["BUILD"]', '"BUILD"', "own must be a list of paths"),
        (
            "[files]",
            "[other]",
            "other is unknown; known are distribution, "
            "version, sdist, sha256, license, license_file, why, files, own, patch",
        ),
        (
            'license_file = "LICENSE"',
            'license_file = "MIT.txt"',
            "license_file 'MIT.txt' must be listed in [files] or own",
        ),
    ],
)
def test_a_bad_origin_is_named(folder: Path, old: str, new: str, message: str) -> None:
    edit(folder / "ORIGIN.toml", old, new)
    assert check(folder) == [f"{folder}/ORIGIN.toml: {message}."]


def test_origin_without_files(folder: Path) -> None:
    text, _, _ = (folder / "ORIGIN.toml").read_text().partition("[files]")
    (folder / "ORIGIN.toml").write_text(text)
    assert check(folder) == [
        f"{folder}/ORIGIN.toml: [files] must tell the SHA-256 of each vendored file."
    ]
    (folder / "ORIGIN.toml").write_text("?")
    assert check(folder) == [
        f"{folder}/ORIGIN.toml cannot be read: Invalid statement (at line 1, column 1)."
    ]


def test_another_sdist(folder: Path, sdist: Path) -> None:
    sdist.write_bytes(b"")
    assert failure(folder, sdist) == (
        f"sum-1.0.tar.gz does not have the SHA-256 that {folder} records."
    )
    edit(folder / "ORIGIN.toml", read_origin(folder).sha256, sha256(b""))
    assert failure(folder, sdist) == ("sum-1.0.tar.gz is no .tar.gz of one folder: empty file.")


def test_other_files_in_the_sdist(folder: Path, sdist: Path) -> None:
    recorded = sha256(MODULE.encode())
    edit(folder / "ORIGIN.toml", recorded, sha256(b""))
    assert failure(folder, sdist) == (
        f"sum/sum.py of sum-1.0.tar.gz has the SHA-256 {recorded}; correct [files] of {folder}."
    )
    edit(folder / "ORIGIN.toml", "sum/sum.py", "sum/other.py")
    assert failure(folder, sdist) == (
        f"sum-1.0.tar.gz has no sum/other.py; correct [files] of {folder}."
    )


def test_a_patch_for_another_file(folder: Path, sdist: Path) -> None:
    (folder / "sum.patch").write_text(PATCH.replace("-    return a - b", "-    return b - a"))
    assert failure(folder, sdist) == (
        f"{folder}/sum.patch cannot be applied: patch failed: sum/sum.py:1; correct the patch."
    )


def test_no_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert check(folder) == [
        f"{folder}/sum.patch takes git to be applied, which is not on PATH; install git."
    ]
