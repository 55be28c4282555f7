"""What runs first in an environment: processes keep to theirs while the link is switched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lockstep.envs.conftest import Machine
from lockstep.envs.interpreters import Wanted, find
from lockstep.envs.links import switch
from lockstep.envs.store import Environment

SWITCHES = int(os.environ.get("LOCKSTEP_SWITCHES", "100"))
MODULES = 200

TELL = """\
import json, sys
print(json.dumps([sys.prefix, sys.exec_prefix, sys.executable, [p for p in sys.path if p]]))
"""

IMPORTING = """\
import importlib, os, subprocess, sys
link, count = sys.argv[1], int(sys.argv[2])
sys.stdout.write("ready\\n"); sys.stdout.flush()
done = 0
while True:
    releases = set()
    for number in range(count):
        name = f"many.m{number}"
        releases.add(importlib.import_module(name).RELEASE)
        del sys.modules[name]
    assert len(releases) == 1, releases
    importlib.invalidate_caches()
    # A process that starts now, by the link, holds whole what it started with.
    code = "import many.m0, many.m1; assert many.m0.RELEASE == many.m1.RELEASE"
    subprocess.run([link + "/bin/python", "-c", code], check=True)
    done += 1
    sys.stdout.write(f"{done}\\n"); sys.stdout.flush()
"""


def release(machine: Machine, version: str) -> Environment:
    """An environment with a package of many modules, each of which says its release."""
    modules = {f"many/m{number}": f"RELEASE = {version!r}\n" for number in range(MODULES)}
    return machine.provide(machine.recipe(machine.wheel("many", version, **modules)))


def test_a_running_process_and_those_that_start_import_while_the_link_is_switched(
    machine: Machine,
) -> None:
    environments = [release(machine, "1.0"), release(machine, "2.0")]
    link, aside = machine.folder / ".venv", machine.folder / "aside"
    switch(link, environments[0].path, aside)
    rounds = 0
    with subprocess.Popen(
        [f"{link}/bin/python", "-c", IMPORTING, str(link), str(MODULES)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for number in range(SWITCHES):
            switch(link, environments[number % 2].path, aside)
            if number % 10 == 0:  # else the switches would be over before the first import
                told = process.stdout.readline()
                rounds += told == f"{rounds + 1}\n"
        failed = process.poll() is not None
        process.kill()
        assert not failed, process.stdout.read()
    assert rounds == (SWITCHES + 9) // 10


MINORS = [8, 9, 10, 11, 12, 13, 14]


@pytest.mark.parametrize("minor", MINORS)
def test_no_path_of_the_link_is_left_with_any_python(machine: Machine, minor: int) -> None:
    wanted = Wanted((f"==3.{minor}.*",), ("<PYENV>", "<PATH>"))
    try:
        machine.interpreter = find(wanted, os.environ, machine.folder / "memo.json")
    except Exception:
        pytest.skip(f"there is no Python 3.{minor}")
    live = machine.folder / "live"
    live.mkdir()
    recipe = machine.recipe(machine.wheel("one"), paths=(str(live),), generated=(("made.py", b""),))
    made = machine.provide(recipe)
    link = machine.folder / ".venv"
    switch(link, made.path, machine.folder / "aside")
    command = [f"{link}/bin/python", "-c", f"import one, made\n{TELL}"]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd="/").stdout.decode()
    assert str(link) not in told
    assert told.count(f'"{made.path}/lib/python3.{minor}/site-packages"') == 1
    assert f'"{made.path}/generated"' in told and f'"{live}"' in told
    assert told.startswith(f'["{made.path}", "{made.path}", "{made.path}/bin/python"')


def test_generated_modules_are_found_beside_live_ones_of_their_package(machine: Machine) -> None:
    package = machine.folder / "live" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "live.py").write_text("A = 1\n")
    generated = (("package/made.py", b"B = 2\n"), ("package/live.py", b"A = 0\n"))
    recipe = machine.recipe(machine.wheel("one"), paths=(str(package.parent),), generated=generated)
    made = machine.provide(recipe)
    code = "import package.live, package.made; print(package.live.A, package.made.B)"
    done = subprocess.run([made.python, "-c", code], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"1 2\n"
