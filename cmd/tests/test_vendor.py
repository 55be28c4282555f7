"""The command beside an index that is a folder, for pip to download from."""

from pathlib import Path

import pytest
from vendor import main
from vendored_samples import PATCHED, make_sdist, make_vendored

from vendored_source import read_origin

FOLDER = Path("external/sum")


@pytest.fixture(autouse=True)
def sdist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    sdist = make_sdist(tmp_path)
    make_vendored(FOLDER, sdist)
    return sdist


def failure(*arguments: str) -> object:
    with pytest.raises(SystemExit) as caught:
        main([*arguments])
    return caught.value.code


def test_fetch_and_check(capsys: pytest.CaptureFixture[str]) -> None:
    main(["fetch", "sum"])
    assert ((FOLDER / "sum/sum.py").read_text(), capsys.readouterr().out) == (
        PATCHED,
        "external/sum/LICENSE is written.\n"
        "external/sum/sum/sum.py is written.\n"
        "external/sum is as recorded.\n",
    )
    main(["fetch", "sum"])
    main(["check"])
    main(["check", "sum"])
    assert capsys.readouterr().out == "external/sum is as recorded.\n" * 3


def test_check_tells_every_fault() -> None:
    main(["fetch", "sum"])
    (FOLDER / "LICENSE").write_text("")
    (FOLDER / "more.py").touch()
    assert failure("check") == (
        "external/sum/more.py is not recorded; remove it, or list it in ORIGIN.toml.\n"
        "external/sum/LICENSE is not what sum-1.0.tar.gz holds, even without sum.patch; "
        "fetch the folder again, or record the change in a patch."
    )


def test_a_wrong_hash() -> None:
    origin = FOLDER / "ORIGIN.toml"
    origin.write_text(origin.read_text().replace(read_origin(FOLDER).sha256, "0" * 64))
    assert failure("fetch", "sum") == (
        "sum-1.0.tar.gz on the index does not have the SHA-256 of ORIGIN.toml; "
        "find out which of them is wrong before you correct it."
    )


def test_no_such_distribution(sdist: Path) -> None:
    sdist.unlink()
    assert failure("fetch", "sum") == (
        "pip cannot download sum-1.0.tar.gz: No matching distribution found for sum==1.0; "
        "see to the network and the index."
    )


def test_no_such_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failure("check", "product") == "There is no folder external/product; there are sum."
    monkeypatch.chdir(FOLDER)
    assert failure("check") == (
        f"There is no folder external in {tmp_path / FOLDER}; run this by ./pants."
    )
