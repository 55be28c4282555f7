"""What a change affects, as one page of HTML that needs nothing beside itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape
from typing import Iterable, Iterator, Mapping, Sequence

from lockstep.core.affected import Affected, Cause, why
from lockstep.core.affected_graph import graph
from lockstep.core.affected_report import Label

MOST_OPEN = 60
"""With more targets than this, only the uppermost folders of the list are open at first."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@dataclass
class _Folder:
    """Folders and targets of the list.

    Attributes:
        name: its path below the folder around it.
        count: how many targets are in it and below.
    """

    name: str
    folders: dict[str, _Folder] = field(default_factory=dict)
    targets: list[Affected[Label]] = field(default_factory=list)
    count: int = 0


def page(
    found: Sequence[Affected[Label]],
    everywhere: Iterable[Cause],
    *,
    since: str,
    goal: str,
    style: str,
    script: str,
) -> str:
    """The whole page: counts, a drawing from changes to targets, and a list to search in.

    All that comes from the repository is escaped. Without JavaScript all but the search works.

    Args:
        everywhere: the fail-safe causes.
        since: the revision, as it was named.
        goal: what was selected for.
        style: the style sheet, ASCII.
        script: the script, ASCII.
    """
    found = sorted(found, key=lambda affected: affected.target.target)
    links = {affected.target.target: f"t{at}" for at, affected in enumerate(found, 1)}
    title = f"Affected since {since}"
    lines = (
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
        f"<h1>Affected since <code>{escape(since)}</code></h1>",
        f"<p>{_counted(len(found))}{'' if goal == 'all' else f', for <code>{goal}</code>'}.</p>",
        *_everywhere(everywhere),
        *_counts(found),
        *_drawing(found, links),
        *_list(found, links),
        f"<script>\n{script}</script>",
        "</body>",
        "</html>",
    )
    # So it is the same page in whatever encoding it is saved or sent.
    return "".join(f"{line}\n" for line in lines).encode("ascii", "xmlcharrefreplace").decode()


def _counted(number: int) -> str:
    return "1 target" if number == 1 else f"{number:,} targets"


def _everywhere(causes: Iterable[Cause]) -> Iterator[str]:
    for cause in causes:
        reach = escape(cause.reach.value)
        yield f'<p class="everywhere">All in reach of {reach}: {escape(cause.text)}</p>'


def _counts(found: Sequence[Affected[Label]]) -> Iterator[str]:
    if not found:
        return
    kinds = Counter(affected.cause.kind.value for affected in found)
    types = Counter(affected.target.type for affected in found)
    yield '<section class="counts">'
    for heading, key, counter in (("By cause", "cause", kinds), ("By type", "type", types)):
        yield f"<div><h2>{heading}</h2><ul>"
        for name, count in sorted(counter.items(), key=lambda item: (-item[1], item[0])):
            yield (
                f'<li><button data-search="{key}:{escape(name)}">{escape(name)}</button>'
                f'<meter max="{len(found)}" value="{count}"></meter><b>{count:,}</b></li>'
            )
        yield "</ul></div>"
    yield "</section>"


def _drawing(found: Sequence[Affected[Label]], links: Mapping[str, str]) -> Iterator[str]:
    if not found:
        return
    drawn = graph(found, links)
    yield '<details class="drawing" open><summary><h2>From changes to targets</h2></summary>'
    if drawn.hidden:
        yield (
            f"<p>Drawn are the {len(found) - drawn.hidden:,} of {_counted(len(found))} that are"
            " closest to the changes. The list below holds all.</p>"
        )
    yield f'<div class="scroll">{drawn.svg}</div></details>'


def _list(found: Sequence[Affected[Label]], links: Mapping[str, str]) -> Iterator[str]:
    if not found:
        return
    yield "<h2>All of them</h2>"
    yield (
        '<p class="search"><input type="search" placeholder="Search: words of a target, its type'
        ' or its way" aria-label="Search" autocomplete="off"> <output></output></p>'
    )
    root = _Folder("")
    for affected in found:
        folder = root
        folder.count += 1
        for part in filter(None, affected.target.folder.split("/")):
            folder = folder.folders.setdefault(part, _Folder(part))
            folder.count += 1
        folder.targets.append(affected)
    yield '<ul class="list">'
    for folder in map(_joined, root.folders.values()):
        yield from _folder(folder, "", links, len(found) <= MOST_OPEN, depth=0)
    for affected in root.targets:
        yield _target(affected, "", links)
    yield "</ul>"


def _joined(folder: _Folder) -> _Folder:
    """A folder that holds nothing but one other is told together with it."""
    while not folder.targets and len(folder.folders) == 1:
        (below,) = folder.folders.values()
        folder = _Folder(f"{folder.name}/{below.name}", below.folders, below.targets, below.count)
    return folder


def _folder(
    folder: _Folder, above: str, links: Mapping[str, str], opened: bool, *, depth: int
) -> Iterator[str]:
    path = f"{above}{folder.name}"
    state = " open" if opened or depth == 0 else ""
    yield f"<li><details{state}><summary>{escape(folder.name)}/ <b>{folder.count:,}</b></summary>"
    yield "<ul>"
    for below in map(_joined, folder.folders.values()):
        yield from _folder(below, f"{path}/", links, opened, depth=depth + 1)
    for affected in folder.targets:
        yield _target(affected, path, links)
    yield "</ul></details></li>"


def _target(affected: Affected[Label], folder: str, links: Mapping[str, str]) -> str:
    label, cause = affected.target, affected.cause
    within = label.name.startswith((f"{folder}/", f"{folder}:")) and folder
    name = label.name[len(folder) :].removeprefix("/") if within else label.name
    return (
        f'<li id="{links[label.target]}" data-cause="{cause.kind.value}"'
        f' data-type="{escape(label.type)}" data-target="{escape(label.target)}">'
        f"<code>{escape(name)}</code> <i>{escape(label.type)}</i>"
        f' <span class="{cause.kind.value}">{cause.kind.value}</span>'
        f" <small>{escape(why(affected, lambda label: label.name))}</small></li>"
    )
