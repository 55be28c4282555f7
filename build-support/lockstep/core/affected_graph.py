"""Draws what a change affects: trees that grow from the causes to the targets, as SVG."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from itertools import count
from typing import Iterable, Iterator, Mapping

from lockstep.core.affected import Affected, Cause, why
from lockstep.core.affected_report import Label

MOST_NODES = 150
MOST_CAUSES = 40
MOST_DEPENDENTS = 12
"""How much of it one can look at."""

LONGEST = 44
_CHARACTER, _HEIGHT, _ROW, _GAP, _PADDING = 7.25, 20, 26, 52, 8
"""Pixels. The style sets labels at 12 pixels in a font whose characters are all as wide."""


@dataclass
class _Node:
    """A cause, a target, or a word on those that are left out.

    Attributes:
        text: its label.
        title: what is shown where one points at it.
        style: classes for the style sheet.
        link: the id of the target's entry in the page; empty where it has none.
        children: what follows from it.
        hidden: how many targets that follow from it are left out.
        column: how many nodes come before it.
        row: where it stands, from the top.
    """

    text: str = ""
    title: str = ""
    style: str = ""
    link: str = ""
    children: dict[Cause | str, _Node] = field(default_factory=dict)
    hidden: int = 0
    column: int = -1
    row: float = 0.0

    def walk(self) -> Iterator[_Node]:
        for child in self.children.values():
            yield child
            yield from child.walk()


@dataclass(frozen=True)
class Graph:
    """A drawing.

    Attributes:
        svg: the element.
        hidden: how many targets are left out of it.
    """

    svg: str
    hidden: int


def graph(found: Iterable[Affected[Label]], links: Mapping[str, str]) -> Graph:
    """Draw what is affected; where it is much, what is closest to the changes.

    Args:
        found: the targets.
        links: the ids of their entries in the page, by address.
    """
    root = _Node()
    nodes = hidden = 0
    for affected in sorted(found, key=lambda a: (a.distance, a.target.target)):
        parent = root
        for key, node in _way(affected, links):
            if key not in parent.children:
                most = MOST_CAUSES if parent is root else MOST_DEPENDENTS
                if nodes >= MOST_NODES or len(parent.children) >= most:
                    parent.hidden += 1
                    hidden += 1
                    break
                nodes += 1
                parent.children[key] = node
            parent = parent.children[key]
            parent.link = parent.link or node.link
    _say_what_is_hidden(root)
    _place(root, count())
    return Graph(_svg(list(root.walk())), hidden)


def _way(
    affected: Affected[Label], links: Mapping[str, str]
) -> Iterator[tuple[Cause | str, _Node]]:
    """The nodes from a cause to a target; one stands for a changed file and its own target."""
    cause, first = affected.cause, affected.path[0]
    at_once = Affected(first, cause, (first,))
    told = why(at_once, lambda label: label.name) == cause.text
    link = links.get(first.target, "") if told else ""
    yield cause, _Node(_short(cause.text), cause.text, f"cause {cause.kind.value}", link)
    for label in affected.path[1:] if told else affected.path:
        style = "test" if label.type.endswith("_test") else ""
        title = f"{label.target} ({label.type})"
        yield label.target, _Node(_short(label.name), title, style, links.get(label.target, ""))


def _short(text: str) -> str:
    """A long text without its middle; the end tells more than what is before it."""
    if len(text) <= LONGEST:
        return text
    start = LONGEST // 4
    return f"{text[:start]}…{text[start + 1 - LONGEST :]}"


def _say_what_is_hidden(node: _Node) -> None:
    for child in node.children.values():
        _say_what_is_hidden(child)
    if node.hidden:
        node.children[""] = _Node(f"{node.hidden:,} more", "see the list", "more")


def _place(node: _Node, rows: Iterator[int]) -> None:
    """Give each node its place: ends below each other, others beside the middle of theirs."""
    for child in node.children.values():
        child.column = node.column + 1
        _place(child, rows)
    ends = list(node.children.values())
    node.row = (ends[0].row + ends[-1].row) / 2 if ends else next(rows)


def _svg(nodes: list[_Node]) -> str:
    if not nodes:
        return ""
    widths: dict[int, float] = defaultdict(float)
    for node in nodes:
        widths[node.column] = max(widths[node.column], _width(node))
    left = {c: sum(widths[i] + _GAP for i in range(c)) + 1 for c in widths}
    edges, boxes = [], []
    for node in nodes:
        x, y = left[node.column], node.row * _ROW + _ROW / 2
        if node.children:
            end = left[node.column + 1]
            fork, bend = end - _GAP, end - _GAP / 2
            edges.append(f"M{x + _width(node):g} {y:g}H{fork:g}")
            for child in node.children.values():
                below = child.row * _ROW + _ROW / 2
                edges.append(f"M{fork:g} {y:g}C{bend:g} {y:g} {bend:g} {below:g} {end:g} {below:g}")
        boxes.append(_box(node, x, y))
    width = max(left[c] + widths[c] for c in widths) + 1
    height = (max(node.row for node in nodes) + 1) * _ROW
    return "\n".join(
        (
            f'<svg width="{width:g}" height="{height:g}" role="img"'
            ' aria-label="From changes to targets">',
            f'<path d="{"".join(edges)}"/>',
            *boxes,
            "</svg>",
        )
    )


def _width(node: _Node) -> float:
    return len(node.text) * _CHARACTER + 2 * _PADDING


def _box(node: _Node, x: float, y: float) -> str:
    box = (
        f'<g class="{escape(node.style)}"><title>{escape(node.title)}</title>'
        f'<rect x="{x:g}" y="{y - _HEIGHT / 2:g}" width="{_width(node):g}" height="{_HEIGHT}"'
        f' rx="5"/><text x="{x + _PADDING:g}" y="{y + 4:g}">{escape(node.text)}</text></g>'
    )
    return f'<a href="#{node.link}">{box}</a>' if node.link else box
