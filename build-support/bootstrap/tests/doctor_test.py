"""Drives `sh pants doctor` where Pants could not start."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Optional

import pytest
from conftest import ROOT, SETUP, Repo
from launcher_test import executable, without_python

TINY_ENVIRONMENT = '''\
"""Stands in for the real one: a setup that is whole, and made in no time."""
import hashlib, pathlib, sys


class SetupError(Exception):
    pass


def say(message):
    print(f"pants: {message}", file=sys.stderr, flush=True)


def fill(build, target, reason):
    say(f"{reason}: setting up")
    lines = [f"export LOCKSTEP_BOOTSTRAP='{target}'\\n"]
    for name, scope in (
        ("pex", "PEX_CLI"), ("pex-base", "LOCKSTEP_PEX_BASE"), ("uv", "LOCKSTEP_UV")
    ):
        (build / name).write_text(name)
        digest = hashlib.sha256(name.encode()).hexdigest()
        lines.append(f"export PANTS_{scope}_KNOWN_VERSIONS='v1|here|{digest}|1'\\n")
    for name in ("native_client", "pants-server"):
        (build / name).write_text("#!/bin/sh\\n")
        (build / name).chmod(0o755)
    for venv in ("pants", "tools"):
        (build / venv / "bin").mkdir(parents=True)
        (build / venv / "bin" / "python").symlink_to(sys.executable)
    (build / "env.sh").write_text("".join(lines))
'''

FEW = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYENV_ROOT": "/no/such"}
"""So that few interpreters are there to be asked."""


@pytest.fixture()
def repo(tmp_path: Path) -> Repo:
    """A repository in a path with blanks, with the doctor and nothing set up."""
    made = Repo.create(tmp_path / "a repo", tmp_path / "a cache")
    for part in ("__init__.py", "core", "envs", "doctor"):
        source, target = ROOT / "build-support" / "lockstep" / part, Path("build-support/lockstep")
        if source.is_dir():
            ignored = shutil.ignore_patterns("*_test.py", "testdata", "__pycache__")
            shutil.copytree(source, made.root / target / part, ignore=ignored)
        else:
            (made.root / target).mkdir(parents=True)
            shutil.copy2(source, made.root / target / part)
    lines = '"pants.backend.python", "lockstep"]\npythonpath = ["%(buildroot)s/build-support"]'
    toml = (made.root / "pants.toml").read_text()
    toml = toml.replace('"pants.backend.python"]', lines)
    toml += '[python.resolves]\npython-default = "lock.txt"\n'
    toml = toml.replace("[python]\n", "[python]\nenable_resolves = true\n")
    (made.root / "pants.toml").write_text(toml)
    (made.root / "lock.txt").write_text("idna==3.11\n    # via -r a.in\n")
    return made


def examined(
    repo: Repo, *args: str, **variables: Optional[str]
) -> "subprocess.CompletedProcess[str]":
    """What the doctor says where few interpreters are."""
    return repo.run("doctor", "--offline", *args, cwd=None, **{**FEW, **variables})


def said(repo: Repo, *args: str, **variables: Optional[str]) -> Dict[str, str]:
    """The text of each finding that is not `ok`, by its mend; faults make the exit code 1."""
    done = examined(repo, "--json", *args, **variables)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    document = json.loads(done.stdout)
    bad = [finding for finding in document["findings"] if finding["level"] != "ok"]
    assert done.returncode == document["exit_code"]
    assert document["exit_code"] == any(finding["level"] == "fault" for finding in bad)
    assert "itself failed" not in done.stdout, done.stdout
    return {f"{finding['about']}: {finding['text']}": finding["mend"] for finding in bad}


def another_python() -> str:
    """A Python that Pants cannot run on."""
    versions = Path(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))) / "versions"
    found = [*versions.glob("3.1[1-9].*/bin/python"), Path("/usr/bin/python3")]
    return str(next(python for python in found if python.exists()))


def test_no_python_39(repo: Repo, tmp_path: Path) -> None:
    path = without_python(tmp_path)
    (path / "python3").symlink_to(another_python())
    nowhere = str(tmp_path / "nowhere")
    found = said(
        repo,
        LOCKSTEP_PYTHON=None,
        PATH=str(path),
        PYENV_ROOT=nowhere,
        UV_PYTHON_INSTALL_DIR=nowhere,
        HOME=nowhere,
    )
    assert found["interpreters: Pants itself needs a CPython 3.9, and none was found."] == (
        "Run `pyenv install 3.9` or `uv python install 3.9`, or set LOCKSTEP_PYTHON to one."
    )


def test_no_python_at_all(repo: Repo, tmp_path: Path) -> None:
    start = repo.root / "build-support" / "lockstep" / "doctor" / "start.sh"
    start.write_text(
        start.read_text().replace(" /usr/", " /no/usr/").replace(" /opt/", " /no/opt/")
    )
    old = executable(tmp_path / "programs" / "python3.8", "exit 1")
    nowhere = str(tmp_path / "nowhere")
    done = examined(
        repo,
        PATH=str(without_python(tmp_path)),
        PYENV_ROOT=nowhere,
        HOME=nowhere,
        LOCKSTEP_PYTHON=str(old),
        UV_PYTHON_INSTALL_DIR=nowhere,
    )
    assert (done.returncode, done.stdout) == (1, "")
    first = "pants: error: the doctor needs a Python 3.8 or newer, and none was found.\n"
    assert done.stderr.startswith(first)
    assert "pyenv install 3.9" in done.stderr


def test_wrong_lockstep_python(repo: Repo) -> None:
    found = said(repo, LOCKSTEP_PYTHON="/no/such/python")
    text = "interpreters: LOCKSTEP_PYTHON is /no/such/python, which is not a working CPython 3.9."
    assert text in found


def test_broken_pants_toml(repo: Repo) -> None:
    (repo.root / "pants.toml").write_text("[GLOBAL\n")
    found = said(repo, LOCKSTEP_PYTHON=another_python())
    assert any(text.startswith("pants.toml: pants.toml cannot be read: ") for text in found)
    assert any("(line 1)." in text for text in found)


def test_nothing_is_set_up(repo: Repo) -> None:
    found = said(repo)
    (not_set_up,) = [text for text in found if text.startswith("setup: ")]
    assert not_set_up.startswith(f"setup: Pants is not set up in {repo.cache}/bootstrap/")


def test_without_home(repo: Repo) -> None:
    assert said(repo, HOME=None) == said(repo)


@pytest.mark.parametrize("minor", (8, 10, 13))
def test_on_every_python(repo: Repo, minor: int) -> None:
    versions = Path(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))) / "versions"
    python = next(versions.glob(f"3.{minor}.*/bin/python"), None)
    if python is None:
        pytest.skip(f"there is no Python 3.{minor}")
    report = examined(repo, "--report", LOCKSTEP_PYTHON=str(python))
    assert f"| Python of the doctor | 3.{minor}." in report.stdout
    assert "| ok | pants.toml | pants.toml can be read and names Lockstep. |" in report.stdout
    assert "| not checked | locks | Locks were only looked at for merge conflicts" in report.stdout
    assert "itself failed" not in report.stdout


def test_it_leaves_the_checkout_as_it_is(repo: Repo) -> None:
    """So it works in one that is read-only, too."""

    def state() -> Dict[str, float]:
        return {str(path): path.stat().st_mtime for path in repo.root.rglob("*")}

    before = state()
    for args in ((), ("--fix",), ("--report",)):
        examined(repo, *args)
    assert state() == before
    assert not repo.cache.exists()


def test_a_damaged_setup_is_set_up_anew(repo: Repo) -> None:
    (repo.root / SETUP / "environment.py").write_text(TINY_ENVIRONMENT)
    assert repo.run("--bootstrap-exec", "true").returncode == 0
    (folder,) = [env_sh.parent for env_sh in repo.cache.glob("bootstrap/*/env.sh")]
    assert not any(text.startswith("setup: ") for text in said(repo))
    (folder / "uv").write_text("cut off")
    (fault,) = [text for text in said(repo) if text.startswith("setup: ")]
    assert fault.endswith("is damaged: uv is not as installed.")
    done = examined(repo, "--fix")
    assert f"pants: {folder} is damaged: setting up" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("doctor: Set up Pants anew in ")
    assert (folder / "uv").read_text() == "uv"
    assert sorted(path.name for path in folder.iterdir() if "damaged" in path.name) == []
    assert not any(text.startswith("setup: ") for text in said(repo))


def test_help(repo: Repo) -> None:
    texts = {repo.run(*args).stdout for args in (("doctor", "--help"), ("help", "doctor"))}
    (text,) = texts
    for option in ("--fix", "--report", "--command", "--output", "--json", "--offline"):
        assert f"\n  {option}" in text


@pytest.mark.parametrize(
    "args,error",
    [
        (("--what",), "unrecognized arguments: --what"),
        (("--report", "--json"), "--report and --json exclude each other"),
        (("--command=x",), "--command and --output are for --report"),
        (("--report", "--output=/no/such"), "/no/such cannot be read (No such file or directory)"),
    ],
)
def test_wrong_options(repo: Repo, args: "tuple[str, ...]", error: str) -> None:
    done = repo.run("doctor", "--offline", *args)
    assert (done.returncode, done.stdout) == (1, "")
    mend = "  `./pants doctor --help` shows what there is.\n"
    assert done.stderr == f"doctor: error: {error}.\n{mend}"


def test_report(repo: Repo) -> None:
    """What a command printed, and the configuration, without what must not be told."""
    url = "https://ann:s3cret@index.example/simple"
    command = f'echo "Looking in {url}"; echo "$HOME/x" >&2; exit 7'
    home = repo.root.parent / "home" / "annika"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(f"[global]\nindex-url = {url}\n")
    done = examined(
        repo,
        "--report",
        f"--command={command}",
        HOME=str(home),
        PIP_CONFIG_FILE=None,
        MY_TOKEN="t0ken-of-mine",
        PANTS_NOTE="annika has t0ken-of-mine",
    )
    assert done.stderr.startswith("doctor: running `")
    for text in ("It ended with exit code 7.", "Looking in https://****@index.example", "\n~/x\n"):
        assert text in done.stdout
    assert "PANTS_NOTE=USER has ****" in done.stdout
    for private in ("s3cret", "t0ken-of-mine", "annika", str(home)):
        assert private not in done.stdout
    output = repo.root.parent / "output"
    output.write_text("what was said")
    again = examined(repo, "--report", f"--output={output}")
    assert "\n```\nwhat was said\n```\n" in again.stdout


def test_a_check_that_fails_keeps_no_other_back(repo: Repo) -> None:
    module = repo.root / "build-support" / "lockstep" / "doctor" / "checks" / "venv.py"
    module.write_text(module.read_text().replace('if facts.kind == "missing":', "1 / 0\n    if 1:"))
    done = examined(repo, "--json")
    (failed,) = [f for f in json.loads(done.stdout)["findings"] if f["about"] == ".venv"]
    assert failed["text"].endswith("ZeroDivisionError: division by zero.")
    assert failed["mend"] == (
        "This is a fault of Lockstep: `./pants doctor --report` prints what to report."
    )
    assert '"daemon"' in done.stdout


def test_sourced_only_for_the_doctor(repo: Repo) -> None:
    """Targets of that name, and help of others, are Pants' own."""
    (repo.root / SETUP / "environment.py").write_text(TINY_ENVIRONMENT)
    assert repo.run("--bootstrap-exec", "true").returncode == 0
    (client,) = repo.cache.glob("bootstrap/*/native_client")
    executable(client, 'echo "$@"')
    for args in (("help",), ("list", "doctor"), ("help", "list"), ("--doctor",)):
        assert repo.run(*args).stdout == " ".join(args) + "\n"


def test_shell_is_posix() -> None:
    for shell in ("dash", "bash", "busybox"):
        program = shutil.which(shell)
        if program:
            command = [program, *(["sh"] if shell == "busybox" else []), "-n"]
            subprocess.run([*command, ROOT / "build-support/lockstep/doctor/start.sh"], check=True)
