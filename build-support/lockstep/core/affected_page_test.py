from __future__ import annotations

import pkgutil
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from lockstep.core import affected_page
from lockstep.core.affected import Affected, Cause, CauseKind, Reach
from lockstep.core.affected_page import page
from lockstep.core.affected_report import Label

CHANGED = Cause("lib/a.py changed", CauseKind.SOURCE)
OPTION = Cause("`[mypy].args` changed", CauseKind.OPTION, Reach.CHECK)
SOURCE = Label("lib/a.py", "python_source", "lib", "lib/a.py")
TEST = Label("app/x/tests/a_test.py", "python_test", "app/x/tests", "app/x/tests/a_test.py")
BINARY = Label("app/x:bin", "pex_binary", "app/x", "app/x:bin")
ROOT = Label("//:docs", "files", "", "//:docs")
FOUND = [
    Affected(target, CHANGED, (SOURCE, target) if target is not SOURCE else (SOURCE,))
    for target in (SOURCE, TEST, BINARY, ROOT)
]
VOID = {"meta", "input", "path", "rect"}


class Reader(HTMLParser):
    """Reads a page as a browser does, and holds that each element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def made(found: list[Affected[Label]], since: str = "main", goal: str = "all") -> str:
    return page(found, [OPTION], since=since, goal=goal, style="STYLE", script="SCRIPT")


def test_head_and_counts() -> None:
    head, counts = made(FOUND, goal="test").split('<section class="counts">\n')
    assert head == (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        "<title>Affected since main</title>\n<style>\nSTYLE</style>\n</head>\n<body>\n"
        "<h1>Affected since <code>main</code></h1>\n"
        "<p>4 targets, for <code>test</code>.</p>\n"
        '<p class="everywhere">All in reach of check: `[mypy].args` changed</p>\n'
    )
    assert counts.startswith(
        "<div><h2>By cause</h2><ul>\n"
        '<li><button data-search="cause:source">source</button>'
        '<meter max="4" value="4"></meter><b>4</b></li>\n'
        "</ul></div>\n"
        "<div><h2>By type</h2><ul>\n"
        '<li><button data-search="type:files">files</button>'
        '<meter max="4" value="1"></meter><b>1</b></li>\n'
    )


def test_list() -> None:
    def entry(at: int, target: Label, name: str, way: str) -> str:
        return (
            f'<li id="t{at}" data-cause="source" data-type="{target.type}"'
            f' data-target="{target.target}"><code>{name}</code> <i>{target.type}</i>'
            f' <span class="source">source</span> <small>{way}</small></li>\n'
        )

    changed = "lib/a.py changed"
    listed = made(FOUND).split('<ul class="list">\n')[1]
    assert listed == (
        "<li><details open><summary>app/x/ <b>2</b></summary>\n<ul>\n"
        "<li><details open><summary>tests/ <b>1</b></summary>\n<ul>\n"
        + entry(2, TEST, "a_test.py", f"{changed} &#8592; app/x/tests/a_test.py")
        + "</ul></details></li>\n"
        + entry(3, BINARY, ":bin", f"{changed} &#8592; app/x:bin")
        + "</ul></details></li>\n"
        + "<li><details open><summary>lib/ <b>1</b></summary>\n<ul>\n"
        + entry(4, SOURCE, "a.py", changed)
        + "</ul></details></li>\n"
        + entry(1, ROOT, "//:docs", f"{changed} &#8592; //:docs")
        + "</ul>\n<script>\nSCRIPT</script>\n</body>\n</html>\n"
    )


def test_nothing_affected() -> None:
    assert made([]).split("</h1>\n")[1] == (
        "<p>0 targets.</p>\n"
        '<p class="everywhere">All in reach of check: `[mypy].args` changed</p>\n'
        "<script>\nSCRIPT</script>\n</body>\n</html>\n"
    )


def test_a_large_selection_is_listed_whole_and_drawn_in_part() -> None:
    labels = [
        Label(f"a/b{n}/c.py", "python_source", f"a/b{n}", f"a/b{n}/c.py") for n in range(2000)
    ]
    text = made([Affected(target, CHANGED, (SOURCE, target)) for target in labels])
    assert (
        "<p>Drawn are the 12 of 2,000 targets that are closest to the changes."
        " The list below holds all.</p>"
    ) in text
    tags = Reader(text).tags
    assert sum(tag == "li" and "id" in attributes for tag, attributes in tags) == 2000
    folders = [attributes for tag, attributes in tags if tag == "details"]
    assert len(folders) == 2002 and sum("open" in attributes for attributes in folders) == 2


@given(
    names=st.lists(st.text("ab<>&\"'/:é→ ", min_size=1), unique=True, max_size=8),
    since=st.text("<>&\"'é"),
)
def test_whatever_things_are_called_the_page_is_whole(names: list[str], since: str) -> None:
    labels = [Label(name, f"type{name}", name.rpartition("/")[0], name) for name in names]
    found = [Affected(x, Cause(f"{x.name}!", CauseKind.PIN), (x,)) for x in labels]
    text = made(found, since=since)
    assert text.isascii()
    reader = Reader(text)
    listed = [attributes for tag, attributes in reader.tags if "data-target" in attributes]
    assert sorted(str(attributes["data-target"]) for attributes in listed) == sorted(names)
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert f"Affected since {since}" in reader.texts
    for name in names:
        assert f"{name}! ← {name}" in reader.texts


def test_style_and_script_can_stand_in_the_page_and_load_nothing() -> None:
    for kind in ("css", "js"):
        text = (pkgutil.get_data(affected_page.__name__, f"affected_page.{kind}") or b"").decode()
        assert text.isascii() and text.endswith("\n")
        assert "</" not in text and "url(" not in text and "import" not in text.split()
        assert "http" not in text
