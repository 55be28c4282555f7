"""The cut-off of a resolve: what was uploaded at that moment or later does not exist for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Iterable, Mapping

from packaging.utils import canonicalize_name
from packaging.version import Version

from lockstep.core.errors import LockstepError
from lockstep.core.input_values import InputRequirement
from lockstep.core.lock import Pin
from lockstep.core.requirement_text import parsed

AS_OF = "--as-of"
YOUNGER = "--younger"
"""Where the bounds of younger pins are stated, as errors would call it."""

_UNITS: Mapping[str, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_COOLDOWN = re.compile(r"(\d{1,6})\s*(hour|day|week)s?")


@dataclass(frozen=True)
class CutOff:
    """Which releases a resolve sees.

    Attributes:
        moment: those that were uploaded before it: `2026-11-21T00:00:00Z`.
        younger: requirements (PEP 508) such as `idna<=3.10`, of projects whose releases are seen
            whenever they were uploaded, up to that version.
    """

    moment: str
    younger: tuple[str, ...] = ()

    @property
    def exempt(self) -> tuple[str, ...]:
        """The normalised names (PEP 503) of the projects of `younger`."""
        return tuple(str(canonicalize_name(parsed(text).name)) for text in self.younger)

    @property
    def bounds(self) -> tuple[InputRequirement, ...]:
        """What bounds these projects."""
        return tuple(InputRequirement(YOUNGER, 0, text) for text in self.younger)

    def with_younger(self, texts: Iterable[str]) -> CutOff:
        """The same, with further requirements for younger releases; of a project, the widest."""
        by_project: dict[str, str] = {}
        for text in (*self.younger, *texts):
            name = str(canonicalize_name(parsed(text).name))
            by_project[name] = max(text, by_project.get(name, text), key=_width)
        return CutOff(self.moment, tuple(by_project[name] for name in sorted(by_project)))

    def needed(self, pins: Iterable[Pin]) -> CutOff:
        """The same, without requirements for projects that are not pinned as young as that."""
        chosen = _newest(pins)
        texts = dict(zip(self.exempt, self.younger))
        kept = (
            text
            for name, text in texts.items()
            if name in chosen and text in (name, f"{name}<={chosen[name].public}")
        )
        return CutOff(self.moment, tuple(kept))


def cut_off(as_of: str, cooldown: str, now: datetime) -> CutOff | None:
    """The cut-off that somebody asks for, else that of the cooldown; None where there is neither.

    Args:
        as_of: a day, which is cut off at its beginning in UTC, or a moment (RFC 3339); may be empty.
        cooldown: how old a release has to be, as `7 days`; may be empty.
        now: with its zone.

    Raises:
        LockstepError: one of them cannot be read, or the moment is yet to come.
    """
    if as_of:
        moment = _moment(as_of)
        if moment > now:
            raise LockstepError(
                f"`{AS_OF}={as_of}` is yet to come, so the same lock could not be made again",
                mend="Name a day or moment that is past",
            )
        return CutOff(_written(moment))
    age = _age(cooldown)
    if age is None:
        return None
    return CutOff(_written((now - age).replace(second=0)))


def _age(cooldown: str) -> timedelta | None:
    text = cooldown.strip()
    if text in ("", "0"):
        return None
    match = _COOLDOWN.fullmatch(text)
    if match is None:
        raise LockstepError(
            f"`[lockstep].cooldown` is `{text}`, which is no number of hours, days or weeks",
            mend="Write it as `36 hours`, `7 days` or `2 weeks`",
        )
    return int(match[1]) * _UNITS[match[2]]


def _moment(text: str) -> datetime:
    stated = re.sub(r"[Zz]$", "+00:00", text.strip())
    try:
        moment = datetime.fromisoformat(stated)
        if moment.tzinfo is not None:
            return moment
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", stated):
            return moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        pass
    raise LockstepError(
        f"`{AS_OF}={text}` is neither a day nor a moment with its zone",
        mend=f"Write it as `{AS_OF}=2026-11-21` or `{AS_OF}=2026-11-21T08:00:00Z`",
    )


def _written(moment: datetime) -> str:
    utc = moment.astimezone(timezone.utc)
    return utc.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def moved_down(before: Iterable[Pin], after: Iterable[Pin]) -> tuple[str, ...]:
    """What keeps a cut-off from moving pins down: `younger` for those that a resolve moved down.

    A pin that was chosen when there was no cut-off, or by name, may be younger than this one.

    Args:
        before: the pins of the lock.
        after: those that the resolve chose.
    """
    old, new = _newest(before), _newest(after)
    return tuple(
        f"{name}<={old[name].public}"
        for name in sorted(old)
        if name in new and new[name] < old[name]
    )


def _width(text: str) -> tuple[bool, Version]:
    """How much a requirement lets through; one without a bound is the widest."""
    versions = [Version(bound.version) for bound in parsed(text).specifier]
    return (not versions, max(versions, default=Version("0")))


def _newest(pins: Iterable[Pin]) -> Mapping[str, Version]:
    found: dict[str, Version] = {}
    for pin in pins:
        if pin.version is not None:
            found[pin.key] = max(Version(pin.version), found.get(pin.key, Version(pin.version)))
    return found
