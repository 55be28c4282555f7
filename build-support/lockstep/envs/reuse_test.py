"""What an environment takes from another one is what it would have been installed with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Mapping

import pytest

from lockstep.envs.build import Recipe
from lockstep.envs.conftest import Machine
from lockstep.envs.store import Store
from lockstep.envs.store_test import run, site


def content(path: Path) -> Mapping[str, object]:
    """All that an environment holds but its stamp and places: text or target, and mode."""
    found: dict[str, object] = {}
    for file in sorted(path.rglob("*")):
        name = str(file.relative_to(path))
        if file.is_symlink():
            found[name] = os.readlink(file)
        elif file.is_dir():
            found[name] = file.stat().st_mode
        elif not name.startswith("lockstep."):
            text = file.read_bytes().replace(os.fsencode(path), b"HERE")
            found[name] = (file.stat().st_mode, text)
    return found


def provide_like(machine: Machine, recipe: Recipe, like: Path) -> Path:
    machine.said = []
    environment = machine.store.provide(recipe, machine.said.append, like)
    os.close(environment.lock)
    return environment.path


def built_alone(machine: Machine, recipe: Recipe) -> Path:
    store = Store(machine.folder / "alone", machine.tools)
    environment = store.provide(recipe, print)
    os.close(environment.lock)
    return environment.path


def test_it_is_the_same_as_one_that_was_built_alone(machine: Machine) -> None:
    one, two, old = machine.wheel("one"), machine.wheel("two"), machine.wheel("three")
    new, four = machine.wheel("three", "2.0"), machine.wheel("four")
    like = machine.provide(machine.recipe(one, two, old)).path
    generated = (("made.py", b"A = 1\n"),)
    for pins in ((one, two, new), (one, two), (one, two, old, four)):
        recipe = machine.recipe(*pins, paths=("/a",), generated=generated)
        made = provide_like(machine, recipe, like)
        alone = built_alone(machine, recipe)
        assert content(made) == content(alone)
        assert machine.store.faults(made, deep=True) == ()
        assert run(made / "bin" / "one-run") == "1.0\n"


def test_what_is_common_is_not_asked_of_uv(machine: Machine) -> None:
    one, two = machine.wheel("one"), machine.wheel("two")
    like = machine.provide(machine.recipe(one)).path
    (cached,) = machine.tools.uv_cache.rglob("archive-v0/*/one.py")
    cached.unlink()  # the environment has the same file
    cached.write_text("RELEASE = 'damaged'\n")
    made = provide_like(machine, machine.recipe(one, two), like)
    assert cached.read_text() == "RELEASE = 'damaged'\n"  # nobody looked at it
    assert run(made / "bin" / "one-run") == "1.0\n"


@pytest.mark.parametrize("damage", ["one.py", "two.py"])
def test_nothing_is_taken_from_a_damaged_one(machine: Machine, damage: str) -> None:
    one, two = machine.wheel("one"), machine.wheel("two")
    like = machine.provide(machine.recipe(one, two)).path
    (damaged,) = like.glob(f"lib/*/site-packages/{damage}")
    damaged.chmod(0o644)
    damaged.write_text("RELEASE = 'damaged'\n")
    made = provide_like(machine, machine.recipe(one), like)
    assert run(made / "bin" / "one-run") == "1.0\n"
    assert machine.store.faults(made, deep=True) == ()


def test_a_file_of_two_projects_is_installed_and_not_taken(machine: Machine) -> None:
    one = machine.wheel("one", **{"space/__init__": "WHO = 'one'\n", "one": "\n"})
    two = machine.wheel("two", **{"space/__init__": "WHO = 'two'\n", "two": "\n"})
    like = machine.provide(machine.recipe(one, two)).path
    recipe = machine.recipe(one)
    made = provide_like(machine, recipe, like)
    assert content(made) == content(built_alone(machine, recipe))
    alone = machine.provide(recipe).path
    both = provide_like(machine, machine.recipe(one, two, machine.wheel("three")), alone)
    assert (site(machine.provide(machine.recipe(one))) / "space/__init__.py").exists()
    assert machine.store.faults(both, deep=True) == ()
