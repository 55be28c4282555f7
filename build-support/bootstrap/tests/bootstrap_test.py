"""Runs bootstrap.py, and its parts, in temporary folders."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import bootstrap
import environment
import pytest
from conftest import Repo, SetUp


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def loaded(env_sh: Path, name: str) -> str:
    """What a variable is after a shell has loaded an `env.sh`."""
    script = f'. "$1"; printf %s "${name}"'
    return subprocess.check_output(["sh", "-euc", script, "sh", env_sh], text=True)


def bootstrap_in(repo: Repo, **variables: str) -> subprocess.CompletedProcess[str]:
    program = repo.root / "build-support" / "bootstrap" / "bootstrap.py"
    return subprocess.run(
        [sys.executable, "-BEs", program, repo.cache / "bootstrap" / "key"],
        env=repo.env(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_failed(repo: Repo, done: subprocess.CompletedProcess[str], *said: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for text in said:
        assert text in done.stderr
    assert repo.environments == repo.leftovers == []


def test_contents(set_up: SetUp) -> None:
    (env,) = set_up.repo.environments
    env_sh = env / "env.sh"
    assert loaded(env_sh, "LOCKSTEP_BOOTSTRAP") == str(env)
    assert loaded(env_sh, "_PANTS_SERVER_EXE") == str(env / "pants-server")
    assert loaded(env_sh, "PANTS_BIN_NAME") == "./pants"
    for tool, scope in (("pex", "PANTS_PEX_CLI"), ("uv", "PANTS_LOCKSTEP_UV")):
        version = loaded(env_sh, f"{scope}_VERSION")
        found = loaded(env_sh, f"{scope}_URL_TEMPLATE")[len("file://") :]
        known, platform, digest, size = loaded(env_sh, f"{scope}_KNOWN_VERSIONS")[2:-2].split("|")
        assert known == version
        assert platform in ("linux_x86_64", "linux_arm64", "macos_arm64", "macos_x86_64")
        assert (digest, int(size)) == (sha256(Path(found)), (env / tool).stat().st_size)
        assert version[1:] in subprocess.check_output([env / tool, "--version"], text=True)


def test_scripts_of_the_environment_work(set_up: SetUp) -> None:
    """They were installed elsewhere, before the environment was moved into place."""
    (env,) = set_up.repo.environments
    subprocess.check_call([env / "tools" / "bin" / "pip-compile", "--version"])
    subprocess.check_call([env / "tools" / "bin" / "python", "-m", "pip", "check"])


def test_pex_has_the_same_bytes_wherever_it_is_made(set_up: SetUp, tmp_path: Path) -> None:
    tools = tmp_path / "another folder" / "tools"
    environment.build_tools(tools)
    environment.build_pex(tools, tmp_path / "pex")
    (env,) = set_up.repo.environments
    assert sha256(tmp_path / "pex") == sha256(env / "pex")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["another folder", "pex"]


def test_pex_runs_under_the_oldest_and_the_newest_python(set_up: SetUp, tmp_path: Path) -> None:
    (env,) = set_up.repo.environments
    pyenv = Path(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")))
    newest = [str(python) for python in pyenv.glob("versions/3.13.*/bin/python")]
    for python in (sys.executable, *newest[:1]):
        subprocess.check_call(
            [python, env / "pex", "--version"], env={**os.environ, "PEX_ROOT": str(tmp_path)}
        )


def test_wrong_hash_names_the_package(new_repo: Repo) -> None:
    lock = new_repo.root / "build-support" / "bootstrap" / "tools.lock.txt"
    lines = lock.read_text().splitlines()
    (pin,) = (i for i, line in enumerate(lines) if line.startswith("build=="))
    lines[pin + 1 : pin + 3] = ["    --hash=sha256:" + "0" * 64]
    lock.write_text("\n".join(lines))
    done = bootstrap_in(new_repo)
    said = ("build==", "could not install tools.lock.txt: a downloaded package is not the one")
    assert_failed(new_repo, done, *said)


def test_unreachable_index(new_repo: Repo) -> None:
    done = bootstrap_in(
        new_repo,
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_EXTRA_INDEX_URL="",
        PIP_FIND_LINKS="",
        PIP_RETRIES="0",
    )
    assert_failed(new_repo, done, "ERROR: ", "could not install tools.lock.txt.", "network")


@pytest.mark.parametrize("plugins,engines", [("[]", 1), ("['ansicolors']", 2)], ids=["none", "one"])
def test_an_engine_for_plugins_is_laid_out_where_one_is_named(
    tmp_path: Path, plugins: str, engines: int
) -> None:
    """In the setup that runs the tests: Pants starts no plugin where the path holds a blank."""
    repo = Repo.create(tmp_path / "repo", Path(os.environ["LOCKSTEP_BOOTSTRAP"]).parents[1])
    done = repo.run("--no-pantsd", "-ltrace", f"--plugins={plugins}", "--version")
    assert (done.returncode, done.stdout) == (0, "2.17.1\n"), done.stderr
    assert done.stderr.count("initial_polymorphic iteration 1000:") == engines


def test_missing_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "server.py"
    monkeypatch.setattr(environment, "SERVER", missing)
    with pytest.raises(environment.SetupError) as raised:
        environment.write_server(tmp_path, tmp_path)
    assert raised.value.problem == f"{missing} is missing."


@pytest.mark.parametrize("name", ["pants.lock.txt", "tools.lock.txt"])
def test_missing_lock(new_repo: Repo, name: str) -> None:
    (new_repo.root / "build-support" / "bootstrap" / name).unlink()
    assert_failed(new_repo, bootstrap_in(new_repo), f"{name} is missing", "Restore it")


def test_cache_that_cannot_be_written(new_repo: Repo) -> None:
    new_repo.cache.write_text("not a folder")
    done = bootstrap_in(new_repo)
    assert_failed(new_repo, done, "could not set up Pants", str(new_repo.cache), "LOCKSTEP_CACHE")


def test_settings_that_would_install_elsewhere_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PIP_TIMEOUT", "7")
    script = 'test -z "${PIP_TARGET+set}" && test "$PIP_TIMEOUT" = 7 && test "$GIVEN" = yes'
    environment.run(["sh", "-c", script], "look at the environment", GIVEN="yes")


def test_excerpt_shows_the_errors_first() -> None:
    noise = [f"WARNING: {i}" for i in range(50)]
    output = "\n".join([*noise, "ERROR: why", "  details"])
    assert environment.excerpt(output) == "WARNING: 49\nERROR: why\n  details"
    assert environment.excerpt("\n".join(noise)).splitlines() == noise[-11:]
    assert environment.excerpt("") == ""


def test_moved_or_damaged_environment_is_not_complete(tmp_path: Path) -> None:
    target = tmp_path / "it's here"
    for program in ("pants/bin/python", "tools/bin/python"):
        (target / program).parent.mkdir(parents=True)
        (target / program).symlink_to(sys.executable)
    for name in ("native_client", "pex", "pex-base", "uv"):
        shutil.copy2(sys.executable, target / name)
    assert not bootstrap.is_complete(target)
    environment.write_env(target, target)
    assert bootstrap.is_complete(target)

    alias = tmp_path / "alias"
    alias.symlink_to(target)
    assert bootstrap.is_complete(alias)

    moved = target.rename(tmp_path / "moved")
    assert not bootstrap.is_complete(moved)
    moved.rename(target)
    (target / "pants/bin/python").unlink()
    (target / "pants/bin/python").symlink_to("/no/such/python")
    assert not bootstrap.is_complete(target)


def test_damaged_environment_is_replaced(tmp_path: Path) -> None:
    target, build = tmp_path / "key", tmp_path / ".key.1.tmp"
    for folder, content in ((target, "old"), (build, "new")):
        folder.mkdir()
        (folder / "file").write_text(content)
    assert bootstrap.reason(target) == f"{target} is damaged"
    bootstrap.move_into_place(build, target)
    assert (target / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_only_abandoned_builds_are_removed(tmp_path: Path) -> None:
    own, dead, alive = (tmp_path / f".{key}.1.tmp" for key in ("own", "dead", "alive"))
    for leftover in (own, dead, alive):
        (leftover / "tools").mkdir(parents=True)
    with bootstrap.lock_file(tmp_path / "alive").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with bootstrap.locked(tmp_path / "own"):
            bootstrap.remove_leftovers(tmp_path / "own")
    assert list(tmp_path.glob("*.tmp")) == [alive]
