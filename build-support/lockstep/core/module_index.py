"""Which pins provide a module, asked for many modules of one lock."""

from __future__ import annotations

from collections import defaultdict

from lockstep.core.graph import LockGraph
from lockstep.core.lock import Lock


class ModuleIndex:
    """The modules of the pins of a lock.

    Args:
        lock: the lock.
        graph: what stands beside it; a pin that it does not tell of provides nothing known.
    """

    def __init__(self, lock: Lock, graph: LockGraph) -> None:
        self._projects: dict[str, set[str]] = defaultdict(set)
        for pin in lock.pins:
            entry = graph.entry(pin)
            for module in entry.modules if entry is not None else ():
                self._projects[module].add(pin.key)

    def projects(self, module: str, deeper_than: int = 0) -> tuple[str, ...]:
        """The projects that provide a module by its longest name, sorted; none where nothing does.

        Args:
            module: the dotted name, of a `from` import with the name that it takes.
            deeper_than: how many parts of it are found elsewhere; only what is longer counts.
        """
        parts = module.split(".")
        for depth in range(len(parts), deeper_than, -1):
            found = self._projects.get(".".join(parts[:depth]))
            if found:
                return tuple(sorted(found))
        return ()
