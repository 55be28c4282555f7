"""Damage of an environment is noticed, said and healed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

from lockstep.envs.conftest import Machine
from lockstep.envs.interpreters import Wanted, find
from lockstep.envs.store_test import run, site

HELD = "import one, sub.two; print(one.RELEASE, sub.two.X)"


def _forced(change: Callable[[Path], object]) -> Callable[[Path], None]:
    """Change a file though it is read-only; the times of its folder are what they come to be."""

    def changed(path: Path) -> None:
        path.parent.chmod(0o755)
        if path.exists():
            path.chmod(0o644)
        change(path)

    return changed


DAMAGE = [
    ("missing", "one.py", _forced(os.unlink), "{} is missing"),
    ("changed", "native.so", _forced(lambda path: os.truncate(path, 10)), "{} was changed"),
    ("changed", "one.py", _forced(lambda p: p.write_text("RELEASE = 0\n")), "{} was changed"),
    ("changed", "one.py", lambda path: path.chmod(0o000), "{} was changed"),
    ("added", "hand.py", _forced(Path.touch), "{} was added by hand"),
    ("added", "sub/hand.py", _forced(Path.touch), "{} was added by hand"),
    ("missing", "sub", lambda path: shutil.rmtree(path), "{}/two.py is missing"),
]


@pytest.fixture
def pin(machine: Machine) -> str:
    files = {"one": "RELEASE = '1.0'\n", "sub/two": "X = 2\n"}
    return machine.wheel("one", **files) + machine.native("native")


@pytest.mark.parametrize(("kind", "file", "damage", "sentence"), DAMAGE)
def test_damage_is_noticed_said_and_healed(
    machine: Machine,
    pin: str,
    kind: str,
    file: str,
    damage: Callable[[Path], None],
    sentence: str,
) -> None:
    recipe = machine.recipe(pin)
    made = machine.provide(recipe)
    damaged = site(made) / file
    damage(damaged)

    (fault,) = machine.store.faults(made.path)
    told = sentence.format(damaged.relative_to(made.path))
    assert (fault.kind, fault.sentence) == (kind, told)
    assert machine.provide(recipe).path == made.path
    assert machine.said == [f"Mending {made.path}: {told}"]
    assert machine.store.faults(made.path, deep=True) == ()
    assert run(made.python, "-c", HELD) == "1.0 2\n"


def test_what_looks_as_it_did_is_noticed_by_reading(machine: Machine, pin: str) -> None:
    made = machine.provide(machine.recipe(pin))
    file = site(made) / "one.py"
    look = file.stat()
    file.chmod(0o644)
    file.write_text("RELEASE = '2.0'\n")
    file.chmod(0o444)
    os.utime(file, ns=(look.st_atime_ns, look.st_mtime_ns))
    assert machine.store.faults(made.path) == ()
    (fault,) = machine.store.faults(made.path, deep=True)
    assert fault.sentence.endswith("one.py was changed, though it looks as it did")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"manifest": 1}'])
def test_a_damaged_stamp_is_noticed_and_healed(machine: Machine, pin: str, text: str) -> None:
    recipe = machine.recipe(pin)
    made = machine.provide(recipe)
    stamp = made.path / "lockstep.json"
    stamp.chmod(0o644)
    stamp.write_text(text)
    (fault,) = machine.store.faults(made.path)
    assert fault.sentence == "its stamp lockstep.json cannot be read"
    machine.provide(recipe)
    assert machine.store.faults(made.path) == ()


def test_a_folder_that_only_looks_changed_is_not_built_again(machine: Machine, pin: str) -> None:
    recipe = machine.recipe(pin)
    made = machine.provide(recipe)
    site(made).chmod(0o755)
    (site(made) / "came.py").touch()
    (site(made) / "came.py").unlink()
    machine.provide(recipe)
    assert machine.said == []


def test_a_moved_environment_is_noticed(machine: Machine, pin: str) -> None:
    made = machine.provide(machine.recipe(pin))
    moved = made.path.with_name("moved")
    made.path.rename(moved)
    (fault,) = machine.store.faults(moved)
    assert fault.sentence == f"it was moved here from {made.path}"


def test_a_replaced_interpreter_is_noticed_and_gets_an_environment_of_its_own(
    machine: Machine, pin: str
) -> None:
    binary = machine.folder / "python3.9"
    wanted = Wanted(("==3.9.*",), (str(binary),))
    memo = machine.folder / "interpreters.json"
    shutil.copyfile(machine.interpreter.path, binary)
    binary.chmod(0o755)
    machine.interpreter = find(wanted, {}, memo)
    old = machine.provide(machine.recipe(pin))

    shutil.copyfile(machine.interpreter.path, binary.with_suffix(".new"))
    binary.with_suffix(".new").chmod(0o755)
    os.replace(binary.with_suffix(".new"), binary)
    (fault,) = machine.store.faults(old.path)
    assert fault.sentence == f"its Python {binary} was replaced"
    machine.interpreter = find(wanted, {}, memo)
    new = machine.provide(machine.recipe(pin))
    assert new.path != old.path
    assert machine.store.faults(new.path) == ()

    binary.unlink()
    (fault,) = machine.store.faults(new.path)
    assert fault.sentence == f"its Python {binary} is gone"


def test_a_damaged_file_that_others_share_is_healed_everywhere(machine: Machine, pin: str) -> None:
    recipes = [machine.recipe(pin), machine.recipe(pin, machine.wheel("two"))]
    made, other = [machine.provide(recipe) for recipe in recipes]
    os.truncate(site(made) / "native.so", 10)

    (cached,) = machine.tools.uv_cache.rglob("archive-v0/*/native.so")
    assert [cached.stat().st_size, (site(other) / "native.so").stat().st_size] == [10, 10]
    for recipe, environment in zip(recipes, (made, other)):
        machine.provide(recipe)
        relative = (site(environment) / "native.so").relative_to(environment.path)
        assert machine.said == [f"Mending {environment.path}: {relative} was changed"]
        assert machine.store.faults(environment.path, deep=True) == ()
        assert (site(environment) / "native.so").stat().st_size > 5000
    (cached,) = machine.tools.uv_cache.rglob("archive-v0/*/native.so")
    assert cached.stat().st_size > 5000


def _truncate(path: Path) -> None:
    os.truncate(path, 3)


def _rot(path: Path) -> None:
    look = path.stat()
    path.write_text(path.read_text().replace("1", "7"))
    os.utime(path, ns=(look.st_atime_ns, look.st_mtime_ns))


@pytest.mark.parametrize("damage", [os.unlink, _truncate, _rot], ids=["gone", "short", "rotten"])
def test_damage_in_the_cache_of_uv_reaches_no_new_environment(
    machine: Machine, pin: str, damage: Callable[[Path], None]
) -> None:
    machine.provide(machine.recipe(pin))
    (cached,) = machine.tools.uv_cache.rglob("archive-v0/*/one.py")
    damage(cached)
    made = machine.provide(machine.recipe(pin, machine.wheel("two")))
    assert run(made.python, "-c", HELD) == "1.0 2\n"
    assert machine.store.faults(made.path, deep=True) == ()
    (cached,) = machine.tools.uv_cache.rglob("archive-v0/*/one.py")
    assert cached.read_text() == "RELEASE = '1.0'\n"
