"""Modules that a file names by strings which a framework imports, such as `pytest_plugins`."""

from __future__ import annotations

import io
import re
import tokenize
from tokenize import TokenInfo
from typing import Iterator

_ASSIGNED = frozenset(
    [
        "ASGI_APPLICATION",
        "AUTHENTICATION_BACKENDS",
        "CONTEXT_PROCESSORS",
        "INSTALLED_APPS",
        "MIDDLEWARE",
        "ROOT_URLCONF",
        "WSGI_APPLICATION",
        "pytest_plugins",
    ]
)
"""Names whose value, a string or a collection of some, a framework imports: pytest, Django."""

_CALLED = frozenset(
    ["__import__", "import_module", "importorskip", "include", "include_router", "patch"]
)
"""Calls whose first argument is imported: importlib, pytest, Pyramid, Django's URLs, mock."""

_APP_MODULES = ("apps", "models")
"""What Django imports of each installed app by itself."""

_NOT_INFERRED = "# pants: no-infer-dep"
_MODULE = re.compile(r"(\.*)([^\W\d]\w*(?:\.[^\W\d]\w*)*)(?::[\w.]+)?|(\.+)")
_TRIGGER = re.compile(rf"\b(?:{'|'.join(sorted(_ASSIGNED | _CALLED))})\b")
_QUOTED = re.compile(r"[rRuU]?(\"\"\"|'''|\"|')(.*)\1", re.S)


def named_modules(source: str, path: str) -> dict[str, int]:
    """Dotted names that a framework would import, and the line that names each.

    What follows the names of settings and calls above is read, not every string. A dotted name may
    end in an attribute, as `from` imports do.

    Args:
        source: the text of a Python file.
        path: the file relative to its source root, for relative names.
    """
    if not _TRIGGER.search(source):
        return {}
    found: dict[str, int] = {}
    try:
        for trigger, text, line in _strings(list(_tokens(source))):
            module = _absolute(text, path)
            if module is None or _NOT_INFERRED in source.splitlines()[line - 1]:
                continue
            found.setdefault(module, line)
            if trigger == "INSTALLED_APPS":
                for part in _APP_MODULES:
                    found.setdefault(f"{module}.{part}", line)
    except (tokenize.TokenError, SyntaxError):
        pass  # the file cannot be imported either
    return found


def _tokens(source: str) -> Iterator[TokenInfo]:
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped:
            yield token


def _strings(tokens: list[TokenInfo]) -> Iterator[tuple[str, str, int]]:
    """The trigger, the string and its line, for each string that a framework reads."""
    for at, token in enumerate(tokens[:-2]):
        if token.type != tokenize.NAME:
            continue
        after = tokens[at + 1]
        if token.string in _CALLED and after.string == "(":
            yield from _string(token.string, tokens[at + 2])
        elif token.string in _ASSIGNED and after.string in ("=", "+=", ":", "."):
            for following in tokens[at + 2 :]:
                if following.type == tokenize.NEWLINE:
                    break
                yield from _string(token.string, following)


def _string(trigger: str, token: TokenInfo) -> Iterator[tuple[str, str, int]]:
    quoted = _QUOTED.fullmatch(token.string) if token.type == tokenize.STRING else None
    if quoted is not None:
        yield trigger, quoted.group(2), token.start[0]


def _absolute(text: str, path: str) -> str | None:
    """The dotted name without a `:attribute`; None for what is none."""
    match = _MODULE.fullmatch(text)
    if match is None:
        return None
    dots = match.group(1) or match.group(3) or ""
    name = match.group(2) or ""
    if not dots:
        return name
    package = path.split("/")[:-1]
    if len(dots) > len(package):
        return None
    return ".".join(filter(None, [*package[: len(package) - len(dots) + 1], name]))
