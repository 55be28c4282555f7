"""Downloads files of a package index, with the settings that pip and uv are given."""

from __future__ import annotations

import io
import os
import shutil
import ssl
import time
from typing import IO, Iterable, Mapping
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter

from lockstep.core.artifacts import Artifact
from lockstep.core.errors import LockstepError

_BLOCK = 1 << 16
_TIMEOUT_SECONDS = 15.0
_RETRIES = 5
"""These two are pip's defaults."""

_INDEXES = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"),
    *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"),
)
_CERTIFICATES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class Downloads:
    """Fetches files, several at a time if asked by several threads.

    Args:
        settings: what `pip_config.configured_settings` tells, of which these count: indexes, for
            user names and passwords; certificates, trusted hosts, timeout and retries. Proxies and
            netrc are read from the process's environment.

    Raises:
        LockstepError: the number of retries is none.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._find_links = settings.get("PIP_FIND_LINKS", "").split()
        self._trusted = {*settings.get("PIP_TRUSTED_HOST", "").lower().split()}
        indexes = " ".join(settings.get(name, "") for name in _INDEXES).split()
        self._credentials = dict(found for url in indexes for found in _credentials(url))
        self._timeout = float(settings.get("PIP_TIMEOUT", _TIMEOUT_SECONDS))
        self._retries = _whole(settings.get("PIP_RETRIES", str(_RETRIES)))
        self._certificates = next(filter(None, map(settings.get, _CERTIFICATES)), None)
        system = ssl.get_default_verify_paths()
        self._certificates = self._certificates or system.cafile or system.capath
        self._session = requests.Session()
        self._session.cert = settings.get("PIP_CLIENT_CERT")
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=16))

    def fetch(self, artifact: Artifact, target: IO[bytes]) -> None:
        """Write a file to a target.

        Raises:
            LockstepError: it is not there, or its place cannot be reached.
            OSError: the target cannot be written.
        """
        if urlsplit(artifact.url).scheme in ("http", "https"):
            reason = self._copy(artifact.url, target)
            if reason:
                raise _unavailable(artifact.name, artifact.url, reason)
            return
        for path in self._paths(artifact):
            if os.path.isabs(path) and os.path.isfile(path):
                with open(path, "rb") as source:
                    shutil.copyfileobj(source, target)
                return
        raise _unavailable(artifact.name, artifact.url, "it is not there any more")

    def text(self, url: str, what: str) -> str | None:
        """What stands at a URL; None where the server knows nothing of it (404, 410).

        Args:
            url: of http or https.
            what: it, in words for an error.

        Raises:
            LockstepError: it cannot be had.
        """
        target = io.BytesIO()
        reason = self._copy(url, target)
        if reason in ("status 404", "status 410"):
            return None
        if reason:
            raise _unavailable(what, url, reason)
        return target.getvalue().decode(errors="replace")

    def _paths(self, artifact: Artifact) -> Iterable[str]:
        """Where a file of this machine may be; those of find-links uv tells relative to a sandbox."""
        place = urlsplit(artifact.url)
        yield unquote(place.path) if place.scheme == "file" else artifact.url
        for folder in map(urlsplit, self._find_links):
            if folder.scheme in ("", "file"):
                yield os.path.join(unquote(folder.path), artifact.name)

    def _copy(self, url: str, target: IO[bytes]) -> str:
        """Write what stands at a URL to a target; returns why that cannot be, empty if it is done."""
        reason = ""
        for pause in (0.0, *(0.25 * 2**attempt for attempt in range(self._retries))):
            time.sleep(pause)
            target.seek(0)
            target.truncate()
            try:
                with self._asked(url) as answer:
                    answer.raise_for_status()
                    if _copied(answer, target):
                        return ""
                    reason = "the connection was cut"
            except requests.HTTPError as error:
                status = error.response.status_code
                reason = f"status {status}"
                if status < 500:
                    break
            except requests.exceptions.SSLError:
                reason = "its certificate is not trusted"
                break
            except requests.Timeout:
                reason = "there is no answer in time"
            except requests.RequestException:
                reason = "it cannot be reached"
        return reason

    def _asked(self, url: str) -> requests.Response:
        place = urlsplit(url)
        hosts = {(place.hostname or "").lower(), place.netloc.lower()}
        return self._session.get(
            url,
            stream=True,
            timeout=self._timeout,
            auth=self._credentials.get(place.netloc.lower()),
            verify=self._certificates if hosts.isdisjoint(self._trusted) else False,
            headers={"Accept-Encoding": "identity"},  # a wheel is compressed already
        )


def _copied(answer: requests.Response, target: IO[bytes]) -> bool:
    """Whether all of an answer came."""
    received = 0
    blocks = answer.iter_content(_BLOCK)
    while True:
        try:
            block = next(blocks, b"")
        except requests.RequestException:
            return False
        if not block:
            return received == int(answer.headers.get("Content-Length", received))
        target.write(block)
        received += len(block)


def _credentials(index: str) -> Iterable[tuple[str, tuple[str, str]]]:
    """The place of an index, with the user name and password if its URL holds them."""
    place = urlsplit(index)
    if place.username is not None:
        named = unquote(place.username), unquote(place.password or "")
        yield place.netloc.rpartition("@")[2].lower(), named


def _whole(retries: str) -> int:
    if not retries.strip().isdecimal():
        raise LockstepError(
            f"pip's setting `retries` is `{retries}`, which is no number",
            mend="Mend it where `pip config debug` shows it",
        )
    return int(retries)


def _unavailable(what: str, url: str, reason: str) -> LockstepError:
    host = urlsplit(url).hostname
    return LockstepError(
        f"{what} cannot be fetched{f' from {host}' if host else ''}: {reason}",
        mend="Run this again when it can be reached",
    )
