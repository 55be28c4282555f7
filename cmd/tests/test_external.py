"""The vendored source of this repository is what its origins record."""

from pathlib import Path

import pytest

from vendored_source import check, vendored_folders

FOLDERS = vendored_folders(Path("external"))


def test_there_is_vendored_source() -> None:
    assert FOLDERS != []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_vendored_source(folder: Path) -> None:
    assert check(folder) == []
