"""How long a service takes from its start until it listens: the deployable's installed layout beside
`python -m` in a plain virtual environment, its own PEX and a zipapp.

    build-support/python benchmarks/starting.py [--pairs N] [--drop-caches] [SERVICE...]

`./pants package` makes tarball and PEX; pip installs the same slice in the virtual environment, and
compiles it. A round is one start of each, in turns. Told are medians, and their ratio to `python -m`.
The PEX starts once with an empty PEX_ROOT (cold) and once with a filled one (warm); the others write
nothing, so each of their starts is a first one. --drop-caches lets the kernel forget all files before
each start, for which one must be root. A zipapp is no contender where Python cannot import the code from
a zip file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipapp
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
MOST_RATIO = 1.2
SERVICES: Mapping[str, str] = {
    "index": "package_index",
    "inspector": "inspector",
    "linehaul": "linehaul",
}
"""The module of each service."""


@dataclass(frozen=True)
class Contender:
    """A way to start a service.

    Attributes:
        command: its command line.
        environment: variables beside those that the service needs.
        emptied: a folder to empty before each start.
    """

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    emptied: Path | None = None


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PORT": "0",
        "PACKAGES": str(folder),
        "INDEX_URL": "http://127.0.0.1:1/simple/",
        "DATABASE": str(folder / "linehaul.sqlite3"),
    }


def seconds_to_listen(contender: Contender, folder: Path, *, drop_caches: bool) -> float | None:
    """From the start until the service logs that it listens; None where it ends before."""
    if contender.emptied is not None:
        shutil.rmtree(contender.emptied, ignore_errors=True)
    if drop_caches:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
    begun = time.perf_counter()
    process = subprocess.Popen(
        contender.command,
        cwd=folder,
        env={**_environment(folder), **contender.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if '"listening"' in line:
                return time.perf_counter() - begun
        return None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()


def _contenders(service: str, folder: Path) -> Mapping[str, Contender]:
    module = SERVICES[service]
    target = f"services/{service}:deploy"
    subprocess.run(["./pants", "package", target], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    dist = ROOT / f"dist/services.{service}/deploy"
    (tarball,), (pex,) = dist.glob("*.tar.gz"), dist.glob("*.pex")
    with tarfile.open(tarball) as archive:
        archive.extractall(folder)
    installed = folder / tarball.name[: -len(".tar.gz")]

    venv = folder / "venv"
    sliced = folder / "slice.txt"
    export = ["./pants", "lock-export", f"--slice={target}", f"--output={sliced}"]
    subprocess.run(export, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    python = subprocess.run(
        ["python3.11", "-c", "import sys; print(sys.executable)"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.strip()
    subprocess.run([python, "-m", "venv", venv], check=True)
    install = [f"{venv}/bin/python", "-m", "pip", "install", "-q", "--no-deps", "--require-hashes"]
    subprocess.run([*install, "-r", sliced], check=True, stderr=subprocess.DEVNULL)
    (site,) = venv.glob("lib/python3.11/site-packages")
    for path in (installed / "app").iterdir():
        if path.is_file():
            shutil.copy(path, site)
        elif path.name != "__pycache__":
            shutil.copytree(path, site / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([venv / "bin/python", "-m", "compileall", "-q", site], check=False)

    zipped = folder / "zipped"
    shutil.copytree(site, zipped, ignore=shutil.ignore_patterns("__pycache__"))
    (zipped / "__main__.py").write_text(
        f"import runpy\nrunpy.run_module({module!r}, run_name='__main__', alter_sys=True)\n"
    )
    zipapp.create_archive(zipped, folder / "service.pyz", compressed=True)
    return {
        "python -m, virtual environment": Contender([f"{venv}/bin/python", "-m", module]),
        "installed layout": Contender([f"{installed}/bin/start"], {"LOCKSTEP_PYTHON": python}),
        "PEX, cold": Contender([python, str(pex)], {"PEX_ROOT": f"{folder}/cold"}, folder / "cold"),
        "PEX, warm": Contender([python, str(pex)], {"PEX_ROOT": f"{folder}/warm"}),
        "zipapp": Contender([python, f"{folder}/service.pyz"]),
    }


def measure(service: str, pairs: int, *, drop_caches: bool) -> Mapping[str, float | None]:
    """The median seconds of each contender."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contenders = _contenders(service, folder)
        seconds: dict[str, list[float]] = {title: [] for title in contenders}
        for turn in range(-1, pairs):
            order = list(contenders) if turn % 2 else [*contenders][::-1]
            for title in order:
                took = seconds_to_listen(contenders[title], folder, drop_caches=drop_caches)
                if took is not None and turn >= 0:
                    seconds[title].append(took)
        return {title: median(taken) if taken else None for title, taken in seconds.items()}


def main() -> int:
    """Print a table for each service; 1 if the installed layout takes too long for one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("services", nargs="*", default=list(SERVICES), metavar="SERVICE")
    parser.add_argument("--pairs", type=int, default=15, help="rounds of each service")
    parser.add_argument(
        "--drop-caches", action="store_true", help="let the kernel forget all files"
    )
    options = parser.parse_args()
    slow = 0
    for service in options.services:
        found = measure(service, options.pairs, drop_caches=options.drop_caches)
        base = found["python -m, virtual environment"]
        assert base is not None, f"{service} does not start in a virtual environment"
        print(f"\n| {service} | seconds | ratio |\n|---|---|---|")
        for title, took in found.items():
            told = "does not start" if took is None else f"{took:.2f}"
            print(f"| {title} | {told} | {'' if took is None else f'{took / base:.2f}'} |")
        own = found["installed layout"]
        slow += own is None or own > MOST_RATIO * base
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
