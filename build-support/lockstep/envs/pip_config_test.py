"""pip's configuration files, found and merged as pip does it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lockstep.core.errors import LockstepError
from lockstep.envs.pip_config import configured_settings, pip_config_files, read_pip_config

SECRET = "https://ann:secret@index.example/simple"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="macOS has other folders")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@linux_only
@pytest.mark.parametrize(
    "environ,files",
    [
        (
            {"HOME": "/home/ann"},
            [
                "/etc/xdg/pip/pip.conf",
                "/etc/pip.conf",
                "/home/ann/.pip/pip.conf",
                "/home/ann/.config/pip/pip.conf",
            ],
        ),
        (
            {"HOME": "/home/ann", "XDG_CONFIG_HOME": "/conf", "XDG_CONFIG_DIRS": "/xdg"},
            [
                "/xdg/pip/pip.conf",
                "/etc/pip.conf",
                "/home/ann/.pip/pip.conf",
                "/conf/pip/pip.conf",
            ],
        ),
        (
            {"HOME": "/home/ann", "PIP_CONFIG_FILE": "/there/is/none.conf"},
            [
                "/etc/xdg/pip/pip.conf",
                "/etc/pip.conf",
                "/home/ann/.pip/pip.conf",
                "/home/ann/.config/pip/pip.conf",
                "/there/is/none.conf",
            ],
        ),
        ({"HOME": "/home/ann", "PIP_CONFIG_FILE": os.devnull}, []),
    ],
)
def test_files_least_important_first(environ: dict[str, str], files: list[str]) -> None:
    assert [str(path) for path in pip_config_files(environ)] == files


@linux_only
def test_last_folder_of_the_system_wins_as_in_pip() -> None:
    found = pip_config_files({"HOME": "/home/ann", "XDG_CONFIG_DIRS": "/one:/two"})
    assert [str(path) for path in found][:2] == ["/one/pip/pip.conf", "/two/pip/pip.conf"]


@linux_only
def test_named_file_stands_for_those_of_the_user(tmp_path: Path) -> None:
    named = write(tmp_path / "named.conf", "[global]\n")
    found = pip_config_files({"HOME": "/home/ann", "PIP_CONFIG_FILE": str(named)})
    assert [str(path) for path in found] == ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", str(named)]


def test_later_files_and_then_install_win(tmp_path: Path) -> None:
    files = [
        write(
            tmp_path / "system.conf",
            "[global]\nindex-url = a\ntimeout = 1\n[install]\nproxy = a\ncert = a\n",
        ),
        tmp_path / "missing.conf",
        write(
            tmp_path / "user.conf",
            "# mine\n[global]\nIndex-URL: b\ncert = b\nproxy = b\n[install]\nproxy = 100%c\n",
        ),
        write(tmp_path / "other.conf", "[download]\nindex-url = d\n"),
        write(tmp_path / "empty.conf", ""),
    ]
    assert read_pip_config(files) == {
        "index-url": "b",
        "timeout": "1",
        "proxy": "100%c",
        "cert": "a",
    }


def test_values_of_several_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "pip.conf", "[global]\nfind-links =\n    /wheels\n    /more\n")
    assert read_pip_config([path]) == {"find-links": "\n/wheels\n/more"}


def test_settings_of_file_and_environment(tmp_path: Path) -> None:
    path = write(tmp_path / "pip.conf", "[global]\nindex-url = https://index.example/a b\n")
    environ = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path),
        "PIP_CONFIG_FILE": str(path),
    }
    said = configured_settings({**environ, "PIP_INDEX_URL": SECRET, "SHELL": "/bin/sh"})
    assert {name: said[name] for name in said if "INDEX" in name or "SHELL" in name} == {
        "PIP_INDEX_URL": SECRET,
        "UV_DEFAULT_INDEX": SECRET,
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


@pytest.mark.parametrize(
    "text,fault",
    [
        (
            f"index-url = {SECRET}\n",
            "File contains no section headers.\nfile: {path!r}, line: 1\n"
            "'index-url = https://****@index.example/simple\\n'",
        ),
        (
            "[global]\ntimeout = 1\ntimeout = 2\n",
            "While reading from {path!r} [line  3]: "
            "option 'timeout' in section 'global' already exists",
        ),
        (
            "[global]\n[install]\n[global]\n",
            "While reading from {path!r} [line  3]: section 'global' already exists",
        ),
    ],
)
def test_damaged_file(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path / "pip.conf", text)
    with pytest.raises(LockstepError) as caught:
        read_pip_config([path])
    assert str(caught.value) == (
        f"pip's configuration file {path} cannot be read ({fault.format(path=path)}). "
        "Mend it, or see `pip config debug`."
    )


def test_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    path.write_bytes(b"[global]\nuser = \xff\n")
    with pytest.raises(LockstepError):
        read_pip_config([path])
