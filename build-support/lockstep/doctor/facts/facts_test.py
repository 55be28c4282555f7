"""What is gathered from real files and processes, and what `--fix` makes of it."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from lockstep.doctor import fixes
from lockstep.doctor.checks import configuration, daemon, setup, venv
from lockstep.doctor.checks.finding import Finding
from lockstep.doctor.facts import daemon as daemon_module
from lockstep.doctor.facts.configuration import config_facts, lock_facts
from lockstep.doctor.facts.context import SETUP, Context
from lockstep.doctor.facts.daemon import daemon_facts
from lockstep.doctor.facts.interpreters import interpreter_facts
from lockstep.doctor.facts.machine import clock_facts, git_facts, places
from lockstep.doctor.facts.setup import setup_facts
from lockstep.doctor.facts.venv import venv_facts

CHECKOUT = Path(__file__).resolve().parents[4]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A checkout of the setup's files, with a blank in its path, and a cache beside it."""
    root = tmp_path / "a checkout"
    shutil.copytree(CHECKOUT / SETUP, root / SETUP)
    shutil.copy2(CHECKOUT / "pants", root / "pants")
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    return Context.of(root, environ)


def fix(context: Context, findings: Iterator[Finding]) -> list[str]:
    told: list[str] = []
    fixes.apply(context, list(findings), told.append)
    return told


# --- Where everything is -------------------------------------------------------------------------


def test_the_key_is_that_of_the_launcher() -> None:
    command = [
        "sh",
        str(CHECKOUT / "pants"),
        "--bootstrap-exec",
        "sh",
        "-c",
        "echo $LOCKSTEP_BOOTSTRAP",
    ]
    used = subprocess.check_output(command, text=True).strip()
    assert Context.of(CHECKOUT, os.environ).setup_folder == Path(used)


def test_home_is_taken_from_the_password_database() -> None:
    assert Context.of(CHECKOUT, {}).home == Path(pwd.getpwuid(os.getuid()).pw_dir)


def test_paths_as_users_know_them(tmp_path: Path) -> None:
    context = Context.of(tmp_path / "home" / "work", {"HOME": str(tmp_path / "home")})
    assert context.shown(tmp_path / "home" / "work" / "a") == "a"
    assert context.shown(tmp_path / "home" / "b") == "~/b"
    assert context.shown(tmp_path / "c") == str(tmp_path / "c")


# --- The setup -----------------------------------------------------------------------------------


@pytest.fixture
def set_up(context: Context) -> Path:
    """The setup that runs this test, under the name that this checkout's has."""
    folder = context.setup_folder
    assert folder is not None
    folder.parent.mkdir(parents=True)
    shutil.copytree(
        os.environ["LOCKSTEP_BOOTSTRAP"],
        folder,
        symlinks=True,
        ignore=shutil.ignore_patterns("development-*", "__pycache__"),
        copy_function=os.symlink,
    )
    env_sh = (folder / "env.sh").read_text()
    (folder / "env.sh").unlink()
    (folder / "env.sh").write_text(env_sh.replace(os.environ["LOCKSTEP_BOOTSTRAP"], str(folder), 1))
    return folder


def judged(context: Context) -> list[str]:
    return [f.text.replace(str(context.cache), "C") for f in setup.check(setup_facts(context))]


def test_a_whole_setup(context: Context, set_up: Path) -> None:
    assert judged(context) == [f"The setup in C/bootstrap/{context.key} is whole."]


def damage(what: str, folder: Path) -> None:
    packages = next(folder.glob("pants/lib/python*/site-packages"))
    if what == "file gone":
        (packages / "pants" / "version.py").unlink()
    elif what == "file cut off":
        (packages / "pants" / "version.py").unlink()
        (packages / "pants" / "version.py").write_text("")
    elif what == "tool changed":
        (folder / "uv").unlink()
        (folder / "uv").write_text("#!/bin/sh\n")
    elif what == "no env.sh":
        (folder / "env.sh").unlink()
    elif what == "env.sh cut off":
        (folder / "env.sh").write_text("export LOCKSTEP_BOOTSTRAP='")
    elif what == "interpreter gone":
        (folder / "tools" / "bin" / "python").unlink()
        (folder / "tools" / "bin" / "python").symlink_to("/no/such/python3.9")
    elif what == "moved":
        env_sh = (folder / "env.sh").read_text()
        (folder / "env.sh").write_text(env_sh.replace(str(folder), "/elsewhere", 1))


@pytest.mark.parametrize(
    "what,why",
    [
        ("file gone", "pants/pants/version.py is not as installed"),
        ("file cut off", "pants/pants/version.py is not as installed"),
        ("tool changed", "uv is not as installed"),
        ("no env.sh", "env.sh is missing"),
        ("env.sh cut off", "pex, pex-base, uv are not as installed"),
        ("interpreter gone", "tools/bin/python does not start, it leads to /no/such/python3.9"),
        ("moved", "it was made for /elsewhere and cannot be moved"),
    ],
)
def test_a_damaged_setup(context: Context, set_up: Path, what: str, why: str) -> None:
    damage(what, set_up)
    assert judged(context) == [f"The setup in C/bootstrap/{context.key} is damaged: {why}."]


def test_leftovers_and_builds(context: Context) -> None:
    assert context.setup_folder is not None
    folder = context.setup_folder.parent
    mine, others = folder / f".{context.key}.1.tmp", folder / ".other.2.tmp"
    for leftover in (mine, others):
        (leftover / "tools").mkdir(parents=True)
    with (folder / ".other.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        facts = setup_facts(context)
        assert (facts.leftovers, facts.building, facts.exists) == ((str(mine),), False, False)
        assert fix(context, setup.check(facts)) == [
            f"Removed ~/.cache/lockstep/bootstrap/.{context.key}.1.tmp, which a killed setup left."
        ]
    assert (mine.exists(), others.exists()) == (False, True)
    with (folder / f".{context.key}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert setup_facts(context).building


def test_a_setup_that_cannot_be_made_anew_stays_as_it_was(
    context: Context, set_up: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damage("file gone", set_up)
    before = (set_up / "env.sh").read_text()
    launcher = context.root / "pants"
    launcher.write_text("echo 'pants: error: no network' >&2; exit 1\n")
    assert fix(context, setup.check(setup_facts(context))) == [
        f"Could not set up Pants anew in ~/.cache/lockstep/bootstrap/{context.key}; the reason stands"
        " above."
    ]
    assert (set_up / "env.sh").read_text() == before
    assert "no network" in capfd.readouterr().err


# --- pants.toml and locks ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content,error",
    [
        (b"[GLOBAL]\npants_version = \n", "cannot be read: invalid value (line 2)"),
        (b"x = '\xff'\n", "cannot be read: it is not UTF-8 (invalid start byte)"),
        (b"a = 1\n<<<<<<< HEAD\n", ":2: git left a merge conflict there"),
    ],
)
def test_pants_toml_that_cannot_be_read(context: Context, content: bytes, error: str) -> None:
    (context.root / "pants.toml").write_bytes(content)
    (finding,) = configuration.check(config_facts(context))
    assert error in finding.text


def test_this_checkout() -> None:
    context = Context.of(CHECKOUT, os.environ)
    facts = config_facts(context)
    assert [f.text for f in configuration.check(facts)] == [
        "pants.toml can be read and names Lockstep."
    ]
    locks, reader = lock_facts(context, facts.main)
    assert reader == "" and len(locks) >= 4
    assert [lock for lock in locks if lock.error or lock.graph_error or not lock.of_lockstep] == []
    found = interpreter_facts(context, facts.main.parsed, False)
    assert any(one.version[:2] == (3, 9) for one in found.found)
    assert clock_facts(context, ()).newest_file is not None
    assert {place.writable for place in places(context)} == {True}


def test_damaged_locks(context: Context) -> None:
    lock = "3rdparty/python/lock.txt"
    (context.root / "pants.toml").write_text(f"[python.resolves]\na = '{lock}'\nb = 'gone.txt'\n")
    for path in (lock, "3rdparty/python/lock.graph.json"):
        (context.root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / path, context.root / path)
    facts = config_facts(context)
    assert facts.missing_locks == (("b", "gone.txt"),)
    graph = context.root / "3rdparty/python/lock.graph.json"
    graph.unlink()
    assert lock_facts(context, facts.main)[0][0].graph_error == (
        "3rdparty/python/lock.graph.json is missing, so slices of 3rdparty/python/lock.txt hold too"
        " much.",
        "Restore it from version control, or run `./pants lock`.",
    )
    text = (context.root / lock).read_text()
    (context.root / lock).write_text(text[: len(text) // 2])
    error = lock_facts(context, facts.main)[0][0].error
    assert error is not None and error[0].startswith(f"{lock}:")


# --- git -----------------------------------------------------------------------------------------


def test_git(context: Context, tmp_path: Path) -> None:
    assert not git_facts(context).inside
    git = ["git", "-C", str(context.root), "-c", "user.name=a", "-c", "user.email=a@a.example"]
    for command in (["init", "-q"], *([["commit", "-q", "--allow-empty", "-m", "x"]] * 2)):
        subprocess.run([*git, *command], check=True)
    facts = git_facts(context)
    assert (facts.inside, facts.shallow, facts.commits) == (True, False, 2)
    shallow = tmp_path / "shallow"
    source = f"file://{context.root}"
    subprocess.run(["git", "clone", "-q", "--depth=1", source, shallow], check=True)
    facts = git_facts(Context.of(shallow, context.environ))
    assert (facts.inside, facts.shallow, facts.commits) == (True, True, 1)
    assert git_facts(Context.of(shallow, {"HOME": str(tmp_path)})).path is None


# --- .venv ---------------------------------------------------------------------------------------


def test_venv(context: Context) -> None:
    link = context.root / ".venv"
    assert context.cache is not None
    entry = context.cache / "environments" / "key"
    assert venv_facts(context).kind == "missing"
    link.symlink_to(entry)
    facts = venv_facts(context)
    assert (facts.kind, facts.there, facts.in_store) == ("link", False, True)
    (entry / "bin").mkdir(parents=True)
    (entry / "bin" / "python").symlink_to("/no/such/python")
    assert not venv_facts(context).interpreter_there
    (entry / "bin" / "python").unlink()
    (entry / "bin" / "python").symlink_to(sys.executable)
    facts = venv_facts(context)
    assert (facts.there, facts.in_store, facts.interpreter_there) == (True, True, True)


def test_only_a_dangling_link_into_the_store_is_removed(context: Context, tmp_path: Path) -> None:
    link = context.root / ".venv"
    assert context.cache is not None
    link.symlink_to(context.cache / "environments" / "key")
    dangling = list(venv.check(venv_facts(context)))
    assert fix(context, iter(dangling)) == [
        "Removed the link .venv; `./pants export` makes a new one."
    ]
    link.mkdir()
    (link / "mine").touch()
    assert fix(context, iter(dangling)) == ["Left .venv: it is another one by now."]
    assert [f.fixes for f in venv.check(venv_facts(context))] == [()]
    assert (link / "mine").exists()
    shutil.rmtree(link)
    link.symlink_to(tmp_path / "mine")
    assert fix(context, venv.check(venv_facts(context))) == []
    assert link.is_symlink()


# --- The daemon ----------------------------------------------------------------------------------


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that listens nowhere."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def write_files(context: Context, pid: int, name: str, port: int = 9) -> Path:
    folder = context.root / ".pids" / daemon_module._host() / "pantsd"
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in (("pid", str(pid)), ("process_name", name), ("socket", str(port))):
        (folder / file).write_text(text)
    return folder


def test_files_of_a_daemon_that_is_gone(context: Context) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    folder = write_files(context, dead.pid, "pantsd [x]")
    (folder / "kept by somebody").touch()
    found = list(daemon.check(list(daemon_facts(context))))
    assert [f.text.split(" name ")[1] for f in found] == [f"process {dead.pid}, which is gone."]
    (told,) = fix(context, iter(found))
    assert told.startswith("Removed the files of a daemon that is gone, in .pids/")
    assert [path.name for path in folder.iterdir()] == ["kept by somebody"]


def test_files_of_a_daemon_stay_while_one_is_started(context: Context) -> None:
    folder = write_files(context, 2**22 + 1, "pantsd [x]")
    found = list(daemon.check(list(daemon_facts(context))))
    script = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX)"
    script += "; print('held', flush=True); time.sleep(600)"
    lock = context.root / ".pids" / ".lock.pantsd"
    command = [sys.executable, "-c", script, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as starting:
        assert starting.stdout is not None and starting.stdout.readline() == b"held\n"
        (told,) = fix(context, iter(found))
        starting.kill()
    assert told.startswith("Left the files in .pids/") and (folder / "pid").exists()


def test_another_program_of_that_number(context: Context, process: subprocess.Popen[bytes]) -> None:
    write_files(context, process.pid, "pantsd [x]")
    (finding,) = daemon.check(list(daemon_facts(context)))
    assert finding.text.endswith(f"process {process.pid}, which is another program.")


def test_a_daemon_that_does_not_answer(context: Context, process: subprocess.Popen[bytes]) -> None:
    write_files(context, process.pid, "sleep 600")
    (finding,) = daemon.check(list(daemon_facts(context)))
    assert finding.text == f"The daemon, process {process.pid}, does not answer."
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    (finding,) = daemon.check(list(daemon_facts(context)))
    assert finding.text == f"The daemon, process {process.pid}, is held and answers nobody."


def test_the_daemon_of_another_machine_is_left_alone(context: Context) -> None:
    folder = write_files(context, 2**22 + 1, "pantsd [x]")
    folder.parent.rename(folder.parent.with_name("another"))
    (finding,) = daemon.check(list(daemon_facts(context)))
    assert (finding.level.value, finding.fixes) == ("ok", ())
