"""Requirements that lead into a repository are locked at a commit."""

from __future__ import annotations

import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator

import pytest

from lockstep.acceptance.monorepo import GRAPH, LOCK, Monorepo
from lockstep.core import lock_codec

PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "shop"
version = "{version}"
dependencies = ["six"]

[tool.setuptools]
py-modules = ["shop"]
"""
SHOP_TEST = "import shop\n\n\ndef test_shop() -> None:\n    assert shop.VERSION == '1'\n"


class Repository:
    """A repository of the project `shop` that is served to git."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self.url = url
        folder.mkdir()
        self._git("init", "--quiet")

    def release(self, version: str) -> str:
        """Commit a release, and move the tag `stable` there; returns the commit."""
        (self._folder / "pyproject.toml").write_text(PROJECT.format(version=version))
        (self._folder / "shop.py").write_text(f"VERSION = '{version}'\n")
        self._git("add", ".")
        author = ("-c", "user.name=Ann", "-c", "user.email=ann@shop.example")
        self._git(*author, "commit", "--quiet", "--message", version)
        self._git("tag", "--force", "stable")
        self._git("update-server-info")
        return self._git("rev-parse", "HEAD")

    def _git(self, *args: str) -> str:
        command = ["git", "-C", str(self._folder), *args]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Repository(
            tmp_path / "shop", f"git+http://127.0.0.1:{server.server_address[1]}/shop/.git"
        )
        server.shutdown()


def test_a_tag_is_locked_at_its_commit_and_stays_there(
    monorepo: Monorepo, repository: Repository
) -> None:
    commit = repository.release("1")
    stated = f"shop @ {repository.url}@stable"
    monorepo.write("text/inputs.in", f"docopt\nidna>=3.7\nsix\n{stated}\n")
    monorepo.write("text/shop_test.py", SHOP_TEST)
    try:
        locked = monorepo.pants("lock")
        assert locked.exit_code == 0, locked.output
        pin = f"\nshop @ {repository.url}@{commit}\n    # via -r text/inputs.in\n"
        assert pin in monorepo.read(LOCK)
        assert '"modules": ["shop"]' in monorepo.read(GRAPH)

        tested = monorepo.pants("test", "text/shop_test.py")
        assert tested.exit_code == 0, tested.output
        checked = monorepo.pants("lock", "--check")
        assert checked.stdout == f"{LOCK} fits its inputs.\n"

        before = monorepo.read(LOCK)
        moved = repository.release("2")
        again = monorepo.pants("lock")
        count = len(lock_codec.parse(before, LOCK).pins)
        assert f"{LOCK} holds {count} pins, as before.\n" in again.output
        assert monorepo.read(LOCK) == before

        monorepo.path(LOCK).unlink()
        untold = monorepo.pants("--no-lockstep-propose", "lock")
        assert (untold.exit_code, untold.output.splitlines()[-1]) == (
            1,
            f"{LOCK} stands as it was: pip-tools does not tell which commit `{stated}` is at."
            " State the commit, or leave `[lockstep].propose = false` out.",
        )
        anew = monorepo.pants("--lockstep-resolver=uv", "lock")
        assert anew.exit_code == 0, anew.output
        assert pin.replace(commit, moved) in monorepo.read(LOCK)
    finally:
        monorepo.path("text/shop_test.py").unlink()
