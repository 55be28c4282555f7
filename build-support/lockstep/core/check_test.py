"""The offline check of a lock: each fault, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockstep.core.check import Expected, faults
from lockstep.core.environments import python_environment
from lockstep.core.graph import Entry, LockGraph, hashes_digest, pin_key
from lockstep.core.inputs import InputRequirement, joined, parse_input
from lockstep.core.lock import Header, Lock, Pin, canonical, inputs_digest

INPUT = "app/requirements.in"
TEXT = "click>=8\nhttpx[socks]  # the client\npywin32 ; sys_platform == 'win32'\n"
INTERPRETERS = ("CPython==3.11.*",)
HERE = "CPython 3.11 on linux_x86_64"
ENVIRONMENT = {**python_environment("3.11"), "sys_platform": "linux"}
DIGEST = "9a79f28cadcf212ebef4cacc533cbdfa148b6e0f214dce43cae2e550c9427c15"
HASHES = ("sha256:a",)
PINS = (
    Pin("click", "8.1.8", HASHES, (f"-r {INPUT}",), line=7),
    Pin("httpx", "0.28.1", HASHES, (f"-r {INPUT}",), line=10),
    Pin("idna", "3.4", HASHES, ("httpx",), line=13),
)


def lock(*pins: Pin, inputs: str = DIGEST) -> Lock:
    return Lock("lock.txt", pins, Header("python-default", inputs, "pip-compile 7.6.2", (HERE,)))


def graph(of: Lock) -> LockGraph:
    return LockGraph(tuple(Entry(pin_key(pin), hashes_digest(pin)) for pin in of.pins))


def expected(
    text: str = TEXT, interpreters: tuple[str, ...] = INTERPRETERS, bounds: str = ""
) -> Expected:
    requirements = parse_input(text, INPUT).requirements
    return Expected(
        "python-default",
        inputs_digest(requirements, interpreters),
        ENVIRONMENT,
        requirements,
        parse_input(bounds, "c.txt").requirements,
        (HERE,),
    )


def found(
    of: Lock, text: str = TEXT, interpreters: tuple[str, ...] = INTERPRETERS
) -> tuple[str, ...]:
    return faults(of, graph(of), expected(text, interpreters))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "# about the client\n\n" + TEXT,
        "".join(reversed(TEXT.splitlines(keepends=True))),
        TEXT.replace("click>=8", "Click >= 8").replace("'", '"'),
    ],
)
def test_lock_that_fits_has_no_faults(text: str) -> None:
    assert found(lock(*PINS), text) == ()


@pytest.mark.parametrize(
    "of,text,told",
    [
        (
            lock(*PINS[1:]),
            TEXT,
            [f"{INPUT}:1: `click>=8` is satisfied by no pin (there is none)"],
        ),
        (
            lock(*PINS),
            TEXT.replace(">=8", ">=9"),
            [
                f"{INPUT}:1: `click>=9` is satisfied by no pin (there is `click==8.1.8` in line 7)",
                "lock.txt:7: `click==8.1.8` is pinned, but nothing requires it",
            ],
        ),
        (
            lock(
                *PINS[1:],
                replace(PINS[0], marker="os_name == 'nt'"),
                replace(PINS[0], version="7.0", marker="os_name != 'nt'", line=20),
            ),
            TEXT.replace(">=8", ">=9"),
            [
                f"{INPUT}:1: `click>=9` is satisfied by no pin (there is "
                "`click==8.1.8 ; os_name == 'nt'` in line 7, "
                "`click==7.0 ; os_name != 'nt'` in line 20)",
                "lock.txt:7: `click==8.1.8 ; os_name == 'nt'` is pinned, but nothing requires it",
                "lock.txt:20: `click==7.0 ; os_name != 'nt'` is pinned, but nothing requires it",
            ],
        ),
        (
            lock(
                *PINS, Pin("six", None, via=(f"-r {INPUT}",), url="https://files.example/six.whl")
            ),
            TEXT + "six @ https://ann:secret@files.example/7.whl\n",
            [
                f"{INPUT}:4: `six @ https://****@files.example/7.whl` is satisfied by no pin "
                "(there is `six @ https://files.example/six.whl` in line 0)",
                "lock.txt:0: `six @ https://files.example/six.whl` is pinned, "
                "but nothing requires it",
            ],
        ),
        (
            lock(*PINS),
            "click>=8\n",
            [
                "lock.txt:10: `httpx==0.28.1` is pinned, but nothing requires it",
                "lock.txt:13: `idna==3.4` is pinned, but nothing requires it",
            ],
        ),
        (
            lock(
                *PINS,
                Pin("a", "1", HASHES, ("b",), line=16),
                Pin("b", "1", HASHES, ("a",), line=19),
            ),
            TEXT,
            [
                "lock.txt:16: `a==1` is pinned, but nothing requires it",
                "lock.txt:19: `b==1` is pinned, but nothing requires it",
            ],
        ),
        (
            lock(*PINS[:2], replace(PINS[2], hashes=())),
            TEXT,
            ["lock.txt:13: `idna==3.4` has no hash"],
        ),
        (
            replace(lock(*PINS), header=None),
            TEXT,
            ["lock.txt:1: the lock has no Lockstep header, so another tool wrote it"],
        ),
        (
            lock(*PINS, inputs="0" * 64),
            TEXT,
            ["lock.txt:3: the inputs or interpreters changed since the lock was resolved"],
        ),
        (
            lock(*PINS),
            TEXT + "click<9\n",
            ["lock.txt:3: the inputs or interpreters changed since the lock was resolved"],
        ),
    ],
)
def test_faults(of: Lock, text: str, told: list[str]) -> None:
    assert list(found(of, text)) == told


def test_interpreter_change() -> None:
    assert found(lock(*PINS), interpreters=("CPython==3.12.*",)) == (
        "lock.txt:3: the inputs or interpreters changed since the lock was resolved",
    )


def test_requirement_of_an_extra_is_no_fault() -> None:
    (told,) = found(lock(*PINS), TEXT + "rich ; extra == 'tui'\n")
    assert told == "lock.txt:3: the inputs or interpreters changed since the lock was resolved"


@pytest.mark.parametrize(
    "requirement,spelled",
    [
        ("Click", "click"),
        ("ruamel.yaml[ b , a ] <2 , >=1", "ruamel-yaml[a,b]<2,>=1"),
        ("tomli>=1;python_version<'3.11'", 'tomli>=1 ; python_version < "3.11"'),
        ("six[x]@https://files.example/six.whl#a=b", "six[x] @ https://files.example/six.whl#a=b"),
    ],
)
def test_canonical(requirement: str, spelled: str) -> None:
    assert canonical(requirement) == spelled
    assert canonical(spelled) == spelled


def test_inputs_digest_is_the_same_everywhere() -> None:
    stated = [
        InputRequirement(INPUT, 1, "b>=1,<2"),
        InputRequirement("lib/requirements.in", 1, "a[y,x] ; python_version<'3.11'"),
    ]
    assert inputs_digest(stated, ["b", "a"]) == inputs_digest(reversed(stated), ["a", "b"])
    assert (
        inputs_digest(stated, ["a", "b"])
        == "5a4c336db0cf8abb720b4b53b7890953aafcb2a3a1971e4ece5276ccfd647076"
    )


def test_overrides_and_exclusions_change_the_digest() -> None:
    plain = inputs_digest([], INTERPRETERS)
    overridden = inputs_digest([], INTERPRETERS, overrides=["six == 1"], exclusions=["A.b"])
    assert len({plain, overridden, inputs_digest([], INTERPRETERS, overrides=["six==1"])}) == 3
    assert overridden == inputs_digest([], INTERPRETERS, overrides=["Six==1"], exclusions=["a-b"])


def digest(text: str) -> str:
    constraints = "idna<4\nclick<9\n"
    read = {path: parse_input(of, path) for path, of in ((INPUT, text), ("c.txt", constraints))}
    inputs = joined([INPUT], read)
    return inputs_digest(inputs.requirements, INTERPRETERS, inputs.constraints, inputs.settings)


HASHED = f"click>=8 --hash=sha256:{'a' * 64} --hash=sha256:{'b' * 64}\n"


@pytest.mark.parametrize(
    "text,changed",
    [
        (TEXT, TEXT + "-c ../c.txt\n"),
        (TEXT, TEXT + "--pre\n"),
        (TEXT + "--no-binary click\n", TEXT + "--no-binary httpx\n"),
        (TEXT, HASHED + "".join(TEXT.splitlines(keepends=True)[1:])),
        (HASHED, HASHED.replace("b" * 64, "c" * 64)),
        ("-r ../c.txt\n", "-c ../c.txt\n"),
    ],
)
def test_a_changed_bound_hash_or_setting_changes_the_digest(text: str, changed: str) -> None:
    assert digest(text) != digest(changed)


@pytest.mark.parametrize(
    "text,same",
    [
        (TEXT + "-c ../c.txt\n--pre\n", f"--pre  # all\n-c ../c.txt\n\n{TEXT}--pre\n"),
        (HASHED, f"click>=8 --hash sha256:{'B' * 64} --hash=sha256:{'a' * 64}\n"),
        ("--only-binary a,b\n", "--only-binary B\n--only-binary A\n"),
        ("-r ../c.txt\n", "-r ../c.txt\n-c ../c.txt\n"),
    ],
)
def test_another_way_to_say_the_same_leaves_the_digest(text: str, same: str) -> None:
    assert digest(text) == digest(same)


def test_a_pin_out_of_bounds_is_told() -> None:
    bounds = "idna<3\nclick<9\nabsent<1\nhttpx<0.1 ; sys_platform == 'win32'\n"
    of = lock(*PINS)
    assert faults(of, graph(of), expected(bounds=bounds)) == (
        "c.txt:1: `idna<3` does not allow `idna==3.4` in line 13",
    )


def test_overrides_and_exclusions_are_in_force() -> None:
    requirements = "click>=9\nhttpx[socks]\ngevent\n"
    of = lock(*PINS)
    assert found(of, requirements) != ()
    meant = replace(expected(requirements), digest=DIGEST)
    assert (
        faults(of, graph(of), replace(meant, overrides=["Click==8.1.8"], exclusions=["GEvent"]))
        == ()
    )


def test_what_the_graph_does_not_tell() -> None:
    of = lock(*PINS)
    assert faults(of, None, expected()) == ("lock.graph.json: the graph of lock.txt is missing",)
    changed = replace(PINS[1], hashes=("sha256:b",))
    assert faults(of, graph(lock(PINS[0], changed)), expected()) == (
        "lock.txt:10: `httpx==0.28.1` has other hashes than lock.graph.json was derived from",
        "lock.txt:13: `idna==3.4` is not in lock.graph.json",
    )


def test_the_graph_may_lack_what_is_installed_in_some_environments_only() -> None:
    elsewhere = replace(PINS[2], marker="sys_platform == 'darwin'")
    assert faults(lock(*PINS[:2], elsewhere), graph(lock(*PINS[:2])), expected()) == ()


def test_a_header_of_others() -> None:
    of = lock(*PINS)
    asked = replace(expected(), resolve="tools", environments=[HERE, "CPython 3.12 on linux_arm64"])
    assert faults(of, graph(of), asked) == (
        "lock.txt:2: the lock is that of the resolve `python-default`, not of `tools`",
        "lock.txt:5: the lock does not hold for CPython 3.12 on linux_arm64",
    )
