from html.parser import HTMLParser

import pytest

from safe_descriptions import render_description

Elements = list[tuple[str, dict[str, str | None]]]


def elements(html: str) -> Elements:
    """Return every tag as a browser would find it, with its attributes."""
    found: Elements = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    parser = Parser()
    parser.feed(html)
    parser.close()
    return found


@pytest.mark.parametrize(
    ("content_type", "description", "html"),
    [
        (
            "text/markdown",
            "*Bread* & ~~butter~~",
            "<p><em>Bread</em> &amp; <del>butter</del></p>\n",
        ),
        (
            "text/markdown; charset=UTF-8; variant=CommonMark",
            "*Bread* ~~butter~~",
            "<p><em>Bread</em> ~~butter~~</p>\n",
        ),
        ("text/markdown; variant=Strange", "*Bread*", "*Bread*"),
        ("text/x-rst", "*Bread*", "<p><em>Bread</em></p>\n"),
        (None, "*Bread*", "<p><em>Bread</em></p>\n"),
        ("text/plain", "*Bread*\n<b>", "*Bread*<br>&lt;b&gt;"),
        ("text/html", "<b>Bread</b>", "&lt;b&gt;Bread&lt;/b&gt;"),
        ("nonsense", "*Bread*", "*Bread*"),
        ("text/markdown\r\nX: y", "*Bread*", "*Bread*"),
        ("text/x-rst", "`Bread", "`Bread"),
        ("text/markdown", "", ""),
        ("text/x-rst", "", ""),
        ("text/plain", "", ""),
    ],
)
def test_rendering(content_type: str | None, description: str, html: str) -> None:
    assert render_description(description, content_type) == html


def test_links_and_images_survive() -> None:
    text = "[bread](https://index.example/bread) ![box](https://index.example/box.png)"
    assert elements(render_description(text, "text/markdown")) == [
        ("p", {}),
        ("a", {"href": "https://index.example/bread", "rel": "nofollow"}),
        ("img", {"src": "https://index.example/box.png", "alt": "box"}),
    ]


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("<script>alert(1)</script>", []),
        ("<scr<script>ipt>alert(1)</script>", [("p", {})]),
        ("<p>a<SCRIPT SRC=//index.example/x.js></SCRIPT></p>", [("p", {})]),
        ("<p onclick=alert(1)>a</p>", [("p", {})]),
        ("<img src=x onerror=alert(1)>", [("img", {"src": "x"})]),
        ("<img/src=x/onerror=alert(1)>", [("p", {})]),
        ("<svg onload=alert(1)><animate onbegin=alert(1)></svg>", [("p", {})]),
        ("<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>", [("p", {})]),
        ("<iframe src=javascript:alert(1)></iframe>", []),
        ("<object data=x></object><embed src=x>", [("p", {})]),
        ("<form action=//index.example><button>a</button></form>", []),
        ("<p style='background:url(javascript:alert(1))'>a</p>", [("p", {})]),
        ("<base href=//index.example><meta http-equiv=refresh content=0>", []),
        ("[a](javascript:alert(1))", [("p", {}), ("a", {"rel": "nofollow"})]),
        ("[a](JaVaScRiPt&colon;alert(1))", [("p", {}), ("a", {"rel": "nofollow"})]),
        ("<a href='java\tscript:alert(1)'>a</a>", [("p", {}), ("a", {"rel": "nofollow"})]),
        ("[a](data:text/html,alert)", [("p", {}), ("a", {"rel": "nofollow"})]),
        ("![a](javascript:alert(1))", [("p", {}), ("img", {"alt": "a"})]),
        ("<!--><script>alert(1)</script>-->", []),
    ],
)
def test_hostile_markdown(hostile: str, harmless: Elements) -> None:
    assert elements(render_description(hostile, "text/markdown")) == harmless


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("<script>alert(1)</script>", [("p", {})]),
        (".. raw:: html\n\n   <script>alert(1)</script>\n", [("br", {})] * 3),
        (".. include:: /etc/hostname\n", [("br", {})]),
        ("`a <javascript:alert(1)>`_", [("p", {}), ("a", {"rel": "nofollow"})]),
        (".. image:: javascript:alert(1)\n", [("img", {"alt": "javascript:alert(1)"})]),
    ],
)
def test_hostile_rst(hostile: str, harmless: Elements) -> None:
    assert elements(render_description(hostile, "text/x-rst")) == harmless


@pytest.mark.parametrize("content_type", ["text/plain", "text/html", "<script>"])
def test_plain_text_has_no_markup(content_type: str) -> None:
    assert elements(render_description("<script>alert(1)</script>", content_type)) == []


def test_deep_nesting_is_no_error() -> None:
    text = "".join("  " * depth + "* a\n\n" for depth in range(400)) + "<script>"
    assert "<script" not in render_description(text, "text/x-rst")
    assert "<script" not in render_description("> " * 5000 + "<script>", "text/markdown")
