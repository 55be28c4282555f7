"""Drives `sh pants` as a user would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Repo, SetUp

VERSION = "2.17.1\n"


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_ten_at_once_set_up_one_environment(set_up: SetUp) -> None:
    assert [(o.code, o.out) for o in set_up.outcomes] == [(0, VERSION)] * 10, set_up.outcomes
    said = [o.err for o in set_up.outcomes]
    assert sum("first run: setting up Pants 2.17.1 in" in err for err in said) == 1
    assert all(err.count("waiting for another ./pants") <= 1 for err in said)
    assert len(set_up.repo.environments) == 1


def test_killed_build_is_not_used_and_removed(set_up: SetUp) -> None:
    assert (set_up.left_by_killed, set_up.built_by_killed) == (1, 0)
    assert set_up.repo.leftovers == []


def test_warm_call_is_silent_and_needs_no_python(set_up: SetUp) -> None:
    done = set_up.repo.run("--version", LOCKSTEP_PYTHON="/no/such/python")
    assert (done.returncode, done.stdout, done.stderr) == (0, VERSION, "")


def test_from_a_subfolder_and_from_outside(set_up: SetUp, tmp_path: Path) -> None:
    root = set_up.repo.root
    sub = root / "sub" / "deeper"
    sub.mkdir(parents=True)
    (sub / "BUILD").write_text("file(name='f', source='f.txt')\n")
    (sub / "f.txt").touch()
    assert set_up.repo.run("list", ":", cwd=sub).stdout == "sub/deeper:f\n"
    assert set_up.repo.run("list", "sub/deeper:", cwd=tmp_path).stdout == "sub/deeper:f\n"


def test_through_symlinks(set_up: SetUp, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "repo").symlink_to(set_up.repo.root)
    (tmp_path / "bin" / "absolute").symlink_to(tmp_path / "repo" / "pants")
    (tmp_path / "bin" / "relative").symlink_to("absolute")
    done = subprocess.run(
        [tmp_path / "bin" / "relative", "--version"],
        cwd=tmp_path,
        env=set_up.repo.env(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, VERSION), done.stderr


def test_with_an_empty_environment(set_up: SetUp) -> None:
    done = subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", f"LOCKSTEP_CACHE={set_up.repo.cache}"]
        + ["sh", "pants", "--version"],
        cwd=set_up.repo.root,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, VERSION), done.stderr


def test_unset_home_is_taken_from_the_password_database(new_repo: Repo) -> None:
    traced = new_repo.root / "pants"
    traced.write_text(traced.read_text().replace("set -eu", "set -eux", 1))
    variables = dict.fromkeys(("HOME", "LOCKSTEP_CACHE", "XDG_CACHE_HOME"))
    done = new_repo.run("--version", **variables, LOCKSTEP_PYTHON="/no/such/python")
    home = os.path.expanduser(f"~{subprocess.getoutput('id -un')}")
    assert f"cache={home}/.cache/lockstep" in done.stderr


def test_pants_finds_the_pex_tool(set_up: SetUp) -> None:
    """Even though the path of the cache has characters that a URL cannot hold."""
    project = set_up.repo.root / "project"
    project.mkdir()
    (project / "BUILD").write_text("pex_binary(name='bin', entry_point='m.py')\npython_sources()\n")
    (project / "m.py").write_text("print('made by Pants')\n")
    search_path = repr([os.path.realpath(sys.executable)])
    done = set_up.repo.run("package", "project:bin", PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH=search_path)
    assert done.returncode == 0, done.stderr
    built = set_up.repo.root / "dist" / "project" / "bin.pex"
    assert subprocess.check_output([sys.executable, built], text=True) == "made by Pants\n"


def test_wrong_lockstep_python(new_repo: Repo, tmp_path: Path) -> None:
    wrong = executable(tmp_path / "python3.9", "exit 1")
    for setting in (str(wrong), "/no/such/python"):
        done = new_repo.run("--version", LOCKSTEP_PYTHON=setting)
        assert done.returncode == 1
        assert f"LOCKSTEP_PYTHON is {setting}, which is not a working CPython 3.9" in done.stderr
        assert len(done.stderr.splitlines()) == 2


def without_python(tmp_path: Path) -> Path:
    """A folder for PATH with what the launcher needs and with a shim that does not answer."""
    for place in ("/opt/homebrew/bin", "/usr/local/bin"):
        if os.path.exists(f"{place}/python3.9"):
            pytest.skip("this machine has a Python 3.9 that is always found")
    programs = tmp_path / "programs"
    executable(programs / "python3.9", "echo 'pyenv: python3.9: command not found' >&2; exit 127")
    for name in ("cat", "id", "openssl", "readlink", "sha256sum", "sh", "uname"):
        found = shutil.which(name)
        if found:
            (programs / name).symlink_to(found)
    return programs


def test_no_python_is_told_once(new_repo: Repo, tmp_path: Path) -> None:
    path = str(without_python(tmp_path))
    nowhere = str(tmp_path / "nowhere")
    done = new_repo.run(
        "--version",
        LOCKSTEP_PYTHON=None,
        PATH=path,
        PYENV_ROOT=nowhere,
        UV_PYTHON_INSTALL_DIR=nowhere,
    )
    assert done.returncode == 1
    assert done.stderr.count("error:") == 1
    assert f"{nowhere}/versions/3.9.*; {nowhere}/cpython-3.9*" in done.stderr
    for mend in ("pyenv install 3.9", "uv python install 3.9", "export LOCKSTEP_PYTHON="):
        assert mend in done.stderr


@pytest.mark.parametrize("versions", [["3.9.2", "3.9.18", "3.9.9"], []])
def test_order_of_interpreters(new_repo: Repo, tmp_path: Path, versions: list[str]) -> None:
    """A shim that fails is skipped, then comes pyenv's newest patch release, then uv's."""
    path = str(without_python(tmp_path))
    log = tmp_path / "log"
    script = f"echo \"$0\" >> '{log}'\nexec '{sys.executable}' \"$@\""
    pyenv, uv = tmp_path / "pyenv", tmp_path / "uv"
    for version in versions:
        executable(pyenv / "versions" / version / "bin" / "python", script)
    executable(uv / "cpython-3.9.20-linux" / "bin" / "python3.9", script)
    (new_repo.root / "build-support" / "bootstrap" / "pants.lock.txt").unlink()
    done = new_repo.run(
        "--version",
        LOCKSTEP_PYTHON=None,
        PATH=path,
        PYENV_ROOT=str(pyenv),
        UV_PYTHON_INSTALL_DIR=str(uv),
    )
    assert "pants.lock.txt is missing" in done.stderr
    used = {Path(line).parent.parent.name for line in log.read_text().splitlines()}
    assert used == {"3.9.18" if versions else "cpython-3.9.20-linux"}


def test_uv_is_asked_for_a_python(new_repo: Repo, tmp_path: Path) -> None:
    path = without_python(tmp_path)
    installed = tmp_path / "uv" / "cpython-3.9.20-linux" / "bin"
    (path / "mkdir").symlink_to(shutil.which("mkdir") or "")
    (path / "ln").symlink_to(shutil.which("ln") or "")
    executable(
        path / "uv",
        f'[ "$*" = "python install 3.9" ] && mkdir -p "{installed}" &&\n'
        f'ln -s "{sys.executable}" "{installed}/python3.9"',
    )
    (new_repo.root / "build-support" / "bootstrap" / "pants.lock.txt").unlink()
    done = new_repo.run(
        "--version",
        LOCKSTEP_PYTHON=None,
        PATH=str(path),
        PYENV_ROOT=str(tmp_path / "nowhere"),
        UV_PYTHON_INSTALL_DIR=str(tmp_path / "uv"),
    )
    assert "found no CPython 3.9: uv installs one" in done.stderr
    assert "pants.lock.txt is missing" in done.stderr


def test_pantsd_is_kept_and_restarted(set_up: SetUp) -> None:
    repo = set_up.repo
    first = repo.run("list", "::")
    pid = repo.pantsd()
    assert repo.run("list", "::").stdout == first.stdout
    assert repo.pantsd() == pid
    # The daemon itself depends on this option: it has to start anew.
    again = repo.run("list", "::", PANTS_LEVEL="debug")
    assert again.stdout == first.stdout and "DEPRECATED" not in again.stderr
    assert repo.pantsd() != pid
