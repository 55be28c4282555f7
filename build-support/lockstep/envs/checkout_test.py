"""What `./pants export` does on the disk, killed at any moment, on a full disk, and by two at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.core.errors import LockstepError
from lockstep.envs.checkout import Checkout, Content
from lockstep.envs.conftest import Machine
from lockstep.envs.store import Store, store_folder

KILLS = int(os.environ.get("LOCKSTEP_KILLS", "3"))

EXPORT = """\
import os, sys
from pathlib import Path
from lockstep.envs.checkout import Checkout, Content
from lockstep.envs.interpreters import Wanted
checkout = Checkout(Path(sys.argv[1]), os.environ, Path(sys.argv[2]))
interpreter = checkout.interpreter(Wanted(("==3.9.*",), (sys.argv[3],)))
print("started", flush=True)
checkout.export(Content("lock.txt", sys.argv[4], 1), interpreter, print)
"""


class Worker:
    """Somebody with a checkout, caches of their own, and two slices to go between."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.root = machine.folder / "my checkout"
        self.root.mkdir()
        self.environ = {
            **machine.tools.environ,
            "LOCKSTEP_BOOTSTRAP": os.environ["LOCKSTEP_BOOTSTRAP"],
            "LOCKSTEP_CACHE": str(machine.folder / "cache"),
            "PIP_FIND_LINKS": str(machine.index),
            "PIP_CONFIG_FILE": os.devnull,
            "PYTHONPATH": os.environ["PYTHONPATH"],
        }
        self.checkout = Checkout(self.root, self.environ, machine.folder / "caches")
        modules = {f"many/m{number}": f"N = {number}\n" for number in range(300)}
        self.contents = [
            Content("lock.txt", machine.wheel("many", version, **modules), 1)
            for version in ("1.0", "2.0")
        ]
        self.said: list[str] = []

    def export(self, content: Content) -> str:
        self.said = []
        return self.checkout.export(content, self.machine.interpreter, self.said.append)

    def start(self, content: Content) -> "subprocess.Popen[str]":
        caches, python = str(self.checkout.named_caches), self.machine.interpreter.path
        return subprocess.Popen(
            [sys.executable, "-c", EXPORT, str(self.root), caches, python, content.slice_text],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def environments(self) -> Iterator[Path]:
        for path in store_folder(self.environ).iterdir():
            if path.is_dir() and path.name != "users" and not path.name.startswith("."):
                yield path

    def store(self) -> Store:
        return self.checkout.store()

    def release(self) -> str:
        code = "from importlib.metadata import version; import many.m299; print(version('many'))"
        python = f"{self.checkout.link}/bin/python"
        return subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture
def worker(machine: Machine) -> Worker:
    return Worker(machine)


def test_the_link_is_made_once_and_follows_the_lock(worker: Worker) -> None:
    one, two = worker.contents
    held = "1 pin of lock.txt for CPython 3.9"
    assert worker.export(one).startswith(f".venv holds {held}")
    assert worker.export(one).startswith(f".venv is up to date: {held}")
    assert (worker.said, worker.release()) == ([], "1.0\n")
    assert worker.checkout.check(one, worker.machine.interpreter) == []
    assert worker.checkout.check(two, worker.machine.interpreter) == [".venv is out of date"]
    worker.export(two)
    assert worker.release() == "2.0\n"


def test_a_link_to_nowhere_is_said_and_mended(worker: Worker) -> None:
    (one, _), python = worker.contents, worker.machine.interpreter
    assert worker.checkout.check(one, python) == [".venv is missing"]
    worker.export(one)
    (path,) = worker.environments()
    path.rename(path.with_name("elsewhere"))
    assert worker.checkout.check(one, python) == [".venv leads nowhere"]
    worker.export(one)
    assert worker.checkout.check(one, python) == []
    (path / "bin" / "python").parent.chmod(0o755)
    (path / "bin" / "python").unlink()
    assert worker.checkout.check(one, python) == [".venv is damaged: bin/python is missing"]
    assert worker.export(one).startswith(".venv is up to date")
    assert worker.said == [f"Mending {path}: bin/python is missing"]
    assert worker.checkout.check(one, python) == []


def test_a_scratch_copy_may_be_changed_and_reaches_nothing(worker: Worker) -> None:
    (one, _), python = worker.contents, worker.machine.interpreter
    worker.export(one)
    worker.checkout.export_scratch(one, python, print)
    pip = worker.checkout.scratch / "bin" / "pip"
    options = ["--no-index", "--find-links", str(worker.machine.index), "--no-cache-dir"]
    command = [str(pip), "install", "--quiet", "--no-deps", *options, "many==2.0"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    (path,) = worker.environments()
    assert worker.store().faults(path, deep=True) == ()

    worker.checkout.export_scratch(one, python, print)
    (info,) = worker.checkout.scratch.glob("lib/*/site-packages/many-*")
    assert info.name == "many-1.0.dist-info"
    assert sorted(path.name for path in worker.root.iterdir()) == [
        ".pants.d",
        ".venv",
        ".venv-scratch",
    ]


def test_a_copy_made_anew_takes_over_what_was_not_changed(worker: Worker) -> None:
    (one, two), python = worker.contents, worker.machine.interpreter

    def scratch(content: Content) -> Mapping[str, os.stat_result]:
        worker.checkout.export_scratch(content, python, print)
        return {path.name: path.stat() for path in worker.checkout.scratch.glob("lib/*/*/many/*")}

    before = scratch(one)
    edited, gone, *kept = sorted(before)
    (many,) = worker.checkout.scratch.glob("lib/*/*/many")
    with open(many / edited, "a") as file:
        file.write("# mine")
    (many / gone).unlink()
    (many / "mine.py").touch()

    after = scratch(one)
    assert after.keys() == before.keys()
    assert after[edited].st_size == before[edited].st_size
    assert {after[name].st_ino for name in kept} == {before[name].st_ino for name in kept}
    assert all(look.st_mode & 0o200 and look.st_nlink == 1 for look in after.values())
    (library,) = worker.environments()
    assert worker.store().faults(library, deep=True) == ()

    scratch(two)
    (info,) = worker.checkout.scratch.glob("lib/*/site-packages/many-*")
    assert info.name == "many-2.0.dist-info"


def test_a_folder_that_a_person_made_is_left(worker: Worker) -> None:
    (one, _), python = worker.contents, worker.machine.interpreter
    for path in (worker.checkout.link, worker.checkout.scratch):
        (path / "mine").mkdir(parents=True)
    with pytest.raises(LockstepError, match="so it is left as it is. If you do not need it"):
        worker.export(one)
    with pytest.raises(LockstepError, match="so it is left as it is. If you do not need it"):
        worker.checkout.export_scratch(one, python, print)
    assert not store_folder(worker.environ).exists()
    assert (worker.checkout.link / "mine").exists()
    assert (worker.checkout.scratch / "mine").exists()


def test_a_kill_at_any_moment_leaves_an_environment_that_is_whole(worker: Worker) -> None:
    chance = random.Random(7)
    worker.export(worker.contents[0])
    started = time.monotonic()
    worker.export(worker.contents[1])
    needed = time.monotonic() - started
    for number in range(KILLS):
        content = worker.contents[number % 2]
        for path in worker.environments():  # one of both is built anew each time
            if not os.path.samefile(path, worker.checkout.link):
                os.rename(path, path.with_name(f".{path.name}.moved.aside"))
        process = worker.start(content)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(chance.uniform(0, needed * 1.2))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        led_to = Path(os.path.realpath(worker.checkout.link))
        assert worker.store().faults(led_to, deep=True) == ()
        assert worker.release() in ("1.0\n", "2.0\n")
        worker.export(content)
        assert worker.release() == ("1.0\n", "2.0\n")[number % 2]
    assert [p for p in store_folder(worker.environ).glob(".*") if "aside" in p.name] == []


def test_exports_at_once_do_not_disturb_each_other(worker: Worker) -> None:
    one, two = worker.contents
    processes = [worker.start(content) for content in (one, one, two, two)]
    told = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], told
    assert sum(text.count("Building") for text in told) == 2
    assert len(list(worker.environments())) == 2
    assert worker.release() in ("1.0\n", "2.0\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(command, stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("only root may mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_old_environment(worker: Worker, small_disk: Path) -> None:
    worker.environ["LOCKSTEP_CACHE"] = str(small_disk)
    small = Content("lock.txt", worker.machine.wheel("small"), 1)
    worker.export(small)
    led_to = os.readlink(worker.checkout.link)
    large = worker.machine.wheel("large", large=f"A = '{'x' * 3_000_000}'\n")
    with pytest.raises(LockstepError) as caught:
        worker.export(Content("lock.txt", small.slice_text + large, 2))
    assert str(caught.value).endswith(
        "is full. Free some space, or set LOCKSTEP_CACHE to a folder on a larger disk."
    )
    assert os.readlink(worker.checkout.link) == led_to
    assert worker.store().faults(Path(led_to), deep=True) == ()
    assert len(list(worker.environments())) == 1
    assert list(store_folder(worker.environ).glob(".*")) == []
