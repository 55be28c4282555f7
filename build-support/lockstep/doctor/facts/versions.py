"""What runs here, in which version."""

from __future__ import annotations

import os
import platform
import re
import sys
from typing import Dict

from lockstep.doctor.facts.context import SETUP, Context
from lockstep.doctor.facts.machine import git_facts, head


def versions(context: Context) -> Dict[str, str]:
    """Versions and the platform, by name."""
    system = os.uname()
    pinned = _pins(context)
    return {
        "checkout": head(context, "%h of %cs") or "no commit",
        "Pants": pinned.get("pantsbuild-pants", "not pinned"),
        "uv": pinned.get("uv", "not pinned"),
        "PEX": pinned.get("pex", "not pinned"),
        "pip-tools": pinned.get("pip-tools", "not pinned"),
        "setup": context.key,
        "Python of the doctor": f"{platform.python_version()} ({sys.executable})",
        "git": git_facts(context).version or "none",
        "system": f"{system.sysname} {system.release} {system.machine}",
        "distribution": _distribution(),
        "C library": " ".join(filter(None, platform.libc_ver())) or "not told",
        "processors": str(os.cpu_count()),
        "shell": context.environ.get("SHELL", "not told"),
    }


def _pins(context: Context) -> Dict[str, str]:
    """What the setup pins."""
    found: Dict[str, str] = {}
    for name in ("pants.lock.txt", "tools.lock.txt"):
        try:
            text = (context.root / SETUP / name).read_text(errors="replace")
        except OSError:
            continue
        found.update(re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE))
    return found


def _distribution() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        with open("/etc/os-release", encoding="utf-8", errors="replace") as file:
            named = re.search(r'^PRETTY_NAME="?([^"\n]*)', file.read(), re.MULTILINE)
    except OSError:
        named = None
    return named[1] if named else "not told"
