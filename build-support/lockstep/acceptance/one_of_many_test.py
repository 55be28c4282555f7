"""A lock of 300 pins that could all move, of which one leaf does."""

from __future__ import annotations

from lockstep.acceptance.conftest import INPUT
from lockstep.acceptance.monorepo import LOCK, Monorepo
from lockstep.acceptance.served_index import ServedIndex
from lockstep.core import lock_codec

COUNT = 300


def name(number: int) -> str:
    return f"lockstep_pin{number:03}"


def required(number: int) -> list[str]:
    """A tree: each requires the three below it."""
    return [name(below) for below in range(3 * number + 1, 3 * number + 4) if below < COUNT]


def test_to_upgrade_a_leaf_changes_one_pin(dated: Monorepo, index: ServedIndex) -> None:
    for number in range(COUNT):
        index.upload(name(number), "1.0", days_old=30, requires=required(number))
    dated.write(INPUT, f"{name(0)}\n")
    written = dated.pants("lock", "--lockstep-resolver=uv")
    assert written.exit_code == 0, written.output
    before = lock_codec.parse(dated.read(LOCK), LOCK)
    assert len(before.pins) == COUNT
    for number in range(COUNT):
        index.upload(name(number), "2.0", days_old=20, requires=required(number))

    leaf = name(COUNT - 1)
    assert not required(COUNT - 1)
    moved = dated.pants("lock", "--lockstep-resolver=uv", f"--upgrade-package={leaf}")
    assert moved.exit_code == 0, moved.output
    after = lock_codec.parse(dated.read(LOCK), LOCK)
    assert {pin.requirement for pin in {*after.pins} - {*before.pins}} == {
        f"{leaf.replace('_', '-')}==2.0"
    }
    assert len(after.pins) == COUNT
