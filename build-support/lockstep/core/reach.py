"""What requirements reach in one environment: along the graph, and where it ends along `# via`."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Iterable, Iterator, Mapping, NamedTuple

from lockstep.core.graph import Edge, Entry, LockGraph
from lockstep.core.lock import Lock, Pin
from lockstep.core.markers import Environment


class Root(NamedTuple):
    """Where a walk starts.

    Attributes:
        edge: what is required; its marker has been looked at.
        certain: whether it surely is.
    """

    edge: Edge
    certain: bool


class Place(NamedTuple):
    """Where a walk can be: a pin with one of its extras, or with none (an empty one).

    A pin with several extras is several places, as resolvers have it.
    """

    pin: int
    extra: str


class Step(NamedTuple):
    """What follows from being at a place.

    Attributes:
        certain: places that are surely required.
        doubtful: places that may be.
        unmet: requirements that surely hold and that no pin is there for.
    """

    certain: tuple[Place, ...]
    doubtful: tuple[Place, ...]
    unmet: tuple[str, ...]


class Unmet(NamedTuple):
    """A requirement of a pin that no pin is there for."""

    pin: Pin
    requirement: str


class Reached(NamedTuple):
    """What a walk found.

    Attributes:
        pins: in the order of the lock.
        unmet: what is missing, in the order of the lock; empty where the lock is whole.
    """

    pins: tuple[Pin, ...]
    unmet: tuple[Unmet, ...]


class Roads:
    """A lock and its graph, joined once: what does not depend on an environment.

    Args:
        lock: the lock.
        graph: its graph; entries that it lacks are made up for by `# via` annotations.
    """

    def __init__(self, lock: Lock, graph: LockGraph) -> None:
        self.pins = lock.pins
        self.entries = tuple(graph.entry(pin) for pin in lock.pins)
        by_name: dict[str, list[int]] = defaultdict(list)
        for at, pin in enumerate(lock.pins):
            by_name[pin.key].append(at)
        self.by_name: Mapping[str, list[int]] = by_name

    @cached_property
    def annotated(self) -> Mapping[str, frozenset[str]]:
        """Names by the one that requires them, as the `# via` annotations have it."""
        requires: dict[str, set[str]] = defaultdict(set)
        for pin in self.pins:
            for requirer in pin.requirers:
                requires[requirer].add(pin.key)
        return {name: frozenset(names) for name, names in requires.items()}

    @cached_property
    def unexplained(self) -> frozenset[str]:
        """Names of pins without annotation: anything may require them."""
        return frozenset(pin.key for pin in self.pins if not pin.via)


class Walker:
    """Walks from requirements to all they reach in one environment.

    Args:
        roads: where to walk.
        environment: what is known of the environment.
        by_marker: whether pins whose own marker is false are left out.
    """

    def __init__(self, roads: Roads, environment: Environment, *, by_marker: bool) -> None:
        self._roads = roads
        self.environment = environment
        self._by_marker = by_marker
        self._here: dict[str, tuple[tuple[int, bool], ...]] = {}
        self._steps: dict[Place, Step] = {}

    def pins_here(self, name: str) -> tuple[Pin, ...]:
        """The pins of a name that the environment does not rule out."""
        return tuple(self._roads.pins[at] for at, _ in self._known_here(name))

    def _known_here(self, name: str) -> tuple[tuple[int, bool], ...]:
        """Where these pins stand, and whether they surely apply."""
        if name not in self._here:
            ats = self._roads.by_name.get(name, ())
            truths = ((at, self._truth_of(self._roads.pins[at])) for at in ats)
            self._here[name] = tuple(
                (at, truth is True) for at, truth in truths if truth is not False
            )
        return self._here[name]

    def _truth_of(self, pin: Pin) -> bool | None:
        return self.environment.truth(pin.marker) if self._by_marker else True

    def walk(self, roots: Iterable[Root]) -> Reached:
        """Walk from roots to all that they reach.

        What is missing counts only where the way to it is certain at each step: a lock need not
        hold what its resolver had no reason to think of.
        """
        certain: list[Place] = []
        doubtful: list[Place] = []
        for root in roots:
            surely, perhaps = self._places(root.edge)
            (certain if root.certain else doubtful).extend(surely)
            doubtful.extend(perhaps)
        reached: set[Place] = set()
        unmet: set[tuple[int, str]] = set()
        for place, step in self._spread(certain, reached, certain_only=True):
            doubtful.extend(step.doubtful)
            unmet.update((place.pin, requirement) for requirement in step.unmet)
        for _ in self._spread(doubtful, reached, certain_only=False):
            pass
        pins = self._roads.pins
        return Reached(
            tuple(pins[at] for at in sorted({place.pin for place in reached})),
            tuple(Unmet(pins[at], requirement) for at, requirement in sorted(unmet)),
        )

    def _spread(
        self, todo: list[Place], reached: set[Place], *, certain_only: bool
    ) -> Iterator[tuple[Place, Step]]:
        while todo:
            place = todo.pop()
            if place in reached:
                continue
            reached.add(place)
            step = self._steps.get(place)
            if step is None:
                step = self._steps[place] = self._step(place)
            todo.extend(step.certain)
            if not certain_only:
                todo.extend(step.doubtful)
            yield place, step

    def _places(self, edge: Edge) -> tuple[list[Place], list[Place]]:
        """Where an edge leads: surely, and perhaps."""
        places: tuple[list[Place], list[Place]] = [], []
        for at, is_certain in self._known_here(edge.name):
            places[not is_certain].extend(Place(at, extra) for extra in ("", *edge.extras))
        return places

    def _step(self, place: Place) -> Step:
        entry = self._roads.entries[place.pin]
        if entry is None:
            return self._annotated(place)
        certain: list[Place] = []
        doubtful: list[Place] = []
        unmet: list[str] = []
        for edge, text in zip(entry.edges, entry.requires):
            truth = self.environment.truth(edge.marker, place.extra)
            if truth is False:
                continue
            surely, perhaps = self._places(edge)
            (certain if truth else doubtful).extend(surely)
            doubtful.extend(perhaps)
            if truth and not (surely or perhaps):
                unmet.append(text)
        return Step(tuple(certain), tuple(doubtful), tuple(unmet))

    def _annotated(self, place: Place) -> Step:
        """By annotations, which tell neither extras nor markers, so each extra is taken."""
        if place.extra:
            return Step((), (), ())
        roads = self._roads
        names = roads.annotated.get(roads.pins[place.pin].key, frozenset()) | roads.unexplained
        doubtful = [
            Place(at, extra)
            for name in sorted(names)
            for at, _ in self._known_here(name)
            for extra in ("", *_extras(roads.entries[at]))
        ]
        return Step((), tuple(doubtful), ())


def _extras(entry: Entry | None) -> tuple[str, ...]:
    return entry.extras if entry is not None else ()
