"""What the parts of a selection are asked, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterable

from pants.engine.addresses import Address

from lockstep.core.affected import Cause, Reach
from lockstep.core.revisions import FileChange


@dataclass(frozen=True)
class Revision:
    """What the work tree is compared with.

    Attributes:
        commit: the base.
        changes: the files that differ, sorted.
        call: that of the selection.
    """

    commit: str
    changes: tuple[FileChange, ...]
    call: int

    def paths(self) -> frozenset[str]:
        """The files that differ."""
        return frozenset(change.path for change in self.changes)


class Span(Enum):
    """How much of an import has to be a touched module."""

    MODULE = "the module, or a name in it"
    DISTRIBUTION = "anything below it"


@dataclass(frozen=True)
class Touched:
    """A module that came, went or changed hands, so that imports of it may lead elsewhere.

    Attributes:
        module: its dotted name.
        cause: why.
        span: what imports may mean it.
    """

    module: str
    cause: Cause
    span: Span = Span.MODULE


@dataclass(frozen=True)
class Roots:
    """Where the effects of a change begin.

    Attributes:
        targets: targets that changed themselves.
        touched: modules whose importers changed.
        everywhere: causes that change all targets in their reach.
    """

    targets: tuple[tuple[Address, Cause], ...] = ()
    touched: tuple[Touched, ...] = ()
    everywhere: tuple[Cause, ...] = ()


def joined(parts: Iterable[Roots]) -> Roots:
    """All roots together, each target with its first cause, but rather one that reaches all."""
    found = tuple(parts)
    targets: dict[Address, Cause] = {}
    for part in found:
        for address, cause in part.targets:
            known = targets.setdefault(address, cause)
            if known.reach is not Reach.ALL and cause.reach is Reach.ALL:
                targets[address] = cause
    return Roots(
        tuple(targets.items()),
        tuple(touched for part in found for touched in part.touched),
        tuple(dict.fromkeys(cause for part in found for cause in part.everywhere)),
    )
