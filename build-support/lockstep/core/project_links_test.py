from __future__ import annotations

import pytest

from lockstep.core.project_links import changelog


def metadata(*links: str) -> str:
    return "Metadata-Version: 2.4\nName: a\n" + "".join(f"Project-URL: {link}\n" for link in links)


@pytest.mark.parametrize(
    "links, found",
    [
        ((), None),
        (("Homepage, https://a.example",), None),
        (("Changelog, https://a.example/c",), "https://a.example/c"),
        (("What's New,https://a.example/n",), "https://a.example/n"),
        (
            ("Release notes, https://a.example/r", "CHANGES, https://a.example/c"),
            "https://a.example/c",
        ),
        (("Changelog, javascript:alert(1)", "History, http://a.example/h"), "http://a.example/h"),
        (("Changelog, https://a.example/) | [x](https://b.example",), None),
        (("Changelog",), None),
    ],
)
def test_the_changelog_is_found_by_its_label(links: tuple[str, ...], found: str | None) -> None:
    assert changelog(metadata(*links)) == found
