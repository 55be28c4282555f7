from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.affected import Affected, Cause, CauseKind, spread
from lockstep.core.affected_graph import (
    MOST_CAUSES,
    MOST_DEPENDENTS,
    MOST_NODES,
    Graph,
    graph,
)
from lockstep.core.affected_report import Label


def label(name: str, type: str = "python_source") -> Label:
    return Label(name, type, "", name)


def texts(drawn: Graph) -> list[str]:
    svg = ElementTree.fromstring(drawn.svg)
    return [element.text or "" for element in svg.iter("text")]


def boxes(drawn: Graph) -> list[tuple[float, float, float]]:
    """Left end, right end and top of each label."""
    rects = ElementTree.fromstring(drawn.svg).iter("rect")
    found = [tuple(float(r.attrib[name]) for name in ("x", "width", "y")) for r in rects]
    return [(x, x + width, y) for x, width, y in found]


def test_a_changed_file_and_its_test() -> None:
    cause = Cause("a.py changed", CauseKind.SOURCE)
    source, test = label("a.py"), label("a_test.py", "python_test")
    found = [Affected(source, cause, (source,)), Affected(test, cause, (source, test))]
    assert graph(found, {"a.py": "t1", "a_test.py": "t2"}) == Graph(
        '<svg width="238.25" height="26" role="img" aria-label="From changes to targets">\n'
        '<path d="M104 13H104M104 13C130 13 130 13 156 13"/>\n'
        '<a href="#t1"><g class="cause source"><title>a.py changed</title>'
        '<rect x="1" y="3" width="103" height="20" rx="5"/>'
        '<text x="9" y="17">a.py changed</text></g></a>\n'
        '<a href="#t2"><g class="test"><title>a_test.py (python_test)</title>'
        '<rect x="156" y="3" width="81.25" height="20" rx="5"/>'
        '<text x="164" y="17">a_test.py</text></g></a>\n'
        "</svg>",
        hidden=0,
    )


def test_nothing() -> None:
    assert graph([], {}) == Graph("", hidden=0)


def test_long_labels_keep_their_ends() -> None:
    cause = Cause("services/linehaul/src/linehaul/postgres_store.py changed", CauseKind.SOURCE)
    target = label("//:other")
    drawn = graph([Affected(target, cause, (target,))], {})
    assert texts(drawn) == ["services/li…nehaul/postgres_store.py changed", "//:other"]
    assert f"<title>{cause.text}</title>" in drawn.svg


def test_what_comes_from_the_repository_is_escaped() -> None:
    cause = Cause("<script>&\"'", CauseKind.SOURCE)
    target = label("<b>&\"'")
    drawn = graph([Affected(target, cause, (target,))], {})
    assert texts(drawn) == [cause.text, target.name]
    assert "<script>" not in drawn.svg and "<b>" not in drawn.svg


def test_much_is_cut_and_told() -> None:
    cause = Cause("a.py changed", CauseKind.SOURCE)
    source, last = label("a.py"), label("last.py")
    direct = [label(f"b{at:04}.py") for at in range(2000)]
    found = [Affected(source, cause, (source,))]
    found += [Affected(target, cause, (source, target)) for target in direct]
    found.append(Affected(last, cause, (source, direct[-1], last)))
    drawn = graph(found, {})
    hidden = 2000 - MOST_DEPENDENTS + 1
    assert drawn.hidden == hidden
    assert texts(drawn) == [
        "a.py changed",
        *(target.name for target in direct[:MOST_DEPENDENTS]),
        f"{hidden:,} more",
    ]


def test_many_changes_are_cut_and_told() -> None:
    changes = [Cause(f"{at:03}.py changed", CauseKind.SOURCE) for at in range(100)]
    found = [Affected(label(c.text[:6]), c, (label(c.text[:6]),)) for c in changes]
    drawn = graph(found, {})
    assert drawn.hidden == 100 - MOST_CAUSES
    assert texts(drawn) == [*(c.text for c in changes[:MOST_CAUSES]), "60 more"]


@given(
    edges=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=900),
    starts=st.integers(0, 60),
)
def test_labels_never_lie_on_each_other_and_every_target_counts(
    edges: list[tuple[int, int]], starts: int
) -> None:
    labels = [label(f"{at}.py") for at in range(401)]
    changed = {labels[at]: Cause(f"{at}.py changed", CauseKind.SOURCE) for at in range(starts)}
    found = list(spread(changed, lambda t: [labels[b] for a, b in edges if f"{a}.py" == t.name]))
    drawn = graph(found, {target.name: f"t{target.name}" for target in labels})
    if not found:
        return
    linked = re.findall(r'href="#t(\d+)\.py"', drawn.svg)
    assert len(linked) == len(set(linked)) == len(found) - drawn.hidden <= MOST_NODES
    more = [int(text.split()[0].replace(",", "")) for text in texts(drawn) if "more" in text]
    assert sum(more) == drawn.hidden
    rows: dict[float, list[tuple[float, float]]] = {}
    for left, right, top in boxes(drawn):
        rows.setdefault(top, []).append((left, right))
    for row in rows.values():
        row.sort()
        assert all(right < left for (_, right), (left, _) in zip(row, row[1:]))
