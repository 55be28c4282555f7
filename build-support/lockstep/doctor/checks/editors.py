"""What editors are told: `pyrightconfig.json` or its table, `.vscode/settings.json` and `.env`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Sequence

from lockstep.doctor.checks.finding import Finding, fault, ok, warning

ABOUT = "editors"
_EXPORT = "Run `./pants export`."


@dataclass(frozen=True)
class Place:
    """A file or folder that a setting names, and the setting's key."""

    path: str
    key: str


@dataclass(frozen=True)
class SettingsFile:
    """A file that editors read.

    Attributes:
        path: relative to the build root.
        there: whether it is there.
        ours: whether `export` wrote settings into it.
        error: why it cannot be read, and the mend; both empty where it can.
        lost: what it names and is not there.
    """

    path: str
    there: bool = True
    ours: bool = False
    error: tuple[str, str] = ("", "")
    lost: tuple[Place, ...] = ()


def check(files: Sequence[SettingsFile], record_damaged: bool = False) -> Iterator[Finding]:
    """Whether editors can read their settings, and find what these name.

    Args:
        files: those that `export` writes.
        record_damaged: whether it is unknown what of them it wrote.
    """
    faults = [file for file in files if file.error[0]]
    yield from (fault(ABOUT, *file.error) for file in faults)
    lost = [file for file in files if file.lost]
    yield from map(_of_lost, lost)
    missing = [file.path for file in files if file.ours and not file.there]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        yield warning(
            ABOUT, f"{_listed(missing)}, which `./pants export` wrote, {verb} gone.", _EXPORT
        )
    if record_damaged:
        yield warning(
            ABOUT,
            "The record of what `./pants export` wrote for editors is damaged, so all that is there"
            " counts as yours.",
            f"Delete of {_listed([file.path for file in files])} what you did not write. {_EXPORT}",
        )
    there = [file.path for file in files if file.there]
    if not there and not missing:
        yield ok(ABOUT, "There are no settings for editors yet; `./pants export` writes them.")
    elif not (faults or lost or missing or record_damaged):
        yield ok(
            ABOUT,
            f"What {_listed(there)} {'names' if len(there) == 1 else 'name'} is there; `./pants"
            " export --check` tells whether it is up to date.",
        )


def _of_lost(file: SettingsFile) -> Finding:
    first, *others = file.lost
    more = f" and {len(others)} more" if others else ""
    return warning(
        ABOUT,
        f"{file.path} names {first.path} (in {first.key}){more}, which"
        f" {'are' if others else 'is'} not there.",
        f"{_EXPORT} What stays then is yours: correct it.",
    )


def _listed(paths: Sequence[str]) -> str:
    *others, last = paths
    return f"{', '.join(others)} and {last}" if others else last
