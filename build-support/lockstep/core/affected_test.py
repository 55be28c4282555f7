from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.affected import Cause, CauseKind, Reach, reaches, spread, why

GRAPHS = st.dictionaries(st.integers(0, 12), st.frozensets(st.integers(0, 12)), max_size=13)
CHANGED = Cause("a.py changed", CauseKind.SOURCE)


def test_the_way_is_a_shortest_one_and_the_closest_come_first() -> None:
    dependents = {"a.py": ["b.py", "c.py"], "b.py": ["t.py", "a.py"], "c.py": ["t.py"]}
    found = list(spread({"a.py": CHANGED}, lambda target: dependents.get(target, ())))
    assert [(affected.target, affected.distance) for affected in found] == [
        ("a.py", 0),
        ("b.py", 1),
        ("c.py", 1),
        ("t.py", 2),
    ]
    assert [why(affected) for affected in found] == [
        "a.py changed",
        "a.py changed ← b.py",
        "a.py changed ← c.py",
        "a.py changed ← b.py ← t.py",
    ]


def test_a_project_is_told_once() -> None:
    moved = Cause("idna 3.10 → 3.11 ← requests", CauseKind.PIN)
    found = list(spread({"requests": moved}, lambda t: {"requests": ["x.py"]}.get(t, ())))
    assert [why(a) for a in found] == [
        "idna 3.10 → 3.11 ← requests",
        "idna 3.10 → 3.11 ← requests ← x.py",
    ]


@given(graph=GRAPHS, start=st.frozensets(st.integers(0, 12), min_size=1))
def test_everything_that_depends_is_found_once_by_edges_that_are_there(
    graph: dict[int, frozenset[int]], start: frozenset[int]
) -> None:
    found = list(spread(dict.fromkeys(sorted(start), CHANGED), lambda t: graph.get(t, ())))
    reached = set(start)
    while True:
        more = {d for target in reached for d in graph.get(target, ())} - reached
        if not more:
            break
        reached |= more
    assert sorted(affected.target for affected in found) == sorted(reached)
    for affected in found:
        assert affected.path[0] in start and affected.path[-1] == affected.target
        for before, after in zip(affected.path, affected.path[1:]):
            assert after in graph[before]
    assert [a.distance for a in found] == sorted(a.distance for a in found)


@given(graph=GRAPHS, start=st.integers(0, 12), depth=st.integers(0, 3))
def test_no_more_steps_than_asked(graph: dict[int, frozenset[int]], start: int, depth: int) -> None:
    def within(steps: int | None) -> list[int]:
        found = spread({start: CHANGED}, lambda t: graph.get(t, ()), depth=steps)
        return [a.target for a in found if a.distance <= depth]

    assert within(depth) == within(None)


def test_what_goals_look_at() -> None:
    assert reaches(["test"]) == {Reach.TEST}
    assert reaches(["fmt", "lint", "check"]) == {Reach.FORMAT, Reach.CHECK}
    assert reaches(["list"]) == reaches([]) == reaches(["unheard-of"]) == {Reach.ALL}
    assert Reach.CHECK.counts_for(reaches(["test", "check"]))
    assert not Reach.CHECK.counts_for(reaches(["test"]))
    assert Reach.CHECK.counts_for(reaches(["list"]))
    assert Reach.ALL.counts_for(reaches(["test"]))
