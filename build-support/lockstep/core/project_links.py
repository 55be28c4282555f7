"""Links that a project's metadata names."""

from __future__ import annotations

import email
import re
from typing import Iterator

_LABELS = ("changelog", "changes", "whatsnew", "history", "releasenotes")
"""Labels of a changelog, the best first.

Source: "Well-known Project URLs in Metadata", packaging.python.org.
"""

_URL = re.compile(r"https?://[^\s<>()|`]+")


def changelog(metadata: str) -> str | None:
    """Where a project tells what has changed.

    Args:
        metadata: the text of METADATA (core metadata, PEP 566).

    Returns:
        a URL that can stand in Markdown as it is; None where there is none.
    """
    links = dict(_links(metadata))
    return next((links[label] for label in _LABELS if label in links), None)


def _links(metadata: str) -> Iterator[tuple[str, str]]:
    for value in email.message_from_string(metadata).get_all("Project-URL", ()):
        label, _, url = str(value).partition(",")
        if _URL.fullmatch(url.strip()):
            yield re.sub(r"[^a-z0-9]", "", label.lower()), url.strip()
