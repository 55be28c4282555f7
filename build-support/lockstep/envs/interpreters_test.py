"""Interpreters are found as Pants finds them, and asked once."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Sequence

import pytest

from lockstep.core.errors import LockstepError
from lockstep.envs import interpreters
from lockstep.envs.interpreters import Interpreter, Wanted, configured, find

TELLER = """\
#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write("asked\\n")
print(json.dumps({{"path": {path!r}, "implementation": {name!r}, "version": {version!r},
    "soabi": "abi", "platform": "linux-x86_64"}}))
"""


class Machine:
    """Folders with programs that say they are interpreters; scripts, so each is asked anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.log.write_text("")
        self.memo = folder / "memo.json"

    def add(self, place: str, version: str, name: str = "cpython") -> str:
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        text = TELLER.format(
            python=sys.executable, log=str(self.log), path=str(path), name=name, version=version
        )
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def find(self, *constraints: str, search: Sequence[str] = ("<PATH>",)) -> Interpreter:
        path = os.pathsep.join([f"{self.folder}/a", f"{self.folder}/b"])
        environ = {"PATH": path, "HOME": str(self.folder)}
        return find(Wanted(constraints, tuple(search), self.folder), environ, self.memo)

    def asked(self) -> int:
        return len(self.log.read_text().splitlines())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_lowest_minor_version_in_its_newest_release_is_taken(machine: Machine) -> None:
    machine.add("a/python3.12", "3.12.1")
    machine.add("a/python3.11", "3.11.2")
    newest = machine.add("b/python3.11", "3.11.9")
    assert machine.find("CPython>=3.11").path == newest


def test_of_the_same_release_the_first_on_the_path_is_taken(machine: Machine) -> None:
    first = machine.add("a/python3", "3.11.2")
    machine.add("b/python3.11", "3.11.2")
    assert machine.find("CPython==3.11.*").path == first


def test_names_that_cannot_fit_are_not_asked(machine: Machine) -> None:
    machine.add("a/python3.12", "3.12.1")
    machine.add("a/python-config", "3.11.1")
    machine.add("a/python3.11", "3.11.1")
    assert machine.find("==3.11.*").version == "3.11.1"
    assert machine.asked() == 1


def test_other_implementations_are_not_taken(machine: Machine) -> None:
    machine.add("a/python3", "3.11.1", "pypy")
    with pytest.raises(LockstepError) as caught:
        machine.find("CPython==3.11.*", "CPython==3.12.*")
    assert str(caught.value) == (
        "No interpreter was found for `CPython==3.11.*` or `CPython==3.12.*`. Install one, or name"
        " its folder in `[python-bootstrap].search_path`, which is `<PATH>`."
    )


def test_pyenv_and_folders_are_searched(machine: Machine) -> None:
    pyenv = machine.add(".pyenv/versions/3.11.4/bin/python", "3.11.4")
    own = machine.add("own/python3.11", "3.11.5")
    local = machine.add(".pyenv/versions/3.11.6/bin/python", "3.11.6")
    (machine.folder / ".python-version").write_text("3.11.4\n")
    assert machine.find("==3.11.*", search=["<PYENV>"]).path == local
    assert machine.find("==3.11.*", search=["<PYENV_LOCAL>"]).path == pyenv
    assert machine.find("==3.11.*", search=["own"]).path == own
    assert machine.find("==3.11.*", search=[own]).path == own


@pytest.mark.parametrize(
    ("constraint", "place", "fault"),
    [
        ("PyPy>=7", "<PATH>", "The interpreter constraint `PyPy>=7` is not for CPython"),
        ("CPython=3", "<PATH>", "The interpreter constraint `CPython=3` cannot be read"),
        ("==3.11.*", "<PEXRC>", "Lockstep cannot search `<PEXRC>` for interpreters"),
    ],
)
def test_what_cannot_be_read_is_said(
    machine: Machine, constraint: str, place: str, fault: str
) -> None:
    with pytest.raises(LockstepError) as caught:
        machine.find(constraint, search=[place])
    assert caught.value.fault == fault


def test_a_binary_is_asked_once_and_anew_where_it_changed(tmp_path: Path) -> None:
    real = os.path.realpath(sys.executable)
    (tmp_path / "python3.9").symlink_to(real)
    wanted = Wanted(("==3.9.*",), (str(tmp_path),))
    memo = tmp_path / "memo.json"
    found = find(wanted, {}, memo)
    assert (found.path, found.is_there()) == (real, True)
    assert found.version == "{}.{}.{}".format(*sys.version_info)

    kept = json.loads(memo.read_text())
    kept[real]["told"]["soabi"] = "kept"
    memo.write_text(json.dumps(kept))
    assert find(wanted, {}, memo).soabi == "kept"
    kept[real]["stat"][0] += 1
    memo.write_text(json.dumps(kept))
    assert find(wanted, {}, memo) == found
    memo.write_text("no JSON")
    assert find(wanted, {}, memo) == found


def test_one_that_was_too_busy_to_answer_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python3.9").symlink_to(os.path.realpath(sys.executable))
    wanted = Wanted(("==3.9.*",), (str(tmp_path),))
    memo = tmp_path / "memo.json"
    monkeypatch.setattr(interpreters, "_ANSWER_SECONDS", 0)
    with pytest.raises(LockstepError):
        find(wanted, {}, memo)
    monkeypatch.undo()
    assert find(wanted, {}, memo).is_there()


def test_pants_toml_says_what_is_wanted(tmp_path: Path) -> None:
    options = {
        "python": {
            "interpreter_constraints": ["CPython==3.11.*"],
            "resolves_to_interpreter_constraints": {"old": ["CPython==3.9.*"]},
        },
        "python-bootstrap": {"search_path": ["<PATH>"]},
    }
    assert configured(options, "new", tmp_path) == Wanted(
        ("CPython==3.11.*",), ("<PATH>",), tmp_path
    )
    assert configured(options, "old", tmp_path).constraints == ("CPython==3.9.*",)
    with pytest.raises(LockstepError) as caught:
        configured({}, "new", tmp_path)
    assert caught.value.fault == "pants.toml does not say which Python `new` is for"
