"""What the installer takes from the wheel store, and when it asks the index."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lockstep.core.artifacts import Artifact
from lockstep.envs.fetching import fetch_all
from lockstep.envs.installer import WHEELS
from lockstep.envs.installer_test import Sandbox, make_sdist, make_wheel
from lockstep.envs.wheel_store import WheelStore


class Stored(Sandbox):
    """A sandbox with a store; `gone` is a folder for what the index has no more."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.gone = folder / "gone"
        self.gone.mkdir()
        self.store = WheelStore(folder / "store")
        settings = self.folder / f".lockstep/index/{os.getpid()}.json"
        told = {**json.loads(settings.read_text()), WHEELS: str(self.store.folder)}
        settings.write_text(json.dumps(told))

    def fetch(self, digest: str) -> None:
        """Put the file that is gone into the store."""
        (path,) = self.gone.iterdir()
        artifact = Artifact(path.name, digest.partition(":")[2], str(path))
        assert fetch_all(self.store, [artifact], {}, print) == 1


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored(tmp_path)


def installed(sandbox: Sandbox) -> set[str]:
    names = {path.stem for path in sandbox.folder.glob(".lockstep/venv/lib/*/site-packages/*.py")}
    return names & {"one", "two"}


def test_what_is_gone_from_the_index_is_installed_from_the_store(stored: Stored) -> None:
    one = make_wheel(stored.gone, "one")
    stored.fetch(one)
    done = stored.run(f"one==1.0 --hash={one}\n", "venv", "true")
    assert (done.returncode, done.stdout, installed(stored)) == (0, "", {"one"})
    done = stored.run(f"one==1.0 --hash={one}\n", "pex", "out.pex")
    assert (done.returncode, done.stdout) == (0, "")
    assert stored.info("out.pex")["requirements"] == ["one==1.0"]


def test_a_source_distribution_of_the_store_is_built(stored: Stored) -> None:
    two = make_sdist(stored.gone, "two")
    stored.fetch(two)
    done = stored.run(f"two==1.0 --hash={two}\n", "venv", "true")
    assert (done.returncode, done.stdout, installed(stored)) == (0, "", {"two"})


def test_where_the_store_lacks_a_pin_the_index_serves_all(stored: Stored) -> None:
    one, two = make_wheel(stored.gone, "one"), make_wheel(stored.index, "two")
    (stored.index / "one-1.0-py2.py3-none-any.whl").write_bytes(
        (stored.gone / "one-1.0-py2.py3-none-any.whl").read_bytes()
    )
    stored.fetch(one)
    text = f"one==1.0 --hash={one}\ntwo==1.0 --hash={two}\n"
    done = stored.run(text, "venv", "true")
    assert (done.returncode, done.stdout, installed(stored)) == (0, "", {"one", "two"})


def test_a_damaged_file_of_the_store_is_not_installed_but_the_one_of_the_index(
    stored: Stored,
) -> None:
    one = make_wheel(stored.gone, "one")
    name = "one-1.0-py2.py3-none-any.whl"
    content = (stored.gone / name).read_bytes()
    stored.fetch(one)
    damaged = stored.store.folder / "packages" / name
    damaged.write_bytes(content[:-5] + b"wrong")
    done = stored.run(f"one==1.0 --hash={one}\n", "venv", "true")
    assert done.returncode == 1, done.stdout
    assert done.stdout.startswith("Lockstep could not install the slice; the installer says:\n")
    (stored.index / name).write_bytes(content)
    done = stored.run(f"one==1.0 --hash={one}\n", "venv", "true")
    assert (done.returncode, done.stdout, installed(stored)) == (0, "", {"one"})


def test_what_only_the_store_of_another_platform_holds_is_asked_of_the_index(
    stored: Stored,
) -> None:
    other = make_wheel(stored.gone, "one", "cp36-cp36m-win_amd64")
    stored.fetch(other)
    one = make_wheel(stored.index, "one")
    text = f"one==1.0 --hash={other} --hash={one}\n"
    done = stored.run(text, "venv", "true")
    assert (done.returncode, done.stdout, installed(stored)) == (0, "", {"one"})
