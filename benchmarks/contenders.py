"""The ways to build environments that are measured against each other."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Mapping, Sequence

from lockstep.core.index_settings import settings
from lockstep.envs.pip_config import pip_config_files, read_pip_config

from measuring import Folders, Measurement
from monorepo import PYTHON, Monorepo, Tools, Wanted

HERE = Path(__file__).resolve().parent
BUILD_SUPPORT = HERE.parent / "build-support"
CACHE_PLACES = ("PEX_ROOT", "XDG_CACHE_HOME")

Contender = Callable[[Monorepo, Sequence[Wanted], Folders, Tools], Measurement]


def with_uv(jobs: int) -> Contender:
    """Plain uv: one virtual environment after the other, or some at a time."""

    def build(
        monorepo: Monorepo, wanted: Sequence[Wanted], folders: Folders, tools: Tools
    ) -> Measurement:
        for number, one in enumerate(wanted):
            (folders.built / f"{number}.txt").write_text(one.slice.text)
        empty = folders.on_disk()
        begun = time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda number: _sync(number, folders, tools), range(len(wanted))))
        seconds = time.perf_counter() - begun
        return Measurement(0.0, seconds, 0, folders.on_disk() - empty)

    return build


def _sync(number: int, folders: Folders, tools: Tools) -> None:
    venv = folders.built / str(number)
    common = ("--quiet", "--cache-dir", folders.caches)
    tools.run(tools.uv, "venv", *common, "--no-project", "--python", tools.python, venv)
    tools.run(
        *(tools.uv, "pip", "sync", *common, "--require-hashes", "--only-binary", ":all:"),
        *("--python", venv / "bin" / "python", folders.built / f"{number}.txt"),
    )


def with_pants(*, plugin: bool) -> Contender:
    """Pants with Lockstep and the lock, or by itself and the same lock in PEX's own format."""

    def build(
        monorepo: Monorepo, wanted: Sequence[Wanted], folders: Folders, tools: Tools
    ) -> Measurement:
        lock = monorepo.lock if plugin else monorepo.pex_lock
        job = {
            "plugin": plugin,
            "python": PYTHON,
            "files": {
                "BUILD": 'python_requirements(name="requirements", source="requirements.in")\n',
                "requirements.in": monorepo.requirements.read_text(),
                lock.name: lock.read_text(),
            },
            "options": [*_options(lock.name, tools), *index_options(tools)],
            "slices": [list(one.names) for one in wanted],
            "folder": str(folders.built.parent),
        }
        environ = {name: value for name, value in tools.environ.items() if name not in CACHE_PLACES}
        # A pex tool that drops PEX_ROOT has its cache below HOME.
        environ.update(HOME=str(folders.caches / "home"), PYTHONPATH=str(BUILD_SUPPORT))
        done = subprocess.run(
            [sys.executable, HERE / "pants_request.py"],
            env=environ,
            input=json.dumps(job),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if done.returncode != 0:
            raise SystemExit(f"Pants failed:\n{done.stdout}{done.stderr}")
        return Measurement(**json.loads(done.stdout.splitlines()[-1]))

    return build


def _options(lock: str, tools: Tools) -> list[str]:
    return [
        "--python-enable-resolves",
        "--no-python-enable-lockfile-targets",
        "--python-invalid-lockfile-behavior=ignore",
        f"--python-resolves={{'python-default': '{lock}'}}",
        f"--python-interpreter-constraints=['CPython=={PYTHON}.*']",
        f"--python-bootstrap-search-path=['{tools.python.parent}']",
    ]


def index_options(tools: Tools) -> list[str]:
    """pip's index settings as options of Pants, which Lockstep would find out by itself."""
    pip = read_pip_config(pip_config_files(tools.environ))
    known = settings(tools.environ, pip)
    known.pop("HOME", None)
    indexes = known.get("UV_INDEX", "").split()
    links = [link for link in known.get("UV_FIND_LINKS", "").split(",") if link]
    options = [f"--python-repos-indexes=+{indexes}", f"--python-repos-find-links={links}"]
    if "UV_DEFAULT_INDEX" in known:
        options.insert(0, f"--python-repos-indexes={[known['UV_DEFAULT_INDEX']]}")
    if "SSL_CERT_FILE" in known:
        options.append(f"--ca-certs-path={known['SSL_CERT_FILE']}")
    passed = ["HOME", *(name for name in known if not name.startswith(("PIP_", "UV_")))]
    return [*options, f"--subprocess-environment-env-vars=+{passed}"]


CONTENDERS: Mapping[str, Contender] = {
    "uv": with_uv(1),
    "uv, 2 at a time": with_uv(2),
    "lockstep": with_pants(plugin=True),
    "pants": with_pants(plugin=False),
}
