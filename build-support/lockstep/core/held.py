"""Releases that an upgrade leaves out for a while, as `held.toml` states them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Iterable, Sequence

from packaging.utils import canonicalize_name
from packaging.version import Version

from lockstep.core.input_values import InputRequirement
from lockstep.core.requirement_text import parsed
from lockstep.core.toml_text import read_toml

NAME = "held.toml"
_HEAD = """\
# Releases that `./pants lock --upgrade` leaves out until they expire (docs/lock.md). Deleting an entry
# lets the next upgrade try it again; `./pants lock --upgrade-package=NAME==VERSION` takes it at once.
"""
_LOG_LINES = 20


@dataclass(frozen=True)
class Held:
    """A release that is held back.

    Attributes:
        project: the normalised name (PEP 503).
        version: the release (PEP 440).
        reason: why.
        expires: the first day on which it is tried again.
        resolve: the resolve that it is held back in; empty for all.
        tests: those that fail with it, by address.
        log: the end of what they said.
        line: where it stands, from 1; 0 for one that is not written yet.
    """

    project: str
    version: str
    reason: str
    expires: date
    resolve: str = ""
    tests: tuple[str, ...] = ()
    log: str = ""
    line: int = 0

    @property
    def release(self) -> str:
        """It, as a requirement (PEP 508)."""
        return f"{self.project}=={self.version}"


def parse(text: str, path: str) -> tuple[Held, ...]:
    """Read a file of held releases.

    Raises:
        TextError: it is not valid TOML, or an entry lacks something.
    """
    document = read_toml(text, path)
    entries = document.document.get("held", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        document.fail("`held` is not an array of tables", "held", mend="Write each as `[[held]]`")
    found = []
    for at, entry in enumerate(entries):
        place = document.at("held", at)
        release, reason = entry.get("release"), entry.get("reason")
        project, version = _release(release)
        if not version:
            place.fail(
                "the entry names no release of one project",
                'Write it as `release = "idna==3.11"`',
            )
        if not isinstance(reason, str) or not reason.strip():
            place.fail(f"the entry for `{release}` tells no reason", "State it as `reason`")
        expires = entry.get("expires")
        if type(expires) is not date:
            place.fail(
                f"the entry for `{release}` tells no day on which it expires",
                "State it as `expires = 2026-12-31`, without quotes",
            )
        assert isinstance(reason, str) and isinstance(expires, date), "checked above"
        tests = entry.get("tests", [])
        if not isinstance(tests, list) or not all(isinstance(test, str) for test in tests):
            place.fail(f"`tests` of the entry for `{release}` is no list of strings", "Mend it")
        found.append(
            Held(
                project,
                version,
                reason.strip(),
                expires,
                str(entry.get("resolve", "")),
                tuple(tests),
                str(entry.get("log", "")),
                place.line,
            )
        )
    return tuple(found)


def _release(text: object) -> tuple[str, str]:
    """Project and version; empty where it is no such requirement."""
    try:
        requirement = parsed(text if isinstance(text, str) else "")
        (exact,) = requirement.specifier
        version = str(Version(exact.version))
    except ValueError:
        return "", ""
    if exact.operator != "==" or requirement.marker or requirement.extras or requirement.url:
        return "", ""
    return str(canonicalize_name(requirement.name)), version


def bounds(
    held: Iterable[Held], resolve: str, path: str, today: date, asked: Sequence[str] = ()
) -> tuple[InputRequirement, ...]:
    """What keeps a resolve from choosing held releases.

    Args:
        held: those that are stated.
        resolve: which one it is.
        path: the file that states them.
        today: entries that have expired by then count for nothing.
        asked: projects that a version is asked for by name, which counts more.
    """
    return tuple(
        InputRequirement(path, one.line, f"{one.project}!={one.version}")
        for one in held
        if one.resolve in ("", resolve) and one.expires > today and one.project not in asked
    )


def merged(standing: Iterable[Held], new: Iterable[Held], today: date) -> tuple[Held, ...]:
    """What is to be held from now on, by project: new entries, and older ones until they expire."""
    by_release = {
        (one.resolve, one.release): one
        for one in (*(one for one in standing if one.expires > today), *new)
    }
    return tuple(by_release[key] for key in sorted(by_release))


def render(held: Iterable[Held]) -> str:
    """The file; the same entries give the same bytes."""
    parts = [_HEAD]
    for one in held:
        lines = ["[[held]]", f"release = {_string(one.release)}"]
        lines += [f"resolve = {_string(one.resolve)}"] if one.resolve else []
        lines += [f"reason = {_string(one.reason)}", f"expires = {one.expires.isoformat()}"]
        if one.tests:
            lines += ["tests = [", *(f"    {_string(test)}," for test in one.tests), "]"]
        if log := _last_lines(one.log):
            lines += ['log = """', *(_string(line)[1:-1] for line in log), '"""']
        parts.append("".join(f"{line}\n" for line in lines))
    return "\n".join(parts)


def _string(text: str) -> str:
    # A basic string of TOML has the escapes of JSON, and takes everything else but DEL as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _last_lines(text: str) -> Sequence[str]:
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    last = lines[-_LOG_LINES:]
    return last[next((at for at, line in enumerate(last) if line.strip()), 0) :]
