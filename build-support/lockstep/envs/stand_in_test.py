from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lockstep.envs import stand_in

ONE = stand_in.path_of("one")
TELL = "import os, sys; print(sys.executable, os.environ.get('PEX_PYTHON'))"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "named caches"


@pytest.mark.parametrize("named", [None, "/usr/bin/python3", "python3.11"])
def test_it_is_the_interpreter_and_leaves_what_pex_is_told(folder: Path, named: str | None) -> None:
    stand_in.write(folder, ONE, sys.executable)
    script = stand_in.absolute(ONE, folder)
    environ = {"PEX_PYTHON": named} if named else {}
    assert _run(script, environ) == f"{sys.executable} {named}\n"


def test_pex_gets_another_stand_in_by_its_absolute_path(folder: Path) -> None:
    stand_in.write(folder, ONE, sys.executable)
    script = stand_in.absolute(ONE, folder)
    told = _run(script, {"PEX_PYTHON": stand_in.path_of("other")})
    assert told == f"{sys.executable} {folder}/lockstep_python/other/python\n"
    told = _run(script, {"PEX_PYTHON": stand_in.path_of("other", stand_in.PANTS_FOLDER)})
    assert told == f"{sys.executable} {folder}/python_build_standalone/other/python\n"


def test_its_path_in_a_sandbox_is_the_same_on_every_machine() -> None:
    assert ONE == ".lockstep-python/one/python"


def test_only_stand_ins_get_another_path_outside_of_sandboxes(folder: Path) -> None:
    assert stand_in.absolute("/usr/bin/python3", folder) == "/usr/bin/python3"


def test_one_for_another_interpreter_is_replaced(folder: Path) -> None:
    stand_in.write(folder, ONE, "/bin/false")
    stand_in.write(folder, ONE, sys.executable)
    script = stand_in.absolute(ONE, folder)
    assert _run(script, {}) == f"{sys.executable} None\n"


def test_where_either_interpreter_will_do_two_checkouts_do_not_take_turns(folder: Path) -> None:
    stand_in.write(folder, ONE, sys.executable)
    stand_in.write(folder, ONE, "/bin/false", replaces=False)
    script = stand_in.absolute(ONE, folder)
    assert _run(script, {}) == f"{sys.executable} None\n"

    stand_in.write(folder, ONE, "/no/such python")
    stand_in.write(folder, ONE, sys.executable, replaces=False)
    assert _run(script, {}) == f"{sys.executable} None\n"


def _run(script: str, environ: dict[str, str]) -> str:
    command = [script, "-c", TELL]
    return subprocess.run(
        command, env=environ, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
