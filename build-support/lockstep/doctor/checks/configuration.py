"""`pants.toml`, and the other files that Pants reads its options from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from lockstep.doctor.checks.finding import Finding, fault, ok, unchecked, warning

ABOUT = "pants.toml"
_RESTORE = "Mend it, or restore it from version control."


@dataclass(frozen=True)
class ConfigFile:
    """A file of options.

    Attributes:
        path: as users know it.
        exists: whether it is there.
        error: why it cannot be read, as one clause with its line; empty if it can.
        parsed: what it says, None where it could not be parsed.
        can_parse: whether a TOML parser is at hand.
        merge_conflict: the first line of a conflict that git left, 0 where there is none.
    """

    path: str
    exists: bool = True
    error: str = ""
    parsed: Mapping[str, Any] | None = None
    can_parse: bool = True
    merge_conflict: int = 0


@dataclass(frozen=True)
class ConfigFacts:
    """All that is known of the options.

    Attributes:
        main: `pants.toml`.
        others: further files that Pants reads, such as `~/.pants.rc`.
        pinned: the version of Pants that the setup installs, empty where it is not known.
        missing_locks: locks of `[python.resolves]` that are not there, with their resolves.
    """

    main: ConfigFile
    others: tuple[ConfigFile, ...] = ()
    pinned: str = ""
    missing_locks: tuple[tuple[str, str], ...] = ()


def check(facts: ConfigFacts) -> Iterator[Finding]:
    """Whether Pants can read its options, and knows of Lockstep by them."""
    for other in facts.others:
        if other.exists:
            yield from _readable(other)
    if not facts.main.exists:
        yield fault(ABOUT, f"{facts.main.path} is missing.", "Restore it from version control.")
        return
    problems = list(_readable(facts.main))
    yield from problems
    if problems or facts.main.parsed is None:
        return
    said = list(_told(facts, facts.main.parsed))
    yield from said or [ok(ABOUT, "pants.toml can be read and names Lockstep.")]


def _readable(file: ConfigFile) -> Iterator[Finding]:
    if file.merge_conflict:
        text = f"{file.path}:{file.merge_conflict}: git left a merge conflict there."
        yield fault(ABOUT, text, "Decide between the two sides.")
    elif file.error:
        yield fault(ABOUT, f"{file.path} cannot be read: {file.error}.", _RESTORE)
    elif not file.can_parse:
        yield unchecked(
            ABOUT,
            f"{file.path} is not parsed, since no parser of TOML is at hand.",
            "Set up Pants with `./pants --version`, or have a Python 3.11 on PATH.",
        )


def _told(facts: ConfigFacts, parsed: Mapping[str, Any]) -> Iterator[Finding]:
    general = table(parsed, "GLOBAL")
    backends = listed(general.get("backend_packages"))
    if "lockstep" not in backends:
        yield fault(
            ABOUT,
            "pants.toml does not name Lockstep, so each test gets Pants' own environment.",
            'Add "lockstep" to `[GLOBAL].backend_packages`.',
        )
    elif not any(path.rstrip("/").endswith("build-support") for path in _paths(general)):
        yield fault(
            ABOUT,
            "pants.toml names Lockstep, and not where it is.",
            'Set `[GLOBAL].pythonpath = ["%(buildroot)s/build-support"]`.',
        )
    version = general.get("pants_version")
    if facts.pinned and version != facts.pinned:
        yield fault(
            ABOUT,
            f"pants.toml asks for Pants {version}, and the setup installs {facts.pinned}.",
            f'Set `[GLOBAL].pants_version = "{facts.pinned}"`.',
        )
    python = table(parsed, "python")
    if python.get("enable_resolves") is not True:
        yield fault(
            ABOUT,
            "Resolves are not enabled, and slices are cut from the lock of a resolve.",
            "Set `[python].enable_resolves = true`.",
        )
    default = python.get("default_resolve", "python-default")
    if default not in table(python, "resolves"):
        yield fault(
            ABOUT,
            f"The default resolve `{default}` has no lock.",
            f'Set `[python.resolves].{default} = "3rdparty/python/lock.txt"`.',
        )
    for resolve, path in facts.missing_locks:
        say = fault if resolve == default else warning
        yield say(
            ABOUT,
            f"The lock {path} of the resolve `{resolve}` is missing.",
            f"Restore it from version control, or run `./pants lock --resolve={resolve}`.",
        )


def _paths(general: Mapping[str, Any]) -> tuple[str, ...]:
    return listed(general.get("pythonpath"))


def table(parsed: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table of TOML; an empty one where there is none, or something else."""
    found = parsed.get(name)
    return found if isinstance(found, dict) else {}


def listed(value: Any) -> tuple[str, ...]:
    """The strings of a list option, which may also be a table that adds to the default."""
    if isinstance(value, dict):
        value = value.get("add")
    return (
        tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()
    )
