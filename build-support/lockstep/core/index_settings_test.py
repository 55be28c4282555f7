"""Index settings as pip states them, told to pip and uv."""

from __future__ import annotations

import os
import subprocess

import pytest

from lockstep.core.errors import LockstepError
from lockstep.core.index_settings import PASSED_ON, as_shell, settings

ALWAYS = {
    "PIP_CONFIG_FILE": os.devnull,
    "UV_INDEX_STRATEGY": "unsafe-best-match",
    "UV_SYSTEM_CERTS": "1",
}
INDEX = "https://ann:se%20cret@index.example/simple"
OTHER = "https://other.example/simple"
THIRD = "https://third.example/simple"


@pytest.mark.parametrize(
    "environ,config,said",
    [
        ({}, {}, {}),
        (
            {
                "PATH": "/bin",
                "PIPX_HOME": "/x",
                "UVICORN": "1",
                "PIP_USER": "1",
                "UV_NO_BINARY": "1",
            },
            {},
            {},
        ),
        ({"HOME": "/home/ann", "NO_PROXY": ""}, {}, {"HOME": "/home/ann", "NO_PROXY": ""}),
        (
            {},
            {"index-url": INDEX},
            {"PIP_INDEX_URL": INDEX, "UV_DEFAULT_INDEX": INDEX},
        ),
        (
            {},
            {"extra-index-url": f"\n{OTHER}\n  {THIRD}", "find-links": "/wheels  /more"},
            {
                "PIP_EXTRA_INDEX_URL": f"{OTHER} {THIRD}",
                "PIP_FIND_LINKS": "/wheels /more",
                "UV_INDEX": f"{OTHER} {THIRD}",
                "UV_FIND_LINKS": "/wheels,/more",
            },
        ),
        (
            {"PIP_INDEX_URL": OTHER},
            {"index-url": INDEX},
            {"PIP_INDEX_URL": OTHER, "UV_DEFAULT_INDEX": OTHER},
        ),
        (
            {"PIP_INDEX_URL": "", "PIP_TRUSTED_HOST": ""},
            {"index-url": INDEX, "proxy": ""},
            {"PIP_INDEX_URL": INDEX, "UV_DEFAULT_INDEX": INDEX},
        ),
        (
            {"UV_DEFAULT_INDEX": THIRD, "UV_INDEX_STRATEGY": "first-index", "UV_SYSTEM_CERTS": "0"},
            {"index-url": INDEX},
            {
                "PIP_INDEX_URL": INDEX,
                "UV_DEFAULT_INDEX": THIRD,
                "UV_INDEX_STRATEGY": "first-index",
                "UV_SYSTEM_CERTS": "0",
            },
        ),
        (
            {"UV_INDEX_URL": THIRD, "UV_EXTRA_INDEX_URL": THIRD},
            {"index-url": INDEX, "extra-index-url": OTHER},
            {
                "PIP_INDEX_URL": INDEX,
                "PIP_EXTRA_INDEX_URL": OTHER,
                "UV_INDEX_URL": THIRD,
                "UV_EXTRA_INDEX_URL": THIRD,
            },
        ),
        (
            {"PIP_EXTRA_INDEX_URL": OTHER},
            {"index_url": INDEX, "--extra_index_url": THIRD},
            {
                "PIP_INDEX_URL": INDEX,
                "PIP_EXTRA_INDEX_URL": OTHER,
                "UV_DEFAULT_INDEX": INDEX,
                "UV_INDEX": OTHER,
            },
        ),
        (
            {},
            {"trusted-host": "a.example\nb.example:8080", "proxy": "http://proxy.example:3128"},
            {
                "PIP_TRUSTED_HOST": "a.example b.example:8080",
                "PIP_PROXY": "http://proxy.example:3128",
                "UV_INSECURE_HOST": "a.example b.example:8080",
                "HTTP_PROXY": "http://proxy.example:3128",
                "HTTPS_PROXY": "http://proxy.example:3128",
            },
        ),
        (
            {},
            {"client-cert": "/me.pem", "keyring-provider": "subprocess"},
            {
                "PIP_CLIENT_CERT": "/me.pem",
                "PIP_KEYRING_PROVIDER": "subprocess",
                "SSL_CLIENT_CERT": "/me.pem",
                "UV_KEYRING_PROVIDER": "subprocess",
            },
        ),
        ({}, {"keyring-provider": "import"}, {"PIP_KEYRING_PROVIDER": "import"}),
    ],
)
def test_settings(environ: dict[str, str], config: dict[str, str], said: dict[str, str]) -> None:
    assert settings(environ, config) == {**ALWAYS, **said}


def test_own_certificates_stand_for_those_of_the_system() -> None:
    assert settings({"PIP_CERT": "/ca.pem"}, {}) == {
        "PIP_CERT": "/ca.pem",
        "PIP_CONFIG_FILE": os.devnull,
        "SSL_CERT_FILE": "/ca.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


@pytest.mark.parametrize("value", ["1", "true", "Yes", "ON", "y", "t"])
def test_no_index(value: str) -> None:
    said = settings({}, {"no-index": value})
    assert said == {**ALWAYS, "PIP_NO_INDEX": "1"}


@pytest.mark.parametrize("value", ["0", "false", "No", "off", ""])
def test_no_index_denied(value: str) -> None:
    assert settings({}, {"no-index": value}) == ALWAYS


@pytest.mark.parametrize(
    "environ,config,seconds",
    [
        ({}, {"timeout": "60"}, "60"),
        ({}, {"default-timeout": "60"}, "60"),
        ({"PIP_TIMEOUT": "90.5"}, {"timeout": "60"}, "90"),
        ({"PIP_DEFAULT_TIMEOUT": "90"}, {"timeout": "60"}, "90"),
        ({"PIP_TIMEOUT": "90"}, {"default-timeout": "60"}, "90"),
        ({}, {"timeout": "0.2"}, "1"),
        ({"UV_HTTP_TIMEOUT": "7"}, {"timeout": "60"}, "7"),
    ],
)
def test_timeout(environ: dict[str, str], config: dict[str, str], seconds: str) -> None:
    assert settings(environ, config)["UV_HTTP_TIMEOUT"] == seconds


def test_environment_and_file_never_tell_pip_two_timeouts() -> None:
    assert settings({"PIP_DEFAULT_TIMEOUT": "90"}, {"timeout": "60"}) == {
        **ALWAYS,
        "PIP_TIMEOUT": "90",
        "UV_HTTP_TIMEOUT": "90",
    }


@pytest.mark.parametrize("value", ["soon", "nan", "inf"])
def test_timeout_that_is_no_number(value: str) -> None:
    with pytest.raises(LockstepError) as caught:
        settings({}, {"timeout": value})
    assert str(caught.value) == (
        f"pip's setting `timeout` is `{value}`, which is no number of seconds. "
        "Mend it where `pip config debug` shows it."
    )


def test_what_both_tools_read_themselves_is_passed_on() -> None:
    environ = {name: f"/{name}" for name in PASSED_ON}
    assert settings(environ, {}) == {**ALWAYS, **environ}


NASTY = {"B": 'it\'s "two" words', "A": "$HOME `id` \\ a\nb", "EMPTY": "", "U": INDEX}


def test_as_shell() -> None:
    assert as_shell({"B": "it's", "A": "", "C": "plain"}) == (
        "export A=''\nexport B='it'\"'\"'s'\nexport C=plain\n"
    )


def test_shell_reads_back_every_value() -> None:
    script = as_shell(NASTY) + "".join(f'printf "%s\\0" "${name}"\n' for name in NASTY)
    result = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, text=True)
    assert result.stdout.split("\0")[:-1] == list(NASTY.values())
