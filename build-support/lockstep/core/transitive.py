"""Pins that no code may import, since only others require them: what provides an import, and why."""

from __future__ import annotations

from dataclasses import dataclass

from lockstep.core.graph import LockGraph
from lockstep.core.lock import Lock, is_project


@dataclass(frozen=True, order=True)
class TransitivePin:
    """A project that is in the lock because of others.

    Attributes:
        project: its normalised name.
        through: the input, then the projects that lead to it; empty where the lock does not say.
    """

    project: str
    through: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.through:
            return f"`{self.project}`, which is in the lock"
        return f"`{self.project}`, which is here only through {' > '.join(self.through)}"


def provider_of(module: str, lock: Lock, graph: LockGraph) -> TransitivePin | None:
    """The pin that provides a module, by the longest name; of several the first by name.

    Args:
        module: the dotted name, of a `from` import with the name that it takes.
        lock: the lock.
        graph: what stands beside it.
    """
    found = [
        (-len(known), pin.key)
        for pin in lock.pins
        for entry in [graph.entry(pin)]
        for known in (entry.modules if entry is not None else ())
        if f"{module}.".startswith(f"{known}.")
    ]
    if not found:
        return None
    _, project = min(found)
    return TransitivePin(project, _way_to(project, lock))


def _way_to(project: str, lock: Lock) -> tuple[str, ...]:
    """The shortest way along the `# via` annotations; of several the first by name."""
    pins = lock.by_name()
    ways: list[tuple[str, ...]] = [(project,)]
    seen = {project}
    for way in ways:
        inputs: set[str] = set()
        requirers: set[str] = set()
        for pin in pins.get(way[0], ()):
            inputs |= {v for v in pin.via if not is_project(v) and not v.startswith("-c ")}
            requirers |= pin.requirers
        if inputs:
            return (min(inputs).removeprefix("-r "), *way[:-1])
        ways += [(name, *way) for name in sorted(requirers - seen)]
        seen |= requirers
    return ()
