"""The store of environments, which `.venv` and `./py` lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from lockstep.doctor.checks.finding import Finding, Fix, Repair, fault, ok, unchecked, warning

ABOUT = "store"


@dataclass(frozen=True)
class Entry:
    """An environment.

    Attributes:
        path: where it stands.
        shown: the same as users know it.
        wrong: what is wrong with it, as a part of a sentence; empty where nothing is.
        is_venv: whether the `.venv` of this checkout leads there.
        is_linked: whether some other one does.
    """

    path: str
    shown: str
    wrong: str = ""
    is_venv: bool = False
    is_linked: bool = False


@dataclass(frozen=True)
class StoreFacts:
    """What the store holds.

    Attributes:
        folder: where it is, as users know it.
        entries: its environments.
        size: of all of it, in bytes.
        leftovers: of builds that were killed.
        reader: why environments could not be looked at, a clause; empty if they were.
        reader_mend: what to do about that.
    """

    folder: str
    entries: tuple[Entry, ...] = ()
    size: int = 0
    leftovers: tuple[str, ...] = ()
    reader: str = ""
    reader_mend: str = ""


def check(facts: StoreFacts) -> Iterator[Finding]:
    """Whether the environments are as they were built."""
    if facts.reader:
        yield unchecked(
            ABOUT,
            f"Environments in {facts.folder} were not looked at: {facts.reader}.",
            facts.reader_mend,
        )
        return
    damaged = [entry for entry in facts.entries if entry.wrong]
    yield from map(_damaged, damaged)
    if facts.leftovers:
        left = len(facts.leftovers)
        yield warning(
            ABOUT,
            f"{left} unfinished {'environment was' if left == 1 else 'environments were'} left by"
            f" killed calls in {facts.folder}.",
            "`./pants doctor --fix` removes them; so does the next call that makes one.",
            *(Fix(Repair.REMOVE_LEFTOVER_OF_STORE, path) for path in facts.leftovers),
        )
    if not facts.entries:
        yield ok(ABOUT, f"There is no environment in {facts.folder} yet.")
    elif not damaged:
        count = len(facts.entries)
        noun = "1 environment is" if count == 1 else f"{count} environments are"
        yield ok(ABOUT, f"{noun} whole in {facts.folder}, {_size(facts.size)}.")


def _damaged(entry: Entry) -> Finding:
    text = f"The environment {entry.shown} is damaged: {entry.wrong}."
    if entry.is_venv:
        text = f"The environment that .venv leads to is damaged: {entry.wrong}."
        return fault(ABOUT, text, "Run `./pants export`, which makes it anew.")
    if entry.is_linked:
        return warning(ABOUT, text, "Run `./pants export` in the checkout that uses it.")
    return warning(
        ABOUT,
        text,
        "`./pants doctor --fix` removes it, and whoever needs it makes it anew.",
        Fix(Repair.REMOVE_ENTRY, entry.path),
    )


def _size(size: int) -> str:
    """Such as `12 MiB` or `1.3 GiB`."""
    mib = size / (1 << 20)
    return f"{mib / 1024:.1f} GiB" if mib >= 1024 else f"{mib:.0f} MiB"
