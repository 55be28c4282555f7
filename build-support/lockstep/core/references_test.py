from __future__ import annotations

import pytest

from lockstep.core.references import Reference, references


@pytest.mark.parametrize(
    "line,path,text",
    [
        ("source services/b/run.sh", "services/b/run.sh", "services/b/run.sh"),
        ('data = "../../b/data.json"', "services/b/data.json", "../../b/data.json"),
        ("./here/x.txt", "services/a/infra/here/x.txt", "./here/x.txt"),
        ("- services/index/src/index:bin", "services/index/src/index", "services/index/src/index"),
        ("copy(libs/shared/)", "libs/shared", "libs/shared/"),
    ],
)
def test_a_path_is_read_from_the_root_or_from_the_file(line: str, path: str, text: str) -> None:
    assert list(references(f"\n{line}\n", "services/a/infra/x.yaml")) == [Reference(2, path, text)]


@pytest.mark.parametrize(
    "line",
    [
        "# see services/b/README.md",
        "url = https://index.example/services/b",
        "/usr/share/services/b",
        "../../../../outside/x",
        "plain",
        "user@host/path",
    ],
)
def test_what_is_no_path_of_the_repository(line: str) -> None:
    assert list(references(line, "services/a/infra/x.yaml")) == []
