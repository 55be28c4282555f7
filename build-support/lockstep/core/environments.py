"""Environments as marker variables (PEP 508), as far as they follow from what is known."""

from __future__ import annotations

import re
from typing import Mapping

from lockstep.core.lock import Lock

_STATED = re.compile(r"CPython (\d+\.\d+) on ((?:linux|macos)_(?:x86_64|arm64))")
_SYSTEMS = {"linux": ("linux", "Linux"), "macos": ("darwin", "Darwin")}


def python_environment(python: str) -> dict[str, str]:
    """What follows from the version of a CPython.

    Args:
        python: such as `3.11`, or `3.11.4` where the patch release is known.
    """
    full = {"python_full_version": python} if python.count(".") > 1 else {}
    return {
        "python_version": ".".join(python.split(".")[:2]),
        **full,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def platform_environment(platform: str) -> dict[str, str]:
    """What follows from a platform as Pants calls it, such as `linux_x86_64` or `macos_arm64`."""
    system, _, machine = platform.partition("_")
    sys_platform, platform_system = _SYSTEMS[system]
    return {
        "os_name": "posix",
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "platform_machine": "aarch64" if platform == "linux_arm64" else machine,
    }


def stated_environments(lock: Lock) -> tuple[tuple[str, str], ...]:
    """The Pythons and platforms that a lock's header says it holds for.

    Those it names in words of another tool are left out: nothing follows from them.

    Returns:
        pairs such as `3.11` and `linux_x86_64`.
    """
    stated = lock.header.environments if lock.header is not None else ()
    matches = [match for match in map(_STATED.fullmatch, stated) if match]
    return tuple((match[1], match[2]) for match in matches)


def locked_environments(lock: Lock) -> tuple[Mapping[str, str], ...]:
    """The environments of `stated_environments`, as their marker variables (PEP 508)."""
    return tuple(
        {**python_environment(python), **platform_environment(platform)}
        for python, platform in stated_environments(lock)
    )
