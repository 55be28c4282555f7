"""A real store, damaged and mended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lockstep.doctor import fixes
from lockstep.doctor.checks import store
from lockstep.doctor.facts.context import Context
from lockstep.doctor.facts.store import store_facts
from lockstep.envs.conftest import Machine
from lockstep.envs.flocks import hold


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def context(machine: Machine) -> Context:
    root = machine.folder / "a checkout"
    root.mkdir()
    environ = {"HOME": "/no/home", "LOCKSTEP_CACHE": str(machine.folder)}
    return Context.of(root, environ)


@pytest.fixture
def entry(machine: Machine) -> Path:
    """An environment that nobody uses."""
    built = machine.store.provide(machine.recipe(machine.wheel("one")), print)
    os.close(built.lock)
    return built.path


def damage(entry: Path) -> str:
    """Take a file away; returns its path in the environment."""
    (module,) = entry.glob("lib/python*/site-packages/one.py")
    os.chmod(module.parent, 0o755)
    module.unlink()
    return str(module.relative_to(entry))


def fix(context: Context) -> list[str]:
    told: list[str] = []
    fixes.apply(context, list(store.check(store_facts(context))), told.append)
    return told


def test_a_store_that_is_whole(context: Context, entry: Path) -> None:
    facts = store_facts(context)
    assert [(one.path, one.wrong) for one in facts.entries] == [(str(entry), "")]
    assert facts.size > 1000 and facts.leftovers == ()


def test_a_damaged_environment_is_removed_where_nobody_uses_it(
    context: Context, entry: Path
) -> None:
    assert fix(context) == []
    missing = damage(entry)
    (found,) = store.check(store_facts(context))
    assert found.text == f"The environment {entry} is damaged: {missing} is missing."
    used = hold(Path(f"{entry}.lock"), shared=True, wait=False)
    assert used is not None
    assert fix(context) == [
        f"Left {entry}: somebody uses it. The next call that needs it makes it anew."
    ]
    assert entry.exists()
    os.close(used)
    assert fix(context) == [f"Removed {entry}; whoever needs it makes it anew."]
    assert not entry.exists() and store_facts(context).entries == ()


def test_what_a_link_leads_to_is_left(context: Context, entry: Path, machine: Machine) -> None:
    damage(entry)
    link = context.root / ".venv"
    link.symlink_to(entry)
    (of_venv,) = store_facts(context).entries
    assert of_venv.is_venv
    other = machine.folder / "other" / ".venv"
    other.parent.mkdir()
    link.rename(other)
    machine.store.register(other)
    (of_other,) = store_facts(context).entries
    assert (of_other.is_venv, of_other.is_linked) == (False, True)
    assert fix(context) == [] and entry.exists()


def test_leftovers_of_builds(context: Context, entry: Path) -> None:
    left = entry.with_name(f".{entry.name}.x.aside")
    (left / "lib").mkdir(parents=True)
    os.chmod(left, 0o555)
    building = hold(Path(f"{entry}.build"), shared=False, wait=False)
    assert building is not None and store_facts(context).leftovers == ()
    os.close(building)
    assert fix(context) == [f"Removed {left}, which a killed build left."]
    assert not left.exists() and entry.exists()
