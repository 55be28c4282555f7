import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from service_setup.settings import (
    PostgresUrl,
    Settings,
    SettingsError,
    read_database,
    read_directory,
    read_optional_url,
    read_settings,
    read_url,
)

NAMED = "DATA"
DATABASE = "must be a postgresql:// URL or the path of a file in an existing directory."


def error(read: Callable[[Mapping[str, str], str], object], environ: Mapping[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        read(environ, NAMED)
    return str(caught.value)


def test_defaults() -> None:
    assert read_settings({}) == Settings(host="127.0.0.1", port=8000, log_level="INFO")


def test_every_variable_is_read() -> None:
    assert read_settings({"HOST": "::1", "PORT": "0", "LOG_LEVEL": "DEBUG"}) == Settings(
        host="::1", port=0, log_level="DEBUG"
    )


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HOST", "", "HOST is '', but must be a host name or an IP address."),
        ("PORT", "http", "PORT is 'http', but must be a whole number from 0 to 65535."),
        ("PORT", "-1", "PORT is '-1', but must be a whole number from 0 to 65535."),
        ("PORT", "65536", "PORT is '65536', but must be a whole number from 0 to 65535."),
        (
            "LOG_LEVEL",
            "loud",
            "LOG_LEVEL is 'loud', but must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL.",
        ),
    ],
)
def test_a_bad_value_is_named(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({variable: value})
    assert str(caught.value) == message


def test_urls() -> None:
    url = "https://baker:bread@index.example/simple"
    assert read_url({NAMED: url}, NAMED) == url
    assert (read_optional_url({NAMED: url}, NAMED), read_optional_url({}, NAMED)) == (url, None)


def test_no_urls() -> None:
    assert error(read_url, {}) == "DATA is not set, but must be an HTTP URL."
    assert error(read_url, {NAMED: "x"}) == "DATA is 'x', but must be an HTTP URL."
    assert error(read_optional_url, {NAMED: ""}) == "DATA is '', but must be an HTTP URL."
    assert error(read_url, {NAMED: "ftp://baker:b@\nread@index.example"}) == (
        "DATA is '…@index.example', but must be an HTTP URL."
    )


def test_directories(tmp_path: Path) -> None:
    assert read_directory({NAMED: str(tmp_path)}, NAMED) == tmp_path
    assert read_directory({NAMED: "."}, NAMED) == Path.cwd()
    assert error(read_directory, {}) == (
        "DATA is not set, but must be the path of an existing directory."
    )
    assert error(read_directory, {NAMED: "/no/such"}) == (
        "DATA is '/no/such', but must be the path of an existing directory."
    )


def test_databases(tmp_path: Path) -> None:
    path = tmp_path / "data.sqlite3"
    assert read_database({NAMED: str(path)}, NAMED) == path
    assert read_database({NAMED: "data.sqlite3"}, NAMED) == Path("data.sqlite3")
    for scheme in ("postgresql", "postgres"):
        url = f"{scheme}://baker:bread@db.example/lines"
        database = read_database({NAMED: url}, NAMED)
        assert (database, repr(database)) == (PostgresUrl(url), "PostgresUrl()")


def test_no_databases() -> None:
    assert error(read_database, {}) == f"DATA is not set, but {DATABASE}"
    assert error(read_database, {NAMED: "/"}) == f"DATA is '/', but {DATABASE}"
    assert error(read_database, {NAMED: "/no/such/file"}) == (
        f"DATA is '/no/such/file', but {DATABASE}"
    )
    for url in ("mysql://baker:bread@db.example/lines", "postgresql://baker:b read@db.example"):
        assert error(read_database, {NAMED: url}) == f"DATA is a bad URL, but {DATABASE}"


def test_a_bad_value_ends_the_process_with_one_sentence() -> None:
    program = "from service_setup.settings import *; settings_or_exit(read_settings)"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PORT": "x"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "PORT is 'x', but must be a whole number from 0 to 65535.\n",
    )
