"""A monorepo under git, which tests change in one way or the other."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from lockstep.acceptance.monorepo import FILES, Monorepo

SOURCES: Mapping[str, str] = {
    "pants.toml": FILES["pants.toml"].replace('"/plain"', '"/lib", "/app", "/plain"'),
    "lib/BUILD": 'python_sources()\nresources(name="data", sources=["*.txt"])\n',
    "lib/ring_a.py": "import ring_b\n",
    "lib/ring_b.py": "import ring_a\nimport six\n",
    "lib/name.py": "NAME = 'name'\n",
    "lib/pack/BUILD": "python_sources()\n",
    "lib/pack/__init__.py": "",
    "lib/pack/mod.py": "VALUE = 1\n",
    "lib/data.txt": "data\n",
    "app/BUILD": (
        "python_test_utils(name='utils')\n"
        "python_tests(overrides={'data_test.py': {'dependencies': ['//lib:data']}})\n"
    ),
    "app/conftest.py": "pytest_plugins = ['plugins']\n",
    "lib/plugins.py": "",
    "app/ring_test.py": "import ring_a\n\n\ndef test_ring() -> None:\n    assert ring_a\n",
    "app/name_test.py": (
        "from name import NAME\n\n\ndef test_name() -> None:\n    assert NAME == 'name'\n"
    ),
    "app/pack_test.py": (
        "from pack import mod\n\n\ndef test_pack() -> None:\n    assert mod.VALUE == 1\n"
    ),
    "app/data_test.py": (
        "from pathlib import Path\n\n\n"
        "def test_data() -> None:\n    assert Path('lib/data.txt').exists()\n"
    ),
}
APP = {"app/data_test.py", "app/name_test.py", "app/pack_test.py", "app/ring_test.py"}
ALL = APP | {
    "dates/dates_test.py",
    "plain/plain_test.py",
    "text/docopt_test.py",
    "text/idna_test.py",
    "text/six_test.py",
}


def git(root: Path, *arguments: str) -> str:
    """What git prints to stdout; it commits as somebody."""
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *arguments]
    done = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


@dataclass(frozen=True)
class Repository:
    """A monorepo under git, all tests of which have run.

    Attributes:
        monorepo: its files.
    """

    monorepo: Monorepo

    def git(self, *arguments: str) -> str:
        return git(self.monorepo.root, *arguments)

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.monorepo.read(path)
        assert old in text
        self.monorepo.write(path, text.replace(old, new, 1))

    def affected(self, *options: str) -> list[str]:
        """What `./pants affected` prints to stdout."""
        argv, environ = self.monorepo.command("affected", *options)
        done = subprocess.run(
            argv, cwd=self.monorepo.root, env=environ, stdout=subprocess.PIPE, text=True
        )
        assert done.returncode == 0
        return done.stdout.splitlines()

    @classmethod
    def of(cls, locked: Monorepo, files: Mapping[str, str], root: Path) -> Repository:
        """Copy a monorepo that is locked, add sources, commit all, and run all tests.

        Args:
            locked: the monorepo.
            files: its lock and graph, as they are to be.
            root: where to copy it to.
        """
        locked.restore(files)
        shutil.copytree(
            locked.root, root, ignore=shutil.ignore_patterns(".pids", ".pants.d"), symlinks=True
        )
        repository = cls(Monorepo(root, locked.store))
        for path, text in {**FILES, **files, **SOURCES}.items():
            repository.monorepo.write(path, text)
        repository.git("init", "-q", "-b", "main")
        repository.git("add", "-A")
        repository.git("commit", "-qm", "base")
        repository.git("tag", "base")
        tested = repository.monorepo.pants("test", "::")
        assert tested.exit_code == 0, tested.output
        return repository

    def reset(self) -> None:
        """Undo all changes."""
        self.git("reset", "-q", "--hard", "base")
        self.git("clean", "-fdq")

    def tests(self, *options: str) -> set[str]:
        """The affected tests."""
        return {line for line in self.affected("--goal=test", *options) if line in ALL_EVER}

    def why(self, test: str) -> str:
        """The one line that tells why a test is affected."""
        told = self.affected("--goal=test", "--why")
        (line,) = (line for line in told if line.endswith(f" ← {test}") or line.startswith(test))
        return line


ALL_EVER = ALL | {"app/new_test.py", "app/moved_test.py", "app/x y_test.py", "app/größe_test.py"}
