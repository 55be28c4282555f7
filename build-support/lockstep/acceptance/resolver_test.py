"""What holds for a lock, whatever resolves it."""

from __future__ import annotations

import re
from typing import Mapping

import pytest

from lockstep.acceptance.monorepo import GRAPH, LOCK, Monorepo
from lockstep.core import lock_codec

WAYS: Mapping[str, tuple[str, ...]] = {
    "uv proposes, pip-tools judges": (),
    "uv": ("--lockstep-resolver=uv",),
    "pip-tools": ("--no-lockstep-propose",),
}
EVERYWHERE = (
    "CPython 3.11 on linux_x86_64; CPython 3.11 on linux_arm64; CPython 3.11 on macos_arm64"
)
RESOLVERS = {
    "uv proposes, pip-tools judges": (r"uv \S+, judged by pip-tools \S+ with pip \S+", EVERYWHERE),
    "uv": (r"uv \S+", EVERYWHERE),
    "pip-tools": (r"pip-tools \S+ with pip \S+", "CPython 3.11 on linux_x86_64"),
}


JUDGING = f"Starting: Judge {LOCK} with pip-tools"


def pins(lock: str) -> int:
    return len(re.findall(r"^\S+==", lock, re.M))


way = pytest.mark.parametrize("way", WAYS)


@way
def test_it_is_the_same_from_nothing_and_from_itself(monorepo: Monorepo, way: str) -> None:
    monorepo.path(LOCK).unlink()
    monorepo.path(GRAPH).unlink()
    made = monorepo.pants(*WAYS[way], "lock")
    assert made.exit_code == 0, made.output
    lock, graph = monorepo.read(LOCK), monorepo.read(GRAPH)
    resolver, environments = RESOLVERS[way]
    assert re.search(rf"^# resolver: {resolver}$", lock, re.M), lock[:500]
    assert f"# environments: {environments}\n" in lock

    again = monorepo.pants(*WAYS[way], "lock")
    assert f"{LOCK} holds {pins(lock)} pins, as before.\n" in again.output
    assert (monorepo.read(LOCK), monorepo.read(GRAPH)) == (lock, graph)
    checked = monorepo.pants(*WAYS[way], "lock", "--check")
    assert f"{LOCK} fits its inputs.\n" in checked.output


@way
def test_names_hashes_and_reasons(monorepo: Monorepo, way: str) -> None:
    assert monorepo.pants(*WAYS[way], "lock").exit_code == 0
    lock = lock_codec.parse(monorepo.read(LOCK), LOCK)
    assert {pin.key for pin in lock.pins} >= {
        *("docopt", "idna", "mypy", "pluggy", "pytest", "python-dateutil", "six"),
    }
    assert [pin.key for pin in lock.pins] == sorted(pin.key for pin in lock.pins)
    assert all(len(pin.hashes) > 0 and pin.via for pin in lock.pins)
    reasons = {pin.key: pin.via for pin in lock.pins}
    assert reasons["six"] == ("-r text/inputs.in", "python-dateutil")
    assert reasons["pytest"] == ("-r 3rdparty/python/tools.in",)


@way
def test_pins_that_fit_are_kept(monorepo: Monorepo, way: str) -> None:
    monorepo.write("text/inputs.in", "six==1.16.0\nidna>=3.7\ndocopt\n")
    assert monorepo.pants(*WAYS[way], "lock").exit_code == 0
    monorepo.write("text/inputs.in", "six\nidna>=3.7\ndocopt\n")
    assert monorepo.pants(*WAYS[way], "lock").exit_code == 0
    assert "\nsix==1.16.0 \\\n" in monorepo.read(LOCK)


def _versions(monorepo: Monorepo) -> Mapping[str, str | None]:
    return {pin.key: pin.version for pin in lock_codec.parse(monorepo.read(LOCK), LOCK).pins}


@way
def test_a_project_is_upgraded_alone_and_then_all_are(monorepo: Monorepo, way: str) -> None:
    monorepo.write("text/inputs.in", "six==1.16.0\nidna==3.7\ndocopt\n")
    assert monorepo.pants(*WAYS[way], "lock").exit_code == 0
    monorepo.write("text/inputs.in", "six\nidna>=3.7\ndocopt\n")
    assert monorepo.pants(*WAYS[way], "lock").exit_code == 0
    before = _versions(monorepo)
    assert (before["six"], before["idna"]) == ("1.16.0", "3.7")

    moved = monorepo.pants(*WAYS[way], "lock", "--upgrade-package=Idna==3.8")
    assert moved.exit_code == 0, moved.output
    assert _versions(monorepo) == {**before, "idna": "3.8"}
    checked = monorepo.pants(*WAYS[way], "lock", "--check")
    assert checked.output == f"{LOCK} fits its inputs.\n"
    again = monorepo.pants(*WAYS[way], "lock")
    assert again.stdout == f"{LOCK} holds {len(before)} pins, as before.\n", again.output
    assert _versions(monorepo) == {**before, "idna": "3.8"}

    assert monorepo.pants(*WAYS[way], "lock", "--upgrade-package=six").exit_code == 0
    assert _versions(monorepo) == {**before, "idna": "3.8", "six": "1.17.0"}
    assert monorepo.pants(*WAYS[way], "lock", "--upgrade").exit_code == 0
    assert _versions(monorepo)["idna"] not in ("3.7", "3.8")


def test_an_upgrade_that_cannot_be_is_told_and_writes_nothing(monorepo: Monorepo) -> None:
    before = monorepo.read(LOCK)
    told = monorepo.pants("lock", "--upgrade-package=attrs", "--upgrade-package=idna")
    assert told.exit_code == 1
    assert (
        f"`--upgrade-package=attrs` names nothing that {LOCK} pins. See to its spelling; to add a"
        " project, state it in a requirements input.\n"
    ) in told.output
    told = monorepo.pants("lock", "--upgrade-package=idna==3.6")
    assert told.exit_code == 1
    assert told.output.endswith(
        "  Change text/inputs.in:2 or --upgrade-package, so that one release of `idna` fits all of"
        " them.\n"
    )
    told = monorepo.pants("lock", "--check", "--upgrade")
    assert told.exit_code == 1
    assert told.output == (
        "An upgrade resolves, and `--check`, `--fetch` and `--verify-here` do not. Leave one of them out.\n"
    )
    assert monorepo.read(LOCK) == before


@way
def test_constraints_bound_and_require_nothing(monorepo: Monorepo, way: str) -> None:
    bounds = '{"python-default": ["six<1.17", "requests<2"]}'
    made = monorepo.pants(*WAYS[way], f"--lockstep-constraints={bounds}", "lock")
    assert made.exit_code == 0, made.output
    lock = monorepo.read(LOCK)
    assert "\nsix==1.16.0 \\\n" in lock and "\nrequests==" not in lock


def test_what_was_judged_is_not_judged_again(monorepo: Monorepo) -> None:
    assert monorepo.pants("lock").exit_code == 0
    monorepo.path(LOCK).unlink()
    again = monorepo.pants("lock")
    assert again.exit_code == 0 and JUDGING not in again.output

    monorepo.write("text/inputs.in", "six\nidna>=3.7\ndocopt\niniconfig\n")
    more = monorepo.pants("-ldebug", "lock")
    assert more.exit_code == 0, more.output
    judged = more.output.partition(f"What pip-tools on {LOCK} told:\n")[2]
    assert "iniconfig" in judged and "docopt" not in judged
    assert JUDGING in monorepo.pants("lock", "--verify-here").output


def test_an_edited_pin_is_judged(monorepo: Monorepo) -> None:
    assert monorepo.pants("lock").exit_code == 0
    edited = re.sub(r"^six==.*(\n    --hash=.*)+", "six==1.16.0", monorepo.read(LOCK), flags=re.M)
    monorepo.write(LOCK, edited)
    moved = monorepo.pants("lock")
    assert moved.exit_code == 0 and JUDGING in moved.output
    assert "\nsix==1.16.0 " in monorepo.read(LOCK)


def test_conflict_that_pip_tools_finds_alone_is_told_as_any(monorepo: Monorepo) -> None:
    monorepo.write("text/inputs.in", "six<1.5\nidna>=3.7\ndocopt\n")
    failed = monorepo.pants("--no-lockstep-propose", "lock")
    assert failed.exit_code == 1
    assert failed.output.endswith(
        "  These cannot be met together:\n"
        "    dates/inputs.in:1 requires `python-dateutil==2.9.0.post0`;"
        " `python-dateutil==2.9.0.post0` requires `six>=1.5`\n"
        "    text/inputs.in:1 requires `six<1.5`\n"
        "  Change dates/inputs.in:1 or text/inputs.in:1, so that one release of `six` fits all of"
        " them.\n"
    )


def test_debug_log_shows_all_that_pip_tools_told(monorepo: Monorepo) -> None:
    assert "What pip-tools" not in monorepo.pants("lock", "--verify-here").output
    judged = monorepo.pants("-ldebug", "lock", "--verify-here").output
    log = judged.partition(f"What pip-tools on {LOCK} told:\n")[2]
    assert "six==1.17.0" in log and "ROUND 1" in log


def test_the_judge_alone(monorepo: Monorepo) -> None:
    verified = monorepo.pants("lock", "--verify-here")
    assert verified.exit_code == 0, verified.output
    assert f"{LOCK} holds for CPython 3.11 on linux_x86_64.\n" in verified.output

    lock = monorepo.read(LOCK)
    cut = re.sub(r"^six==.*?(?=^\w|^# end)", "", lock, flags=re.M | re.S)
    assert pins(cut) == pins(lock) - 1
    monorepo.write(LOCK, re.sub(r"# end: \d+", f"# end: {pins(cut)}", cut))
    failed = monorepo.pants("lock", "--verify-here")
    assert failed.exit_code == 1
    assert (
        f"{LOCK} does not hold for CPython 3.11 on linux_x86_64: pip-tools would choose otherwise."
    ) in failed.output
    assert (
        "  `six`: the lock has no need of it, pip-tools chooses 1.17.0"
        " (asked for by text/inputs.in and python-dateutil)\n"
    ) in failed.output


def test_a_lock_for_one_environment_is_refused_in_another(monorepo: Monorepo) -> None:
    lock = monorepo.read(LOCK)
    monorepo.write(LOCK, re.sub(r"(# environments: ).*", r"\1CPython 3.11 on macos_arm64", lock))
    failed = monorepo.pants("test", "text/six_test.py")
    assert failed.exit_code == 1
    assert (
        f"{LOCK} holds for CPython 3.11 on macos_arm64, and this is CPython 3.11 on linux_x86_64."
        " Name it in `[lockstep].platforms` or the resolve's interpreter constraints, then run"
        " `./pants lock`."
    ) in failed.output


def test_overrides_and_exclusions(monorepo: Monorepo) -> None:
    options = (
        "--lockstep-resolver=uv",
        '--lockstep-overrides={"python-default": ["six==1.15.0"]}',
        '--lockstep-exclusions={"python-default": ["iniconfig"]}',
    )
    made = monorepo.pants(*options, "lock")
    assert made.exit_code == 0, made.output
    lock = monorepo.read(LOCK)
    assert "\nsix==1.15.0 \\\n" in lock and "\niniconfig==" not in lock
    checked = monorepo.pants(*options, "lock", "--check")
    assert (checked.exit_code, checked.output) == (0, f"{LOCK} fits its inputs.\n")

    refused = monorepo.pants(*options[1:], "lock")
    assert refused.exit_code == 1
    assert (
        "`[lockstep]` overrides or excludes something in `python-default`, and pip-tools knows"
        ' nothing of the kind. Set `[lockstep].resolver = "uv"`, or leave it out.\n'
    ) in refused.output
