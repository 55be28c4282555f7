"""What changed between two evaluations of BUILD files, by target and field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Tuple

REMARKS = frozenset({"description", "tags"})
"""Fields that tell people and filters something, and change no result."""

Definition = Tuple[str, Mapping[str, Any]]
"""The type of a target, and the fields that its BUILD file sets, with `__defaults__`."""


@dataclass(frozen=True)
class DefinitionChange:
    """A target whose definition differs.

    Attributes:
        name: the target's name in its folder.
        fields: the fields that differ, sorted; empty where the target came, went or is of another
            type.
        before: its type and fields at the base; None where there was none.
        after: likewise now.
    """

    name: str
    fields: tuple[str, ...]
    before: Definition | None
    after: Definition | None

    def __str__(self) -> str:
        if self.before is None:
            return "new"
        if self.after is None:
            return "removed"
        if self.before[0] != self.after[0]:
            return f"{self.before[0]} is {self.after[0]} now"
        return ", ".join(self.fields) + " changed"


def compare(
    before: Mapping[str, Definition],
    after: Mapping[str, Definition],
) -> Iterator[DefinitionChange]:
    """The targets of one folder that differ, by name.

    Args:
        before: type and fields by target name at the base.
        after: likewise now.
    """
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or old[0] != new[0]:
            if old != new:
                yield DefinitionChange(name, (), old, new)
            continue
        fields = tuple(
            field
            for field in sorted({*old[1], *new[1]} - REMARKS)
            if old[1].get(field) != new[1].get(field)
        )
        if fields:
            yield DefinitionChange(name, fields, old, new)
