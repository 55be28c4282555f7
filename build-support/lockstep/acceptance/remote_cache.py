"""A remote cache on loopback, and runners of the small monorepo that use it."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Mapping

from lockstep.acceptance.monorepo import CHECKOUT, Monorepo, Result

START_SECONDS = 60
SETUP = Path(os.environ["LOCKSTEP_BOOTSTRAP"])
UV = SETUP / "uv"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class CacheServer:
    """BuildGrid, configured as the manual shows it.

    Attributes:
        folder: where its blobs are.
        address: what Pants is told.
        process: the running server.
    """

    folder: Path
    address: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, program: Path, folder: Path, largest_file: int | None = None) -> CacheServer:
        """Start a server and wait until it answers.

        Args:
            program: BuildGrid's `bgd`.
            folder: where to keep everything.
            largest_file: the number of bytes at which its disk is full; None for no limit.
        """
        port = free_port()
        manual = (CHECKOUT / "docs/remote-cache.md").read_text()
        found = re.search(r"^```yaml\n(.*?)^```", manual, re.M | re.S)
        assert found is not None
        config = found[1].replace("0.0.0.0:50051", f"127.0.0.1:{port}")
        folder.mkdir(parents=True)
        (folder / "cache.yml").write_text(config.replace("/var/lib/buildgrid", str(folder)))

        def limit() -> None:
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        process = subprocess.Popen(
            [program, "server", "start", folder / "cache.yml"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=limit,
        )
        server = cls(folder, f"grpc://127.0.0.1:{port}", process)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return server
            except OSError:
                assert process.poll() is None, "BuildGrid ended"
                assert time.monotonic() < deadline, "BuildGrid does not answer"
                time.sleep(0.1)

    def blobs(self) -> Iterator[Path]:
        """The files of its content-addressed storage: all keys, inputs, outputs and results."""
        return (path for path in (self.folder / "cas/objects").rglob("*") if path.is_file())

    def pause(self) -> None:
        """Let it answer nothing, though it is there."""
        self.process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End it, if it is still there."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(timeout=30)


def install_buildgrid() -> Path:
    """BuildGrid's program `bgd`, installed where the launcher keeps its setup, once for its lock."""
    import hashlib

    from lockstep.envs.pip_config import configured_settings

    lock = Path(__file__).with_name("buildgrid.lock.txt")
    key = hashlib.sha256(lock.read_bytes()).hexdigest()[:20]
    venv = SETUP / f"buildgrid-{key}"
    if not (venv / "bin/bgd").exists():
        aside = SETUP / f"buildgrid-{os.getpid()}.tmp"
        environ = {**os.environ, **configured_settings(os.environ)}
        no_index = ["--no-index"] if "PIP_NO_INDEX" in environ else []
        create: list[str | Path] = [
            UV,
            "venv",
            "--quiet",
            "--no-project",
            "--relocatable",
            "--python",
            "3.11",
            aside,
        ]
        install: list[str | Path] = [
            UV,
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            *no_index,
        ]
        install += ["--python", aside / "bin/python", "--requirement", lock]
        for command in (create, install):
            subprocess.run(command, env=environ, check=True)
        aside.rename(venv)
    return venv / "bin/bgd"


def copy_python(folder: Path) -> tuple[Path, Path]:
    """A CPython 3.11 of this machine, and what it looks like on another machine."""
    found = subprocess.run(
        [UV, "python", "find", "--no-project", "--system", "3.11"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    python = Path(found.stdout.strip()).resolve()
    told = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    library = Path(told.stdout.strip())
    shutil.copytree(
        library,
        folder / "lib" / library.name,
        ignore=shutil.ignore_patterns("test", "site-packages", "dist-packages", "__pycache__"),
        symlinks=True,
    )
    copy = folder / "bin" / python.name
    copy.parent.mkdir()
    shutil.copy2(python, copy)
    return python, copy


def machine(folder: Path, python: Path, server: str, **settings: str) -> Mapping[str, str]:
    """The environment of a machine that has nothing but the launcher's setup and an interpreter.

    Its package index is a port that nobody listens on.
    """
    index = f"http://127.0.0.1:{free_port()}/simple"
    home = folder / "home of a runner"
    home.mkdir(parents=True)
    index_settings = [name for name in os.environ if name.startswith(("PIP_", "UV_"))]
    return {
        **dict.fromkeys(index_settings, ""),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(folder / "cache of a runner"),
        "PANTS_NAMED_CACHES_DIR": str(folder / "named_caches"),
        "LOCKSTEP_CACHE": str(SETUP.parents[1]),
        "PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH": str([str(python)]),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index,
        "UV_DEFAULT_INDEX": index,
        "LOCKSTEP_REMOTE_CACHE": server,
        "CI": "",
        "PYENV_ROOT": "",
        **settings,
    }


@dataclass(frozen=True)
class Run:
    """What a run with `--level=debug` tells of its processes.

    Attributes:
        result: exit code and output.
        taken: the processes whose result came from the remote cache, by description.
        started: the processes that were started here, and how long a result of theirs may be used.
    """

    result: Result
    taken: Counter[str]
    started: Counter[tuple[str, str]]

    @classmethod
    def of(cls, repo: Monorepo, *args: str) -> Run:
        result = repo.pants("--no-pantsd", "--level=debug", "--stats-log", *args)
        taken = re.findall(r'remote cache hit for: "(.*?)" digest=', result.output)
        started = re.findall(
            r'spawned local process .*? description: "(.*?)", level: .* cache_scope: (\w+),',
            result.output,
        )
        return cls(result, Counter(taken), Counter(started))

    def count(self, counter: str) -> int:
        """One of Pants' counters."""
        found = re.search(rf"^  {counter}: (\d+)$", self.result.output, re.M)
        assert found is not None, self.result.output
        return int(found[1])

    def warnings(self) -> list[str]:
        """What is said about the remote cache above the level of debugging."""
        return re.findall(r"\[(?:WARN|ERROR)\] (.*remote cache.*)", self.result.output)
