import os
import subprocess
import sys
from pathlib import Path

import pytest

from service_setup.settings import Settings, SettingsError, read_settings


def test_defaults(tmp_path: Path) -> None:
    database = tmp_path / "data.sqlite3"
    assert read_settings({"DATABASE": str(database)}) == Settings(
        host="127.0.0.1", port=8000, database=database, log_level="INFO"
    )


def test_every_variable_is_read(tmp_path: Path) -> None:
    database = tmp_path / "data.sqlite3"
    environ = {"HOST": "::1", "PORT": "0", "DATABASE": str(database), "LOG_LEVEL": "DEBUG"}
    assert read_settings(environ) == Settings(
        host="::1", port=0, database=database, log_level="DEBUG"
    )


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HOST", "", "HOST is '', but must be a host name or an IP address."),
        ("PORT", "http", "PORT is 'http', but must be a whole number from 0 to 65535."),
        ("PORT", "-1", "PORT is '-1', but must be a whole number from 0 to 65535."),
        ("PORT", "65536", "PORT is '65536', but must be a whole number from 0 to 65535."),
        (
            "DATABASE",
            "/",
            "DATABASE is '/', but must be the path of a file in an existing directory.",
        ),
        (
            "DATABASE",
            "/no/such/file",
            "DATABASE is '/no/such/file', but must be the path of a file in an existing directory.",
        ),
        (
            "LOG_LEVEL",
            "loud",
            "LOG_LEVEL is 'loud', but must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL.",
        ),
    ],
)
def test_a_bad_value_is_named(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"DATABASE": "data.sqlite3", variable: value})
    assert str(caught.value) == message


def test_a_bad_value_ends_the_process_with_one_sentence() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from service_setup.settings import *; settings_or_exit()"],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "DATABASE is not set, but must be the path of a file in an existing directory.\n",
    )
