"""Make pages of templates."""

from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_HEADERS = {
    # Even if a script got into a page, no browser would run it.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src https:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _size(value: int | None) -> str:
    """Return a number of bytes as people read it: 2.5 kB."""
    if value is None:
        return "unknown"
    size, unit = float(value), "B"
    for larger in ("kB", "MB", "GB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


_templates = Environment(
    loader=PackageLoader("inspector"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_templates.filters["size"] = _size


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return the page of a template. All values are escaped but those of type Markup."""
    text = _templates.get_template(template).render(values)
    return HTMLResponse(text, status, headers=_HEADERS)


def style(request: Request) -> Response:
    """Answer the style sheet."""
    css = files("inspector").joinpath("style.css").read_text("utf-8")
    return Response(css, media_type="text/css", headers={"Cache-Control": "max-age=3600"})
