"""`./pants export`: what an editor finds in `.venv`, and how it stays whole."""

from __future__ import annotations

import dataclasses
import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Iterator

import pytest

from lockstep.acceptance.bump_test import SIX, pinned
from lockstep.acceptance.monorepo import LOCK, Monorepo

KILLS = int(os.environ.get("LOCKSTEP_KILLS", "1"))


@pytest.fixture
def exporting(monorepo: Monorepo, tmp_path: Path) -> Iterator[Monorepo]:
    """The monorepo with a store of its own, beside the launcher's setup."""
    cache = tmp_path / "cache"
    cache.mkdir()
    bootstrap = Path(os.environ["LOCKSTEP_BOOTSTRAP"]).parent
    (cache / "bootstrap").symlink_to(bootstrap)
    yield dataclasses.replace(monorepo, variables={"LOCKSTEP_CACHE": str(cache)})
    for name in (".venv", ".venv-scratch"):
        path = monorepo.path(name)
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)


def python(repo: Monorepo, code: str, venv: str = ".venv") -> str:
    done = subprocess.run(
        [repo.path(f"{venv}/bin/python"), "-c", code],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout


def test_an_editor_finds_everything_and_once(exporting: Monorepo) -> None:
    exporting.write("plain/live.py", "B = 8\n")
    exporting.write("plain/BUILD", "python_sources()\n")
    try:
        first = exporting.pants("export")
        assert first.exit_code == 0, first.output
        assert ".venv holds " in first.output and f" of {LOCK} for CPython 3.11." in first.output
        code = "import dateutil, docopt, idna, mypy, pytest, six, live; print(live.B)"
        assert python(exporting, code) == "8\n"
        version = subprocess.run(
            [exporting.path(".venv/bin/pytest"), "--version"], stdout=subprocess.PIPE, text=True
        )
        assert version.stdout.startswith("pytest ")
        again = exporting.pants("export")
        assert again.exit_code == 0
        assert again.output.startswith(".venv is up to date: ")
        assert not exporting.path("dist/export").exists()
        assert exporting.pants("export", "--check").output == ".venv is up to date.\n"

        (idna,) = exporting.path(".venv").resolve().glob("lib/*/site-packages/idna/core.py")
        idna.unlink()
        damaged = exporting.pants("export", "--check")
        assert (damaged.exit_code, damaged.output) == (
            1,
            ".venv is damaged: lib/python3.11/site-packages/idna/core.py is missing.\n"
            "Run `./pants export` to mend it.\n",
        )
        assert "Mending " in exporting.pants("export").output
        assert exporting.pants("export", "--check").exit_code == 0
    finally:
        exporting.path("plain/live.py").unlink()


def test_a_slice_a_scratch_copy_and_a_lock_that_does_not_fit(exporting: Monorepo) -> None:
    sliced = exporting.pants("export", "--slice=text/idna_test.py", "--scratch")
    assert sliced.exit_code == 0, sliced.output
    assert f".venv-scratch holds 1 pin of {LOCK}, and pip" in sliced.output
    code = "import idna, pip; from importlib.util import find_spec; print(find_spec('six'))"
    assert python(exporting, code, ".venv-scratch") == "None\n"

    exporting.write("text/inputs.in", "six\nidna>=3.7\ndocopt\nattrs\n")
    fault = "text/inputs.in:4: `attrs` is satisfied by no pin (there is none)"
    check = exporting.pants("export", "--check")
    assert check.exit_code == 1
    assert check.output.startswith(f"{fault}\n.venv is missing.\n")
    assert check.output.endswith("\nRun `./pants lock`, then `./pants export`.\n")
    stale = exporting.pants("export")
    assert f"{LOCK} does not fit its inputs: {fault}" in stale.output
    exporting.path(".venv").unlink()
    exporting.path(".venv").mkdir()
    refused = exporting.pants("export")
    assert refused.exit_code == 1
    assert "no link that Lockstep made, so it is left as it is." in refused.output


def test_what_is_not_of_lockstep_stays_with_pants(exporting: Monorepo) -> None:
    tool = exporting.pants("export", "--resolve=mypy")
    assert tool.exit_code == 0, tool.output
    assert "Wrote mutable virtualenv for mypy" in tool.output
    assert not exporting.path(".venv").exists()
    unknown = exporting.pants("export", "--resolve=nowhere")
    assert unknown.exit_code == 1
    assert "nowhere" in unknown.output


def test_a_kill_at_any_moment_leaves_a_whole_environment(exporting: Monorepo) -> None:
    chance = random.Random(3)
    assert exporting.pants("export", "--slice=text/six_test.py").exit_code == 0
    whole = "--no-pantsd", "export"
    argv, environ = exporting.command(*whole)
    store = Path(environ["LOCKSTEP_CACHE"], "environments")
    before = exporting.path(".venv").resolve()
    started = time.monotonic()
    assert exporting.pants(*whole).exit_code == 0
    needed = time.monotonic() - started
    for _ in range(KILLS):
        for path in store.iterdir():
            if path.is_dir() and path != before and path.name != "users":
                path.rename(path.with_name(f".{path.name}.moved.aside"))
        exporting.path(".venv").unlink()
        exporting.path(".venv").symlink_to(before)
        process = subprocess.Popen(
            argv,
            cwd=exporting.root,
            env=environ,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(needed * chance.uniform(0.5, 1))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert python(exporting, "import six; print(six.__name__)") == "six\n"
        after = exporting.pants("export")
        assert after.exit_code == 0, after.output
        assert python(exporting, "import dateutil, idna, pytest, six; print(1)") == "1\n"


def test_the_loop_follows_the_lock_even_while_it_exports(exporting: Monorepo) -> None:
    argv, environ = exporting.command("--loop", "export")
    newest = exporting.read(LOCK)
    locks = [(pinned(newest, SIX), "1.16.0"), (newest, _version_of_six(newest))]
    chance = random.Random(4)
    with subprocess.Popen(
        argv, cwd=exporting.root, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            path = led_to(exporting, None)
            for _ in range(8):
                for lock, version in locks:
                    exporting.write(LOCK, "six==\n")
                    time.sleep(chance.choice((0, 0.05, 0.2)))
                    exporting.write(LOCK, lock)
                    before, path = path, led_to(exporting, path)
                    assert path != before
                    found = python(exporting, "import six; print(six.__version__)")
                    assert found == f"{version}\n"
                    time.sleep(chance.choice((0, 0, 0.05, 0.2)))
        finally:
            process.kill()


def _version_of_six(lock: str) -> str:
    (version,) = re.findall(r"^six==(\S+)", lock, re.M)
    return str(version)


def led_to(repo: Monorepo, before: "Path | None") -> "Path | None":
    """What `.venv` leads to, once that is another one than before."""
    for _ in range(18_000):
        link = repo.path(".venv")
        if link.is_symlink() and link.resolve() != before:
            return link.resolve()
        time.sleep(0.01)
    return before
