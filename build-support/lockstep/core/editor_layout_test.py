"""Each file is shown in the environment of its own resolve."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.editor_layout import Link, Source, folders_of_resolves, settings
from lockstep.core.editor_settings import DOTENV, PYRIGHT, VSCODE
from lockstep.core.errors import LockstepError

LINKS = {"main": Link(".venv", "3.11"), "plugin": Link(".venvs/plugin", "3.9")}
SOURCES = [
    Source("services/a/src/a/app.py", "services/a/src", "main"),
    Source("services/a/tests/test_app.py", "services/a/tests", "main", is_test=True),
    Source("services/a/tests/inner/test_b.py", "services/a/tests", "main", is_test=True),
    Source("tools/x/a.py", "tools", "plugin"),
    Source("tools/x/a_test.py", "tools", "plugin", is_test=True),
    Source("tools/shared.py", "tools", "plugin"),
    Source("tools/shared.py", "tools", "main"),
    Source("tools/y/c.py", "tools", "unlinked"),
]


def test_what_is_told_of_a_repository() -> None:
    told = settings(SOURCES, LINKS, "main", "/r")
    roots = ["services/a/src", "services/a/tests", "tools"]
    assert told.files == {
        PYRIGHT: {
            "venvPath": ".",
            "venv": ".venv",
            "pythonVersion": "3.11",
            "extraPaths": roots,
            "exclude": ["**/node_modules", "**/__pycache__", "**/.*", "dist"],
            "executionEnvironments": [
                {
                    "root": "tools/x",
                    "pythonVersion": "3.9",
                    "extraPaths": ["tools", ".venvs/plugin/lib/python3.9/site-packages"],
                }
            ],
        },
        VSCODE: {
            "python.defaultInterpreterPath": "${workspaceFolder}/.venv/bin/python",
            "python.envFile": "${workspaceFolder}/.env",
            "python.testing.pytestEnabled": True,
            "python.testing.cwd": "${workspaceFolder}",
            "python.testing.pytestArgs": ["--import-mode=importlib", "services/a/tests"],
        },
        DOTENV: {
            "PYTHONPATH": [f"/r/{root}" for root in roots],
            "MYPYPATH": [f"/r/{root}" for root in roots],
        },
    }


def test_a_repository_without_sources_or_tests() -> None:
    files = settings([], LINKS, "main", "/r").files
    assert files[DOTENV] == {}
    assert "executionEnvironments" not in files[PYRIGHT]
    assert "python.testing.pytestEnabled" not in files[VSCODE]


@pytest.mark.parametrize("root", ["/a:b", "/a\nb", '/a"b', "/a'b", "/a$b", "/a\udcff"])
def test_a_path_that_no_variable_can_hold_is_refused(root: str) -> None:
    with pytest.raises(LockstepError, match="has a character that `PYTHONPATH` in .env cannot"):
        settings(SOURCES, LINKS, "main", root)


def test_a_default_folder_within_one_of_another_resolve() -> None:
    sources = [
        Source("t/a.py", "t", "plugin"),
        Source("t/in/b.py", "t", "main"),
        Source("t/in/deep/c.py", "t", "plugin"),
    ]
    assert folders_of_resolves(sources, "main") == [
        ("t/in/deep", "plugin"),
        ("t/in", "main"),
        ("t", "plugin"),
    ]


_files = st.dictionaries(
    st.lists(st.sampled_from("abc"), max_size=3).map("/".join),  # a folder
    st.sampled_from(["main", "plugin", "third"]),
    max_size=6,
)


@given(_files)
def test_the_closest_folder_tells_the_resolve(resolves: dict[str, str]) -> None:
    sources = [
        Source(f"{folder}/x.py", "", resolve) for folder, resolve in resolves.items() if folder
    ]
    folders = folders_of_resolves(sources, "main")
    for source in sources:
        path = PurePosixPath(source.path)
        first = next((r for folder, r in folders if PurePosixPath(folder) in path.parents), "main")
        assert first == source.resolve
