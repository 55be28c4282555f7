"""The offline check of a lock: each fault, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockstep.core.check import faults
from lockstep.core.inputs import parse_input
from lockstep.core.lock import Header, Lock, Pin, canonical, inputs_digest
from lockstep.core.environments import python_environment

INPUT = "app/requirements.in"
TEXT = "click>=8\nhttpx[socks]  # the client\npywin32 ; sys_platform == 'win32'\n"
INTERPRETERS = ("CPython==3.11.*",)
ENVIRONMENT = {**python_environment("3.11"), "sys_platform": "linux"}
DIGEST = "9a79f28cadcf212ebef4cacc533cbdfa148b6e0f214dce43cae2e550c9427c15"
HASHES = ("sha256:a",)
PINS = (
    Pin("click", "8.1.8", HASHES, (f"-r {INPUT}",), line=7),
    Pin("httpx", "0.28.1", HASHES, (f"-r {INPUT}",), line=10),
    Pin("idna", "3.4", HASHES, ("httpx",), line=13),
)


def lock(*pins: Pin, inputs: str = DIGEST) -> Lock:
    return Lock(
        "lock.txt", pins, Header("python-default", inputs, "pip-compile 7.6.2", INTERPRETERS)
    )


def found(
    of: Lock, text: str = TEXT, interpreters: tuple[str, ...] = INTERPRETERS
) -> tuple[str, ...]:
    return faults(of, parse_input(text, INPUT).requirements, interpreters, ENVIRONMENT)


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
    stated = [(INPUT, "b>=1,<2"), ("lib/requirements.in", "a[y,x] ; python_version<'3.11'")]
    assert inputs_digest(stated, ["b", "a"]) == inputs_digest(reversed(stated), ["a", "b"])
    assert (
        inputs_digest(stated, ["a", "b"])
        == "5a4c336db0cf8abb720b4b53b7890953aafcb2a3a1971e4ece5276ccfd647076"
    )
