"""Render descriptions of distributions to HTML that is safe to show."""

import io
import logging
from email.message import EmailMessage

from readme_renderer import markdown, rst, txt

__all__ = ["render_description"]

log = logging.getLogger(__name__)


def render_description(description: str, content_type: str | None = None) -> str:
    """Return HTML without scripts, for any description and any content type.

    The content type is that of the core metadata (PEP 566): text/markdown with the variants GFM
    and CommonMark, text/x-rst, or text/plain. None means text/x-rst. Everything else, and what
    cannot be rendered as its type, is rendered as plain text.
    """
    try:
        rendered = _render(description, content_type or "text/x-rst")
    except Exception:  # Hostile text finds the parsers' bugs, and their recursion.
        log.warning("a description cannot be rendered", exc_info=True)
        rendered = None
    return rendered or txt.render(description) or ""


def _render(description: str, content_type: str) -> str | None:
    message = EmailMessage()
    message["Content-Type"] = content_type
    match message.get_content_type():
        case "text/markdown":
            variant = message["Content-Type"].params.get("variant", "GFM")
            return markdown.render(description, variant=variant)
        case "text/x-rst":
            return rst.render(description, stream=io.StringIO())
        case _:
            return None
