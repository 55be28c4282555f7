"""The wheel store, with no network at all and an index from which everything was deleted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.acceptance.monorepo import LOCK, Monorepo, Result
from lockstep.acceptance.served_index import ServedIndex, served_index

UNSHARE = ["unshare", "--net", *([] if os.getuid() == 0 else ["--map-root-user"])]
OFFLINE = 'ip link set lo up && for call in "$@"; do eval "$call" || exit; done'
PACKAGED = """\
python_sources()
pex_binary(name="here", entry_point="main.py")
pex_binary(
    name="elsewhere",
    entry_point="main.py",
    complete_platforms=[":platform"],
    execution_mode="venv",
)
file(name="platform", source="platform.json")
"""
ELSEWHERE = {
    "compatible_tags": ["cp311-cp311-manylinux_2_17_aarch64", "py3-none-any"],
    "marker_environment": {
        "implementation_name": "cpython",
        "implementation_version": "3.11.7",
        "os_name": "posix",
        "platform_machine": "aarch64",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": "3.11.7",
        "python_version": "3.11",
        "sys_platform": "linux",
    },
}
CALLS = (
    # Else it would not be seen that all the rest needs the store.
    "! LOCKSTEP_WHEELS=/nowhere ./pants test plain::",
    "./pants lock --check",
    "./pants test ::",
    "./pants export",
    "./pants package other/packaged::",
    "./pants lock --fetch",
)


def _unshares() -> bool:
    command = [*UNSHARE, "ip", "link", "set", "lo", "up"]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


needs_namespaces = pytest.mark.skipif(
    shutil.which("unshare") is None or not _unshares(),
    reason="this machine does not let a process have no network",
)


def offline(repo: Monorepo, *calls: str) -> Result:
    """Call Pants, several times with one daemon, where there is no network."""
    _, environ = repo.command()
    flags = {"PANTS_DYNAMIC_UI": "false", "PANTS_COLORS": "false"}
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", OFFLINE, "sh", *calls],
        cwd=repo.root,
        env={**environ, **flags},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    repo.stop()
    return Result.of(done)


@pytest.fixture(scope="module")
def fetched(
    tmp_path_factory: pytest.TempPathFactory,
    locked_monorepo: tuple[Monorepo, Mapping[str, str]],
) -> Iterator[tuple[Monorepo, Path]]:
    """Another checkout of a repository whose lock was fetched, with caches that are empty."""
    repo, locked = locked_monorepo
    repo.restore(locked)
    folder = tmp_path_factory.mktemp("fetch")
    store = folder / "wheels"
    wheels = {"LOCKSTEP_WHEELS": str(store)}
    done = replace(repo, variables={**repo.variables, **wheels}).pants("lock", "--fetch")
    assert done.exit_code == 0, done.output
    caches = {"PANTS_NAMED_CACHES_DIR": str(folder / "caches")}
    copy = Monorepo(folder / "mono repo", folder / "store", {**repo.variables, **wheels, **caches})
    ignored = shutil.ignore_patterns(".pants.d", ".pids", "dist", ".venv*")
    shutil.copytree(repo.root, copy.root, ignore=ignored)
    copy.write("other/packaged/BUILD", PACKAGED)
    copy.write("other/packaged/main.py", "import idna\n\nprint(idna.encode('a.example'))\n")
    copy.write("other/packaged/platform.json", json.dumps(ELSEWHERE))
    yield copy, store
    copy.stop()


@needs_namespaces
def test_all_passes_with_no_network_once_the_lock_is_fetched(
    fetched: tuple[Monorepo, Path],
) -> None:
    repo, store = fetched
    done = offline(repo, *CALLS)
    assert done.exit_code == 0, done.output
    assert "Lockstep could not install the slice" in done.output
    assert len(done.tests_run()) == 5, done.output
    ran = subprocess.run(
        [repo.path("dist/other.packaged/here.pex")], stdout=subprocess.PIPE, text=True, check=True
    )
    assert ran.stdout == "b'a.example'\n"
    assert repo.path("dist/other.packaged/elsewhere.pex").is_file()
    assert f"{LOCK}: {store} holds " in done.output and ", 0 of them new." in done.output


def test_the_store_is_served_by_the_index_to_others(
    fetched: tuple[Monorepo, Path], tmp_path: Path
) -> None:
    repo, store = fetched
    with served_index(tmp_path, store / "packages") as index:
        served = repo.read(LOCK).partition("idna==")[2].partition("\n    # via")[0]
        (tmp_path / "slice.txt").write_text(f"idna=={served}\n")
        uv = f"{os.environ['LOCKSTEP_BOOTSTRAP']}/uv"
        done = subprocess.run(
            [
                *(uv, "pip", "install", "--require-hashes", "--target", str(tmp_path / "there")),
                *("--index-strategy", "first-index", "--default-index", index.url, "--no-cache"),
                *("--requirement", str(tmp_path / "slice.txt")),
            ],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "there/idna/__init__.py").exists()


def test_releases_that_are_gone_from_the_index_are_told_and_break_nothing(
    dated: Monorepo, index: ServedIndex, tmp_path: Path
) -> None:
    repo = replace(
        dated, variables={**dated.variables, "LOCKSTEP_WHEELS": str(tmp_path / "wheels")}
    )
    done = repo.pants("lock")
    assert done.exit_code == 0, done.output
    held = f"{LOCK}: {tmp_path / 'wheels'} holds 2 files"
    assert f"{held}, 2 of them new.\n" in repo.pants("lock", "--fetch").output
    for wheel in index.packages.iterdir():
        wheel.unlink()
    again = repo.pants("lock", "--fetch")
    assert (again.exit_code, again.output) == (0, f"{held}, 0 of them new.\n")
    checked = repo.pants("lock", "--check")
    assert (checked.exit_code, checked.output) == (0, f"{LOCK} fits its inputs.\n")
    shutil.rmtree(tmp_path / "wheels")
    gone = repo.pants("lock", "--fetch")
    assert gone.exit_code == 1
    assert "The index does not tell where the files of all pins are. Mend what uv names" in (
        gone.output
    )


def test_a_fetch_resolves_nothing(dated: Monorepo) -> None:
    done = dated.pants("lock", "--fetch", "--upgrade")
    assert (done.exit_code, done.output) == (
        1,
        "An upgrade resolves, and `--check`, `--fetch` and `--verify-here` do not. Leave one of them"
        " out.\n",
    )
