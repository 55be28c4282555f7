from __future__ import annotations

import pytest

from lockstep.core.lock import Pin
from lockstep.core.universal import Declared, belonging, declared, disagreements, simplified

LINUX = Declared("3.11", "linux_x86_64")
ARM = Declared("3.11", "linux_arm64")
MAC = Declared("3.11", "macos_arm64")
NEWER = Declared("3.12", "linux_x86_64")


def test_every_python_on_every_platform() -> None:
    assert declared(["3.11", "3.12"], ["linux_x86_64", "macos_arm64"]) == (
        Declared("3.11", "linux_x86_64"),
        Declared("3.12", "linux_x86_64"),
        Declared("3.11", "macos_arm64"),
        Declared("3.12", "macos_arm64"),
    )


def test_what_a_resolver_is_told() -> None:
    assert str(MAC) == "CPython 3.11 on macos_arm64"
    assert MAC.marker == (
        "python_full_version >= '3.11' and python_full_version < '3.12'"
        " and implementation_name == 'cpython' and sys_platform == 'darwin'"
    )
    assert LINUX.marker == ARM.marker


@pytest.mark.parametrize(
    "written,simple",
    [
        (None, None),
        ("python_full_version < '3.13' and implementation_name == 'cpython'", None),
        ("sys_platform != 'win32'", None),
        ("platform_system == 'Linux'", "sys_platform == 'linux'"),
        (
            "(python_full_version < '3.12' and sys_platform == 'darwin')"
            " or (python_full_version >= '3.12' and sys_platform == 'darwin')",
            "sys_platform == 'darwin'",
        ),
        (
            "platform_machine != 'x86_64'",
            "platform_machine == 'aarch64' or platform_machine == 'arm64'",
        ),
        ("python_version < '3.12'", "python_version == '3.11'"),
        # Nothing shorter says it.
        (
            "sys_platform == 'linux' and platform_machine == 'x86_64' and python_version < '3.12'",
            "sys_platform == 'linux' and platform_machine == 'x86_64' and python_version < '3.12'",
        ),
        # Nobody knows the patch release.
        ("python_full_version < '3.11.4'", "python_full_version < '3.11.4'"),
    ],
)
def test_markers_are_as_short_as_they_can_be(written: str | None, simple: str | None) -> None:
    pins = simplified([Pin("x", "1", marker=written)], [LINUX, ARM, MAC, NEWER])
    assert [pin.marker for pin in pins] == [simple]


def test_what_belongs_nowhere_is_left_out() -> None:
    assert simplified([Pin("x", "1", marker="sys_platform == 'win32'")], [LINUX, MAC]) == ()


def test_what_belongs_to_an_environment() -> None:
    pins = [
        Pin("a", "1"),
        Pin("b", "1", marker="sys_platform == 'darwin'"),
        Pin("c", "1", marker="python_full_version < '3.11.4'"),
    ]
    assert [pin.name for pin in belonging(pins, LINUX.variables)] == ["a", "c"]


def test_disagreements_name_both_reasons() -> None:
    ours = [
        Pin("a", "1", via=("-r app/requirements.in",)),
        Pin("b", "2", via=("a", "c")),
        Pin("Same", "1"),
    ]
    theirs = [Pin("b", "1", via=("a",)), Pin("d", "4"), Pin("same", "1", via=("x",))]
    assert disagreements(ours, theirs) == (
        "`a`: the lock chooses 1 (asked for by app/requirements.in), pip-tools has no need of it",
        "`b`: the lock chooses 2 (asked for by a and c), pip-tools chooses 1 (asked for by a)",
        "`d`: the lock has no need of it, pip-tools chooses 4 (asked for by nobody it names)",
    )
