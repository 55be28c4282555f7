"""What follows from a Python's version, a platform's name, and a lock's header."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from lockstep.core.environments import (
    locked_environments,
    platform_environment,
    python_environment,
)
from lockstep.core.lock import Header, Lock
from lockstep.core.slices import passed_over

CPYTHON = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "aarch64",
}
MACOS = {
    "os_name": "posix",
    "sys_platform": "darwin",
    "platform_system": "Darwin",
    "platform_machine": "arm64",
}


def lock(*environments: str) -> Lock:
    return Lock("lock.txt", (), Header("x", "0", "uv", environments))


def test_python_environment() -> None:
    assert python_environment("3.9") == {"python_version": "3.9", **CPYTHON}
    full = {"python_version": "3.11", "python_full_version": "3.11.4"}
    assert python_environment("3.11.4") == {**full, **CPYTHON}


def test_platform_environment() -> None:
    assert platform_environment("linux_arm64") == LINUX
    assert platform_environment("macos_arm64") == MACOS
    assert platform_environment("linux_x86_64") == {**LINUX, "platform_machine": "x86_64"}


def test_environments_of_a_header() -> None:
    stated = lock("CPython 3.11 on linux_arm64", "CPython==3.11.*", "CPython 3.12 on macos_arm64")
    assert locked_environments(stated) == (
        {**python_environment("3.11"), **LINUX},
        {**python_environment("3.12"), **MACOS},
    )
    assert locked_environments(Lock("lock.txt", ())) == ()


@pytest.mark.parametrize(
    "marker,linux,both,macos",
    [
        ("sys_platform == 'win32'", True, True, True),
        ("sys_platform == 'linux'", False, False, True),
        ("sys_platform == 'darwin'", True, False, False),
        ("python_version < '3'", True, True, True),
        ("python_version > '3'", False, False, False),
        ("platform_release == '1'", False, False, False),
    ],
)
def test_what_is_unknown_is_passed_over_by_what_the_lock_holds_for(
    marker: str, linux: bool, both: bool, macos: bool
) -> None:
    requirement, python = Requirement(f"a ; {marker}"), python_environment("3.11")
    one = lock("CPython 3.11 on linux_x86_64")
    two = lock("CPython 3.11 on linux_x86_64", "CPython 3.11 on macos_arm64")
    assert passed_over(requirement, one, python) is linux
    assert passed_over(requirement, two, python) is both
    assert passed_over(requirement, one, {**python, **MACOS}) is macos


def test_without_a_header_only_what_is_known_to_be_false_is_passed_over() -> None:
    bare = Lock("lock.txt", ())
    requirement = Requirement("a ; sys_platform == 'win32'")
    assert passed_over(requirement, bare, {}) is False
    assert passed_over(requirement, bare, LINUX) is True
    assert passed_over(Requirement("a"), bare, LINUX) is False
