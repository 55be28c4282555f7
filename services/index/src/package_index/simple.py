"""The simple API, version 1.1: PEP 503, 592, 658, 691, 700 and 714."""

import json
from html import escape
from typing import Any

from mimeparse import MimeTypeParseException, best_match

from package_index.store import File

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
LEGACY_HTML = "text/html"

_META = {"api-version": "1.1"}

_PAGE = """\
<!DOCTYPE html>
<html>
<head>
<meta name="pypi:repository-version" content="1.1">
<title>{title}</title>
</head>
<body>
{links}</body>
</html>
"""


def choose_type(accept: str) -> str | None:
    """Return the content type that an Accept header likes best, or None if it likes none.

    A malformed header likes none. Without preference it is text/html (PEP 691).
    """
    supported = [JSON, HTML, LEGACY_HTML]  # Of equally fitting ones, the last.
    try:
        return best_match(supported, accept if accept.strip() else "*/*") or None
    except MimeTypeParseException:
        return None


def project_list(projects: list[str], content_type: str) -> str:
    """Return the page of all projects (normalised names)."""
    if content_type == JSON:
        return json.dumps({"meta": _META, "projects": [{"name": name} for name in projects]})
    return _page("Simple index", [(name, {"href": f"{name}/"}) for name in projects])


def project_detail(project: str, files: list[File], content_type: str) -> str:
    """Return the page of a project (normalised name)."""
    if content_type == JSON:
        versions = dict.fromkeys(str(file.file.version) for file in files)
        page = {"meta": _META, "name": project, "versions": [*versions]}
        return json.dumps({**page, "files": [_json_file(file) for file in files]})
    return _page(f"Links for {project}", [(f.file.name, _attributes(f)) for f in files])


def _url(file: File) -> str:
    """Relative to the page of the project."""
    return f"../../files/{file.file.name}"


def _json_file(file: File) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "filename": file.file.name,
        "url": _url(file),
        "hashes": {"sha256": file.sha256},
        "size": file.size,
        "upload-time": file.uploaded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "yanked": file.yanked is not None and (file.yanked or True),
    }
    if file.requires_python is not None:
        shown["requires-python"] = file.requires_python
    if file.metadata_sha256 is not None:
        shown["core-metadata"] = {"sha256": file.metadata_sha256}
    return shown


def _attributes(file: File) -> dict[str, str]:
    attributes = {"href": f"{_url(file)}#sha256={file.sha256}"}
    if file.requires_python is not None:
        attributes["data-requires-python"] = file.requires_python
    if file.metadata_sha256 is not None:
        attributes["data-core-metadata"] = f"sha256={file.metadata_sha256}"
    if file.yanked is not None:
        attributes["data-yanked"] = file.yanked
    return attributes


def _page(title: str, links: list[tuple[str, dict[str, str]]]) -> str:
    lines = []
    for text, attributes in links:
        written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
        lines.append(f"<a {written}>{escape(text)}</a><br>\n")
    return _PAGE.format(title=escape(title), links="".join(lines))
