"""Explains why inputs cannot be resolved: the few of them that cannot be met together, and how."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import Callable, Collection, Generator, Iterable, Mapping, Sequence, TypeVar

from packaging.utils import canonicalize_name

from lockstep.core.errors import redacted
from lockstep.core.input_values import InputRequirement
from lockstep.core.inputs import Inputs
from lockstep.core.requirement_text import parsed
from lockstep.core.resolver_texts import PYTHON, Edge, edges

T = TypeVar("T")


@dataclass(frozen=True)
class Demand:
    """Something that a resolve has to meet.

    Attributes:
        stated: the requirement and its place.
        constraint: whether it only bounds versions.
        compiled: whether the file that states it is the lock of another tool.
    """

    stated: InputRequirement
    constraint: bool = False
    compiled: bool = False

    @property
    def project(self) -> str:
        return str(canonicalize_name(parsed(self.stated.text).name))


def demands(inputs: Inputs, compiled: Collection[str] = ()) -> tuple[Demand, ...]:
    """All that inputs demand.

    Args:
        inputs: the inputs of one resolve.
        compiled: the paths of those that are locks themselves (`inputs.is_compiled`).
    """
    return (
        *(Demand(r, False, r.path in compiled) for r in inputs.requirements),
        *(Demand(r, True, r.path in compiled) for r in inputs.constraints),
    )


def minimise(items: Sequence[T], is_unsatisfiable: Callable[[Sequence[T]], bool]) -> tuple[T, ...]:
    """What `questions` gives, for whoever can answer at once."""
    asking = questions(items)
    try:
        asked = next(asking)
        while True:
            asked = asking.send(is_unsatisfiable(asked))
    except StopIteration as stopped:
        found: tuple[T, ...] = stopped.value
        return found


def questions(items: Sequence[T]) -> Generator[Sequence[T], bool, tuple[T, ...]]:
    """A smallest part of some items that cannot be met, in their order (QuickXplain).

    Leaving any one item out of it makes the rest satisfiable. For `k` items found among `n` it asks
    at most `1 + 2k * (log2(n / k) + 2)` times.

    Args:
        items: what cannot be met together; earlier ones are rather kept than later ones.

    Yields:
        Some of the items; to be answered whether they cannot be met. More of them never can either.

    Raises:
        ValueError: all the items can be met.
    """

    def part(
        background: list[T], has_grown: bool, items: Sequence[T]
    ) -> Generator[Sequence[T], bool, list[T]]:
        if has_grown and (yield background):
            return []
        if len(items) == 1:
            return list(items)
        first, second = items[: len(items) // 2], items[len(items) // 2 :]
        of_second = yield from part([*background, *first], True, second)
        of_first = yield from part([*background, *of_second], bool(of_second), first)
        return [*of_first, *of_second]

    if not (yield items):
        raise ValueError("there is no conflict")
    return tuple((yield from part([], True, items))) if items else ()


def explain(core: Sequence[Demand], text: str, python: str) -> str:
    """A conflict in a few lines: who demands what, by which path, and what would lift it.

    Args:
        core: demands that cannot be met together, none of them too many (`minimise`).
        text: what the resolver told (uv's or pip's error).
        python: the Python of the resolve, such as `3.11`.
    """
    known = edges(text)
    paths = {demand: _paths(demand.project, known) for demand in core}
    meeting = _meeting(list(paths.values()))
    lines = ["These cannot be met together:" if len(core) > 1 else "This cannot be met:"]
    lines += [f"  {_demanded(demand, paths[demand].get(meeting, ()))}" for demand in core]
    lines += _lifted(core, meeting, python)
    return redacted("\n".join(lines))


_Path = Sequence[Edge]
_SHOWN = 3
"""As many releases are named that require the same."""


def _paths(start: str, known: Iterable[Edge]) -> Mapping[str, _Path]:
    """The shortest path of edges from a project to each that it reaches."""
    requiring: dict[str, list[Edge]] = defaultdict(list)
    for edge in known:
        requiring[_project(edge.requirer)].append(edge)
    paths: dict[str, _Path] = {start: ()}
    todo = [start]
    for project in todo:
        for edge in requiring[project]:
            required = _project(edge.required)
            if required not in paths:
                paths[required] = (*paths[project], *_alike(edge, requiring[project]))
                todo.append(required)
    return paths


def _alike(edge: Edge, others: Iterable[Edge]) -> Iterable[Edge]:
    """What releases of one project require of another: once for all of them, if that is known."""
    alike = [o for o in others if _project(o.required) == _project(edge.required)]
    return [o for o in alike if not o.versions][:1] or alike


def _project(name: str) -> str:
    return str(canonicalize_name(name.partition("[")[0]))


def _meeting(paths: Sequence[Mapping[str, _Path]]) -> str:
    """The project that most demands are about, and of several the one that is nearest to them.

    It is empty where the resolver did not tell how the demands are linked.
    """
    distances: dict[str, list[int]] = defaultdict(list)
    for reached in paths:
        for project, path in reached.items():
            distances[project].append(len(path))
    if len(paths) == 1 and _project(PYTHON) in distances:
        return _project(PYTHON)
    nearest = min(distances, key=lambda p: (-len(distances[p]), sum(distances[p]), p), default="")
    return nearest if nearest and len(distances[nearest]) >= min(len(paths), 2) else ""


def _demanded(demand: Demand, path: _Path) -> str:
    verb = "bounds" if demand.constraint else "requires"
    steps = [f"{demand.stated.place} {verb} `{demand.stated.text}`"]
    for requirement, alike in groupby(path, key=lambda edge: edge.requirement):
        edges = list(alike)
        releases = [f"`{edge.requirer}{edge.versions}`" for edge in edges[:_SHOWN]]
        if not edges[0].versions:
            releases = [f"every release of {releases[0]}"]
        elif len(edges) > _SHOWN:
            releases.append(f"{len(edges) - _SHOWN} more")
        are = "requires" if len(releases) == 1 else "require"
        steps.append(f"{' and '.join(releases)} {are} `{requirement}`")
    return "; ".join(steps)


def _lifted(core: Sequence[Demand], meeting: str, python: str) -> Iterable[str]:
    compiled = sorted({d.stated.path for d in core if d.constraint and d.compiled})
    places = " or ".join(demand.stated.place for demand in core)
    if compiled:
        yield (
            f"Leave `-c {compiled[0]}` out: another tool compiled it as a lock, and this one lock"
            " takes its place."
        )
    elif meeting == _project(PYTHON):
        yield (
            f"None of these is for Python {python}: allow another release in {places}, or change the"
            " interpreter constraints of the resolve."
        )
    elif not meeting:
        yield f"Change {places}; how they are linked stands in the resolver's own words."
    elif len(core) == 1:
        yield f"No release of `{meeting}` fits: correct {places}, or offer one by an index."
    else:
        yield f"Change {places}, so that one release of `{meeting}` fits all of them."
        if any(parsed(demand.stated.text).marker for demand in core):
            yield "Or narrow their markers, so that they do not hold at once."
