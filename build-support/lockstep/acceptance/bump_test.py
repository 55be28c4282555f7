"""A changed pin rebuilds and reruns what reaches it, and nothing else."""

from __future__ import annotations

import re

from lockstep.acceptance.monorepo import LOCK, Monorepo

SIX = """\
six==1.16.0 \\
    --hash=sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c84c4c926 \\
    --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254
"""
"""Another release than the newest, with the hashes of its wheel and source distribution."""

ALL = {
    "dates/dates_test.py",
    "plain/plain_test.py",
    "text/docopt_test.py",
    "text/idna_test.py",
    "text/six_test.py",
}


def pinned(lock: str, entry: str) -> str:
    """A lock with one pin's entry put in the place of its old one, as a person would do it."""
    name = entry.partition("==")[0]
    changed = re.sub(rf"^{name}==.*?(?=^    # via)", entry, lock, flags=re.M | re.S)
    assert changed != lock
    return changed


def test_one_bumped_pin_rebuilds_and_reruns_exactly_what_its_slice_reaches(
    monorepo: Monorepo,
) -> None:
    first = monorepo.pants("test", "::")
    assert first.exit_code == 0, first.output
    assert first.tests_run() | first.tests_known() == ALL

    again = monorepo.pants("test", "::")
    assert (again.built(), again.tests_run(), again.tests_known()) == (set(), set(), ALL)

    monorepo.write(LOCK, pinned(monorepo.read(LOCK), SIX))
    bumped = monorepo.pants("test", "::")
    assert bumped.exit_code == 0, bumped.output
    assert bumped.built() == {"python-dateutil==2.9.0.post0", "six"}
    assert bumped.tests_run() == {"dates/dates_test.py", "text/six_test.py"}
    assert bumped.tests_known() == ALL - bumped.tests_run()


def test_the_call_that_starts_the_daemon_does_nothing_that_later_ones_do_again(
    monorepo: Monorepo,
) -> None:
    monorepo.stop()
    assert monorepo.pants("test", "::").exit_code == 0
    again = monorepo.pants("test", "::")
    assert "Starting: " not in again.output
    assert again.tests_known() == ALL


def test_comments_and_order_of_the_lock_rebuild_nothing(monorepo: Monorepo) -> None:
    monorepo.pants("test", "::")
    lock = monorepo.read(LOCK)
    monorepo.write(LOCK, lock.replace("\n\n", "\n# a remark\n\n", 1))
    again = monorepo.pants("test", "::")
    assert (again.built(), again.tests_run(), again.tests_known()) == (set(), set(), ALL)


def test_a_flipped_hash_stops_what_needs_the_pin_and_nothing_else(monorepo: Monorepo) -> None:
    lock = monorepo.read(LOCK)
    entry = re.search(r"^idna==(\S+) \\\n(?:    --hash=.*\n)+", lock, re.M)
    assert entry is not None
    found = sorted(re.findall(r"--hash=(sha256:\S+)", entry[0]))
    flipped = {value: f"{value[:-1]}{'1' if value[-1] == '0' else '0'}" for value in found}
    for value, other in flipped.items():
        lock = lock.replace(value, other)
    monorepo.write(LOCK, lock)

    failed = monorepo.pants("test", "text/idna_test.py")
    assert failed.exit_code == 1
    assert failed.tests_run() == set()
    assert f"Hash mismatch for `idna=={entry[1]}`" in failed.output
    assert all(other in failed.output for other in flipped.values())  # expected
    assert any(value in failed.output for value in found)  # found

    assert monorepo.pants("test", "text/six_test.py").exit_code == 0


def test_a_flipped_hash_of_the_wheel_alone_does_not_fall_back_to_the_source(
    monorepo: Monorepo,
) -> None:
    lock = monorepo.read(LOCK)
    entry = re.search(r"^six==1\.17\.0 \\\n(?:    --hash=.*\n)+", lock, re.M)
    assert entry is not None
    wheel = "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"
    assert wheel in entry[0]
    monorepo.write(LOCK, lock.replace(wheel, f"0{wheel[1:]}"))
    failed = monorepo.pants("test", "text/six_test.py")
    assert failed.exit_code == 1
    assert "Hash mismatch for `six==1.17.0`" in failed.output


def test_a_damaged_lock_is_told_with_file_line_and_mend(monorepo: Monorepo) -> None:
    lines = monorepo.read(LOCK).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("pluggy=="))
    monorepo.write(LOCK, "\n".join([*lines[:at], "<<<<<<< HEAD", *lines[at:]]) + "\n")
    result = monorepo.pants("test", "plain/plain_test.py")
    assert result.exit_code == 1
    assert (
        f"{LOCK}:{at + 1}: `<<<<<<< HEAD` is not a pin (`name==version`)."
        " Restore the file from version control, or run `./pants lock` to write it anew."
    ) in result.output
