from __future__ import annotations

from pathlib import Path

from lockstep.core.affected import Cause, CauseKind, Reach
from lockstep.core.option_changes import option_changes, tool_changes

PATH = "pants.toml"
REMOTE = Path(__file__).parents[3] / "pants.remote.toml"


def _told(before: str, after: str) -> list[tuple[str, Reach]]:
    return [(cause.text, cause.reach) for cause in option_changes(before, after, PATH)]


def test_each_option_reaches_what_reads_it() -> None:
    before = """
[GLOBAL]
level = "info"
pants_ignore = []
[mypy]
args = ["--a"]
[pytest]
args = []
[cli.alias]
all = "fmt lint"
"""
    after = """
[GLOBAL]
level = "debug"
pants_ignore = ["x"]
[mypy]
args = ["--b"]
[pytest]
args = ["-x"]
[cli.alias]
all = "fmt"
[python.resolves]
default = "lock.txt"
[lockstep.constraints]
default = ["six<2"]
"""
    assert _told(before, after) == [
        ("pants.toml [GLOBAL].pants_ignore changed", Reach.ALL),
        ("pants.toml [mypy].args changed", Reach.CHECK),
        ("pants.toml [pytest].args changed", Reach.TEST),
        ("pants.toml [python].resolves.default changed", Reach.ALL),
    ]


def test_the_options_of_the_remote_cache_change_nothing() -> None:
    assert list(option_changes("", REMOTE.read_text(), REMOTE.name)) == []


def test_comments_and_order_change_nothing() -> None:
    assert _told('[a]\nx = 1\ny = "2"\n', '# told\n[a]\ny = "2"\n\nx=1\n') == []


def test_an_unreadable_file_reaches_everything() -> None:
    assert _told("[a", "[a]\n") == [("pants.toml cannot be read at the base", Reach.ALL)]


def test_tools_in_a_pyproject() -> None:
    before = "[tool.black]\nline-length = 99\n[tool.isort]\nx = 1\n"
    after = "[tool.black]\nline-length = 100\n[tool.isort]\nx = 2\n"
    assert list(tool_changes(before, after, "pyproject.toml")) == [
        Cause("pyproject.toml [tool.black] changed", CauseKind.CONFIGURATION, Reach.FORMAT)
    ]
    assert list(tool_changes(before, "[", "pyproject.toml")) == [
        Cause("pyproject.toml cannot be read", CauseKind.CONFIGURATION)
    ]
