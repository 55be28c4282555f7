"""The vendored source of this repository is what its origins record."""

from pathlib import Path

import pytest

from vendored_source import check, vendored_folders

EXTERNAL = Path(__file__).parent.parent


@pytest.mark.parametrize("folder", vendored_folders(EXTERNAL), ids=lambda folder: folder.name)
def test_vendored_source(folder: Path) -> None:
    assert check(folder) == []
