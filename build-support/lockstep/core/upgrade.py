"""Which pins a resolve need not keep: all of them, or those of single projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lockstep.core.errors import LockstepError
from lockstep.core.input_values import InputRequirement
from lockstep.core.lock import Pin
from lockstep.core.requirement_text import parsed

OPTION = "--upgrade-package"


@dataclass(frozen=True)
class Upgrade:
    """What is to be chosen anew.

    Attributes:
        everything: whether all pins are.
        wishes: the projects that are, each with the versions it may get, as `idna` or `idna==3.10`.
    """

    everything: bool = False
    wishes: tuple[str, ...] = ()

    def projects(self) -> tuple[str, ...]:
        """The normalised names (PEP 503) of the wishes."""
        return tuple(str(canonicalize_name(parsed(wish).name)) for wish in self.wishes)

    def kept(self, pins: Iterable[Pin]) -> tuple[Pin, ...]:
        """The pins of a lock that are kept where they still fit."""
        if self.everything:
            return ()
        chosen = {*self.projects()}
        return tuple(pin for pin in pins if pin.key not in chosen)

    def bounds(self, pins: Iterable[Pin]) -> tuple[InputRequirement, ...]:
        """What the wishes bound, of projects that the lock pins."""
        there = {pin.key for pin in pins}
        return tuple(
            InputRequirement(OPTION, 0, wish)
            for wish, project in zip(self.wishes, self.projects())
            if project in there and parsed(wish).specifier
        )

    def releases(self) -> Mapping[str, str]:
        """The versions that are asked for, by normalised project (PEP 503)."""
        return {
            str(canonicalize_name(wish.name)): str(Version(exact.version).public)
            for wish in map(parsed, self.wishes)
            for exact in wish.specifier
            if exact.operator == "==" and not exact.version.endswith(".*")
        }

    def younger(self) -> tuple[str, ...]:
        """Requirements for the releases that are asked for, which no cooldown hides."""
        return tuple(f"{name}<={version}" for name, version in self.releases().items())

    def check(self, locks: Sequence[tuple[str, Iterable[Pin]]]) -> None:
        """See that each wish is for a project that one of some locks pins.

        Args:
            locks: paths and pins.

        Raises:
            LockstepError: none does.
        """
        there = {pin.key for _, pins in locks for pin in pins}
        for project in self.projects():
            if project not in there:
                raise LockstepError(
                    f"`{OPTION}={project}` names nothing that {_either(locks)} pins",
                    mend="See to its spelling; to add a project, state it in a requirements input",
                )


def upgrade(everything: bool, wishes: Iterable[str]) -> Upgrade:
    """What a user asks to be chosen anew.

    Args:
        everything: whether all pins are.
        wishes: a project each, which may bound its version (PEP 508).

    Raises:
        LockstepError: a wish is nothing of the kind.
    """
    wishes = tuple(dict.fromkeys(wish.strip() for wish in wishes))
    for wish in wishes:
        if not _is_wish(wish):
            raise LockstepError(
                f"`{OPTION}={wish}` is no project with a version",
                mend=f"Write it as `{OPTION}=idna` or `{OPTION}=idna==3.10`",
            )
    return Upgrade(everything, wishes)


def _is_wish(text: str) -> bool:
    try:
        requirement: Requirement = parsed(text)
    except ValueError:
        return False
    return not (requirement.extras or requirement.marker or requirement.url)


def _either(locks: Sequence[tuple[str, Iterable[Pin]]]) -> str:
    return " or ".join(path for path, _ in locks) or "any lock"
