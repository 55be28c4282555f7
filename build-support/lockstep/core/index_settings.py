"""Index settings: what pip is configured with, said to pip and uv as environment variables.

Every artifact is checked against the lock's hashes, so where it was downloaded from is no input of
an environment. These settings therefore never become part of a cache key.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import Iterator, Mapping

from lockstep.core.errors import LockstepError

PASSED_ON = (
    "HOME",
    "USER",
    "NETRC",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSL_CLIENT_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
)
"""Variables that both tools read themselves."""

_UV_VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_HTTP_",
    "UV_INDEX",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS",
    "UV_OFFLINE",
    "UV_SYSTEM_CERTS",
)
"""Beginnings of the variables by which uv is told how to reach an index."""

_LISTS = {"extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
_PIP_KEYS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "trusted-host",
    "cert",
    "client-cert",
    "proxy",
    "timeout",
    "retries",
    "keyring-provider",
)
"""What of pip's configuration says how to reach an index; all else could change what is built."""

_ALIASES = {"default-timeout": "timeout"}
_FORMER_NAMES = {"UV_INDEX_URL": "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL": "UV_INDEX"}
_SEPARATORS = {"UV_INDEX": " ", "UV_FIND_LINKS": ",", "UV_INSECURE_HOST": " "}


def settings(environ: Mapping[str, str], pip_config: Mapping[str, str]) -> dict[str, str]:
    """The environment in which pip and uv see the index settings that pip is configured with.

    What the environment already says to uv wins over what is translated from pip. As for pip,
    a setting with an empty value says nothing, and `index_url` means `index-url`.

    Args:
        environ: the caller's environment.
        pip_config: keys of pip's configuration files (such as `index-url`), files merged in
            pip's order.

    Raises:
        LockstepError: the timeout is not a number.
    """
    said = {
        name: value
        for name, value in environ.items()
        if name in PASSED_ON or name.startswith(_UV_VARIABLES)
    }
    from_environ = {
        name[len("PIP_") :]: value for name, value in environ.items() if name.startswith("PIP_")
    }
    pip = {
        _key(name): value
        for name, value in (*pip_config.items(), *from_environ.items())
        if value and _key(name) in _PIP_KEYS
    }
    uv = dict(_for_uv(pip))
    for former, name in _FORMER_NAMES.items():
        if former in said:
            uv.pop(name, None)
    return {**dict(_for_pip(pip)), **uv, **said}


def _key(name: str) -> str:
    """The one spelling of a pip option that may be written in several."""
    # The doctor reads settings on Python 3.8, which has no `removeprefix`.
    key = re.sub("^--", "", name.lower().replace("_", "-"))
    return _ALIASES.get(key, key)


def _for_pip(pip: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """pip's settings as variables, and its configuration files left out of account."""
    yield "PIP_CONFIG_FILE", os.devnull
    for key, value in pip.items():
        if key == "no-index":  # uv has no variable for it, so the installer reads this one
            if value.lower() in ("1", "true", "t", "yes", "y", "on"):
                yield "PIP_NO_INDEX", "1"
            continue
        yield f"PIP_{key.upper().replace('-', '_')}", " ".join(value.split())


def _for_uv(pip: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if "index-url" in pip:
        yield "UV_DEFAULT_INDEX", pip["index-url"]
    for key, name in (*_LISTS.items(), ("trusted-host", "UV_INSECURE_HOST")):
        if pip.get(key, "").split():
            yield name, _SEPARATORS[name].join(pip[key].split())
    # pip takes a release from whichever index has it, and the hashes make that safe.
    yield "UV_INDEX_STRATEGY", "unsafe-best-match"
    if "cert" in pip:
        yield "SSL_CERT_FILE", pip["cert"]
    else:
        yield "UV_SYSTEM_CERTS", "1"
    if "client-cert" in pip:
        yield "SSL_CLIENT_CERT", pip["client-cert"]
    if "proxy" in pip:
        yield from ((name, pip["proxy"]) for name in ("HTTP_PROXY", "HTTPS_PROXY"))
    if "timeout" in pip:
        yield "UV_HTTP_TIMEOUT", _seconds(pip["timeout"])
    if pip.get("keyring-provider") == "subprocess":
        yield "UV_KEYRING_PROVIDER", "subprocess"


def _seconds(timeout: str) -> str:
    """Whole seconds, at least one, as uv reads them."""
    try:
        return str(max(1, int(float(timeout))))
    except (ValueError, OverflowError):
        raise LockstepError(
            f"pip's setting `timeout` is `{timeout}`, which is no number of seconds",
            mend="Mend it where `pip config debug` shows it",
        ) from None


def as_shell(variables: Mapping[str, str]) -> str:
    """Variables as lines that a POSIX shell reads with `.`."""
    return "".join(
        f"export {name}={shlex.quote(value)}\n" for name, value in sorted(variables.items())
    )
