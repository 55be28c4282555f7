"""Takes out of a text what must not be told: credentials, tokens, names of people, their folders."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import FrozenSet, Iterable, Iterator, Mapping, Tuple
from urllib.parse import quote, unquote

HIDDEN = "****"

_SECRET_NAME = (
    r"(?!(?:OLD)?PWD\b)[\w.-]{0,64}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key"
    r"|access[_-]?key|private[_-]?key|credential|cookie|auth(?!ors?\b))[\w.-]{0,64}"
)
_IS_SECRET = re.compile(_SECRET_NAME, re.IGNORECASE)

_PATTERNS: Tuple[Tuple[str, str], ...] = (
    (r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)", ""),  # colours, links
    (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", HIDDEN),
    (r"://\S*@", f"://{HIDDEN}@"),
    (r"(://[^\s?]*\?)\S+", rf"\1{HIDDEN}"),
    (r"(?<![\w/])[^\s:/@'\"`]+:(?!//)[^\s@]+@(?=[\w-]+[.:])", f"{HIDDEN}@"),
    (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b", "EMAIL"),
    (r"\b(?:gh[pousr]_|github_pat_|glpat-|pypi-|npm_|hf_|sk-|xox[abeoprs]-)[\w-]{10,}", HIDDEN),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bAIza[\w-]{20,}|\beyJ[\w-]{5,}\.[\w.-]+", HIDDEN),
    (r"(?i)\b(bearer|basic|digest)\s+[A-Za-z0-9._~+/=-]{8,}", rf"\1 {HIDDEN}"),
    # To the end of the line: a quote may end the value, or be a part of it.
    (rf"(?i)(\b{_SECRET_NAME}[\"'`]?\s*[:=]\s*)[^\n]+", rf"\1{HIDDEN}"),
    (rf"(?i)(--{_SECRET_NAME}\s+)[^\n]+", rf"\1{HIDDEN}"),
)
"""What gives a secret away by how it looks, in the order that it is looked for."""

_NOBODY = frozenset(
    "admin app build builder ci circleci docker git jenkins lockstep nobody pants python root"
    " runner ubuntu user vagrant vscode".split()
)
"""User names that tell nothing of a person, and that are words which a report needs."""


@dataclass(frozen=True)
class Private:
    """What is known of the person who asks.

    Attributes:
        secrets: texts that must not be told wherever they stand.
        users: names of the person.
        homes: the person's folder, in every spelling.
    """

    secrets: FrozenSet[str] = frozenset()
    users: FrozenSet[str] = frozenset()
    homes: FrozenSet[str] = frozenset()


def secrets_of(environ: Mapping[str, str], texts: Iterable[str]) -> FrozenSet[str]:
    """The secrets in variables whose name says so, and in URLs of variables and texts.

    Args:
        environ: the environment.
        texts: such as configuration files.
    """
    found = {value for name, value in environ.items() if _IS_SECRET.fullmatch(name)}
    for text in (*environ.values(), *texts):
        for credentials in re.findall(r"://(\S*)@", text):
            user, _, password = credentials.partition(":")
            # A name without a password is a token more often than not.
            found.update(_spellings(password or user))
            pair = f"{unquote(user)}:{unquote(password)}"
            found.add(base64.b64encode(pair.encode()).decode())
    return frozenset(secret for secret in found if len(secret) >= 4)


def _spellings(secret: str) -> Iterator[str]:
    plain = unquote(secret)
    yield from (secret, plain, quote(plain), quote(plain, safe=""))


def without_secrets(text: str, private: Private) -> str:
    """A text with `****` for every credential and token.

    Args:
        text: anything.
        private: only its secrets are used.
    """
    for secret in sorted(private.secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern, instead in _PATTERNS:
        text = re.sub(pattern, instead, text)
    return text


def redacted(text: str, private: Private) -> str:
    """A text that can be shown to anybody.

    Homes become `~`, those of others `/home/USER`, and names of the person `USER`.
    """
    text = without_secrets(text, private)
    for home in sorted(private.homes, key=len, reverse=True):
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
    text = re.sub(r"(?<![\w.~])(/home|/Users)/[^/\s:'\"`,;]+", r"\1/USER", text)
    for user in sorted(private.users, key=len, reverse=True):
        if user.lower() not in _NOBODY:
            text = re.sub(rf"(?i)(?<![A-Za-z0-9]){re.escape(user)}(?![A-Za-z0-9])", "USER", text)
    return text
