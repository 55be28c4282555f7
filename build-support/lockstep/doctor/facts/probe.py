"""Asks a package index as pip and uv would, and tells what came of it."""

from __future__ import annotations

import base64
import errno
import netrc
import os
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPRedirectHandler,
    HTTPSHandler,
    ProxyHandler,
    Request,
    build_opener,
)

from lockstep.doctor.checks.index import Answer, Outcome, Question
from lockstep.doctor.facts.context import Context

SECONDS = 8.0
PROJECT = "pip"
"""A project that the setup needs, so that every index that serves it has it."""

_CERTIFICATES = {
    9: Outcome.NOT_YET_VALID,
    10: Outcome.EXPIRED,
    62: Outcome.OTHER_HOST,
    64: Outcome.OTHER_HOST,  # likewise, where the host is an IP address
}
"""What OpenSSL's codes of a failed verification mean; all others mean that nobody vouches."""


def ask_all(context: Context, questions: Sequence[Question]) -> List[Tuple[Question, Answer]]:
    """Ask all at once, so that one that is silent does not hold up the others."""
    if not questions:
        return []
    with ThreadPoolExecutor(len(questions)) as pool:
        answers = pool.map(lambda question: ask(context, question), questions)
        return list(zip(questions, answers))


def ask(context: Context, question: Question) -> Answer:
    """Ask one index for a project; where it has none of that name, for itself."""
    url, secret, source, problem = _with_credentials(context, question)
    try:
        trust = _trust(question)
    except _Unreadable as error:
        return Answer(Outcome.BAD_CERTIFICATES, detail=str(error))
    base = url if url.endswith("/") else f"{url}/"
    answer = _request(base if not question.main else f"{base}{PROJECT}/", secret, trust, question)
    if answer.status == 404:
        answer = _request(base, secret, trust, question)
    return replace(answer, credentials=source, detail=answer.detail or problem)


class _Unreadable(Exception):
    """Certificates that cannot be loaded."""


def _trust(question: Question) -> Optional[ssl.SSLContext]:
    """What TLS goes by."""
    if urlsplit(question.url).scheme != "https":
        return None
    trusted, folder = question.trust.value, question.trust_folder.value
    try:
        context = ssl.create_default_context(
            cafile=trusted if trusted and os.path.isfile(trusted) else None,
            capath=folder if folder and os.path.isdir(folder) else None,
        )
        if question.trust.place and trusted and not os.path.exists(trusted):
            raise _Unreadable("there is no such file")
        if trusted and os.path.isdir(trusted):
            context.load_verify_locations(capath=trusted)
    except (OSError, ssl.SSLError) as error:
        raise _Unreadable(_reason(error)) from None
    # Python 3.13 is stricter than pip's Python and uv are.
    context.verify_flags = ssl.VerifyFlags.VERIFY_DEFAULT
    if not question.verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if question.client.value:
        try:
            context.load_cert_chain(question.client.value)
        except (OSError, ssl.SSLError) as error:
            raise _Unreadable(f"client certificate: {_reason(error)}") from None
    return context


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, ssl.SSLError):
        return "it holds no certificate"
    return error.strerror or str(error)


class _SameHost(HTTPRedirectHandler):
    """Shows credentials again where an index leads to another page of its own, and to nobody else."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Optional[Request]:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        secret = req.unredirected_hdrs.get("Authorization")
        if request is not None and secret and _origin(newurl) == _origin(req.full_url):
            request.add_unredirected_header("Authorization", secret)
        return request


def _origin(url: str) -> Tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _request(url: str, secret: str, trust: Optional[ssl.SSLContext], question: Question) -> Answer:
    proxy = question.proxy.value
    proxies = {"http": proxy, "https": proxy} if proxy else {}
    opener = build_opener(ProxyHandler(proxies), _SameHost(), HTTPSHandler(context=trust))
    request = Request(
        url,
        headers={
            "Accept": "application/vnd.pypi.simple.v1+json, text/html; q=0.1",
            "User-Agent": "lockstep-doctor",
        },
    )
    if secret:
        request.add_unredirected_header("Authorization", secret)
    try:
        with opener.open(request, timeout=SECONDS) as response:
            return Answer(Outcome.ANSWERED, response.status, ahead=_ahead(response.headers))
    except HTTPError as error:
        with error:
            return Answer(Outcome.ANSWERED, error.code, ahead=_ahead(error.headers))
    except URLError as error:
        return failed(error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return failed(error)


def failed(error: Any) -> Answer:
    """What an exception means.

    Args:
        error: of the socket, of TLS or of HTTP; or a text.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        outcome = _CERTIFICATES.get(error.verify_code, Outcome.UNTRUSTED)
        return Answer(outcome, detail=error.verify_message.rstrip("."))
    if isinstance(error, ssl.SSLError):
        plain = error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
        detail = (error.reason or str(error)).lower().replace("_", " ")
        return Answer(Outcome.NO_TLS if plain else Outcome.BROKEN, detail=detail)
    if isinstance(error, socket.gaierror):
        return Answer(Outcome.UNKNOWN_HOST, detail=error.strerror or "")
    if isinstance(error, ConnectionRefusedError):
        return Answer(Outcome.REFUSED)
    if isinstance(error, (socket.timeout, TimeoutError)):
        return Answer(Outcome.NO_ANSWER, detail=f"in {SECONDS:.0f} seconds")
    if "Tunnel connection failed: 407" in str(error):
        return Answer(Outcome.ANSWERED, 407)
    if isinstance(error, OSError) and error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return Answer(Outcome.UNREACHABLE, detail=error.strerror or "")
    return Answer(Outcome.BROKEN, detail=type(error).__name__)


def _ahead(headers: Any) -> Optional[float]:
    """How far this machine's clock is ahead of the answer's."""
    try:
        return time.time() - parsedate_to_datetime(headers["Date"]).timestamp()
    except (TypeError, ValueError, IndexError):
        return None


def _with_credentials(context: Context, question: Question) -> Tuple[str, str, str, str]:
    """The URL without credentials, the header that shows them, where they come from, and why there
    are none although there is a file of them.
    """
    parts = urlsplit(question.url)
    credentials, at, location = parts.netloc.rpartition("@")
    url = urlunsplit(parts._replace(netloc=location))
    if at:
        user, _, password = credentials.partition(":")
        return url, _basic(unquote(user), unquote(password)), question.setting.place, ""
    named = context.environ.get("NETRC")
    path = Path(named) if named else context.home and context.home / ".netrc"
    if path is None or not path.is_file():
        return url, "", "", ""
    shown = context.shown(path)
    try:
        found = netrc.netrc(str(path)).authenticators(parts.hostname or "")
    except netrc.NetrcParseError as error:
        return url, "", "", f"{shown} cannot be read: {error.msg}, line {error.lineno}"
    except (OSError, UnicodeDecodeError) as error:
        return url, "", "", f"{shown} cannot be read: {type(error).__name__}"
    if found is None:
        return url, "", "", ""
    return url, _basic(found[0], found[2] or ""), shown, ""


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
