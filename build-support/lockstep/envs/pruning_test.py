"""Pruning deletes what nobody uses, and nothing else."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from lockstep.core.errors import LockstepError
from lockstep.envs.conftest import Machine
from lockstep.envs.links import leads_to, switch

DAY = 24 * 3600.0


def later() -> float:
    return time.time() + 15 * DAY


def test_what_was_used_lately_is_kept(machine: Machine) -> None:
    made = machine.provide(machine.recipe(machine.wheel("one")))
    assert list(machine.store.prune(time.time() + 13 * DAY)) == []
    assert made.path.exists()
    assert list(machine.store.prune(later())) == [made.path]
    assert list(machine.environments.iterdir()) == []


def test_what_a_process_uses_is_kept(machine: Machine) -> None:
    made = machine.provide(machine.recipe(machine.wheel("one")))
    process = subprocess.Popen(
        [made.python, "-c", "print(1, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert list(machine.store.prune(later())) == []
    process.communicate(b"\n")
    assert list(machine.store.prune(later())) == [made.path]


def test_what_a_reader_holds_is_kept(machine: Machine) -> None:
    environment = machine.store.provide(machine.recipe(machine.wheel("one")), print)
    assert list(machine.store.prune(later())) == []
    os.close(environment.lock)
    assert list(machine.store.prune(later())) == [environment.path]


def test_what_a_link_leads_to_is_kept_until_it_is_gone(machine: Machine) -> None:
    made = machine.provide(machine.recipe(machine.wheel("one")))
    link = machine.folder / ".venv"
    machine.store.register(link)
    switch(link, made.path, machine.folder / "aside")
    assert list(machine.store.prune(later())) == []
    link.unlink()
    assert list(machine.store.prune(later())) == [made.path]


def test_few_go_at_once_the_longest_unused_first(machine: Machine) -> None:
    one, two = machine.wheel("one"), machine.wheel("two")
    made = [machine.provide(machine.recipe(*pins)) for pins in ((one,), (two,), (one, two))]
    for age, environment in zip((1, 3, 2), made):
        os.utime(f"{environment.path}.lock", (0, later() - (20 + age) * DAY))
    assert list(machine.store.prune(later(), at_once=2)) == [made[1].path, made[2].path]


def test_leftovers_of_killed_builds_go_and_not_those_of_living_ones(machine: Machine) -> None:
    made = machine.provide(machine.recipe(machine.wheel("one")))
    dead = machine.environments / ".dead.x.aside"
    killed = machine.environments / f".{made.path.name}.x.aside"
    for left in (dead, killed):
        left.mkdir()
    machine.store.prune(time.time())
    assert not dead.exists() and not killed.exists() and made.path.exists()


# -- Links ----------------------------------------------------------------------------------------


def test_a_link_is_switched(machine: Machine) -> None:
    one = machine.provide(machine.recipe(machine.wheel("one")))
    two = machine.provide(machine.recipe(machine.wheel("two")))
    link, aside = machine.folder / ".venv", machine.folder / "aside"
    for to in (one.path, two.path, one.path):
        switch(link, to, aside)
        assert leads_to(link, to)
    link.unlink()
    link.symlink_to(machine.folder / "nowhere")
    switch(link, two.path, aside)
    assert leads_to(link, two.path)
    assert list(aside.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_a_person_made_is_left(machine: Machine, kind: str) -> None:
    made = machine.provide(machine.recipe(machine.wheel("one")))
    link: Path = machine.folder / ".venv"
    if kind == "folder":
        link.mkdir()
    elif kind == "file":
        link.touch()
    else:
        link.symlink_to(machine.folder / "index")
    before = os.lstat(link)
    with pytest.raises(LockstepError) as caught:
        switch(link, made.path, machine.folder / "aside")
    assert str(caught.value).endswith(f"else move it away: `mv {link} {link}.mine`.")
    assert os.path.samestat(os.lstat(link), before)
