"""The store with the real uv: environments are built once, whole, of their own, and read-only."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.core.errors import LockstepError
from lockstep.envs.build import Recipe
from lockstep.envs.conftest import Machine
from lockstep.envs.store import Environment, Store, store_folder


def run(python: Path, *args: str) -> str:
    """What a program prints, errors too."""
    done = subprocess.run(
        [str(python), *args],
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout


def site(environment: Environment) -> Path:
    (found,) = environment.path.glob("lib/python*/site-packages")
    return found


def test_a_slice_is_installed_once_and_found_again(machine: Machine) -> None:
    recipe = machine.recipe(machine.wheel("one"), machine.wheel("two"))
    made = machine.provide(recipe)
    assert machine.said == [f"Building {made.path}"]
    assert run(made.python, "-c", "import one, two; print(one.RELEASE, two.RELEASE)") == "1.0 1.0\n"
    assert run(made.path / "bin" / "one-run") == "1.0\n"
    assert "No module named pip" in run(made.python, "-m", "pip", "--version")

    assert machine.provide(recipe).path == made.path
    assert machine.said == []
    assert machine.store.faults(made.path) == machine.store.faults(made.path, deep=True) == ()
    names = {path.name for path in machine.environments.iterdir()}
    assert names == {recipe.key, f"{recipe.key}.lock", f"{recipe.key}.build"}


def test_all_that_an_environment_follows_from_is_in_its_key(machine: Machine) -> None:
    one = machine.recipe("one==1.0 --hash=sha256:0\n")
    others = [
        machine.recipe("one==1.0 --hash=sha256:1\n"),
        machine.recipe(one.slice_text, paths=("/a",)),
        machine.recipe(one.slice_text, generated=(("a.py", b""),)),
        machine.recipe(one.slice_text, generated=(("a.py", b"1"),)),
        Recipe(one.slice_text, dataclasses.replace(machine.interpreter, mtime_ns=1)),
    ]
    assert len({recipe.key for recipe in (one, *others)}) == 1 + len(others)
    assert machine.recipe(one.slice_text).key == one.key


def test_files_of_wheels_are_shared_and_none_can_be_written(machine: Machine) -> None:
    pin = machine.wheel("one")
    made = machine.provide(machine.recipe(pin))
    other = machine.provide(machine.recipe(pin, machine.wheel("two")))
    assert os.path.samefile(site(made) / "one.py", site(other) / "one.py")
    for path in made.path.rglob("*"):
        if path.name != "__pycache__" and not path.is_symlink():
            assert path.stat().st_mode & 0o222 == 0, path
    leaving = [path for path in made.path.rglob("*") if path.is_symlink()]
    assert {os.readlink(path) for path in leaving} <= {"python", "lib", machine.interpreter.path}


def test_python_keeps_bytecode_and_that_is_no_fault(machine: Machine) -> None:
    made = machine.provide(machine.recipe(machine.wheel("one")))
    run(made.python, "-c", "import one")
    assert [path.stem.partition(".")[0] for path in site(made).glob("__pycache__/one.*")] == ["one"]
    assert machine.store.faults(made.path) == ()


def test_source_roots_and_generated_files_are_imported(machine: Machine) -> None:
    live = machine.folder / "live code"
    live.mkdir()
    generated = (("made/__init__.py", b"A = 1\n"), ("text.py", b"B = 2\n"))
    recipe = machine.recipe(machine.wheel("one"), paths=(str(live),), generated=generated)
    made = machine.provide(recipe)
    (live / "mine.py").write_text("C = 3\n")
    code = "import made, text, mine, one; print(made.A, text.B, mine.C)"
    assert run(made.python, "-c", code) == "1 2 3\n"


def test_what_cannot_be_installed_leaves_nothing(machine: Machine) -> None:
    machine.wheel("one")
    wrong = machine.recipe(f"one==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(LockstepError) as caught:
        machine.provide(wrong)
    assert caught.value.fault == "The environment could not be installed"
    assert "Hash mismatch for `one==1.0`" in str(caught.value)
    assert not [path for path in machine.environments.iterdir() if path.is_dir()]


def test_what_is_cached_is_installed_without_an_index(machine: Machine) -> None:
    one, two = machine.wheel("one"), machine.wheel("two")
    with simple_index(machine.index) as url:
        environ = {"PATH": os.environ["PATH"], "UV_DEFAULT_INDEX": url}
        tools = dataclasses.replace(machine.tools, environ=environ)
        machine.store = Store(machine.environments, tools)
        machine.provide(machine.recipe(one, two))
    made = machine.provide(machine.recipe(one))
    assert run(made.python, "-c", "import one; print(one.RELEASE)") == "1.0\n"
    with pytest.raises(LockstepError):
        machine.provide(machine.recipe("three==1.0 --hash=sha256:0\n"))


@contextlib.contextmanager
def simple_index(folder: Path) -> Iterator[str]:
    """Serve a folder of wheels by HTTP (PEP 503) until the block is left."""
    for wheel in list(folder.glob("*.whl")):
        page = folder / "simple" / wheel.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f'<a href="/{wheel.name}">{wheel.name}</a>')
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_many_at_once_build_once(machine: Machine) -> None:
    recipe = machine.recipe(machine.wheel("one"))
    said: list[str] = []
    made: list[Path] = []

    def provide() -> None:
        environment = machine.store.provide(recipe, said.append)
        made.append(environment.path)
        os.close(environment.lock)

    threads = [threading.Thread(target=provide) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1
    assert len([line for line in said if line.startswith("Building")]) == 1


def test_leftovers_of_a_kill_go(machine: Machine) -> None:
    recipe = machine.recipe(machine.wheel("one"))
    left = machine.environments / f".{recipe.key}.x.aside"
    (left / "lib").mkdir(parents=True)
    (left / "lib").chmod(0o555)
    machine.provide(recipe)
    assert not left.exists()


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/h"}, "/h/.cache/lockstep/environments"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/lockstep/environments"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x", "LOCKSTEP_CACHE": "/l"}, "/l/environments"),
    ],
)
def test_the_store_is_below_the_cache_of_the_launcher(
    environ: Mapping[str, str], folder: str
) -> None:
    assert store_folder(environ) == Path(folder)
