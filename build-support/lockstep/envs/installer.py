"""Installs a slice inside a sandbox. Runs there as a program of its own, as `shipping.py` lays it out,
under the interpreter that the slice is for, with nothing but the standard library (CPython 3.8 and
newer).

    installer pex OUTPUT                makes the PEX OUTPUT, which holds the wheels of the slice
    installer venv COMMAND [ARG...]     installs the slice in .lockstep/venv, then runs COMMAND
    installer foreign PLATFORM PYTHON COMMAND [ARG...]
                                        unpacks the wheels of the slice for another platform (as
                                        uv calls it) in .lockstep/foreign, then runs COMMAND
    installer uv ARG...                 runs uv with the user's index settings and the shared cache
    installer settings COMMAND [ARG...] only runs COMMAND, which resolves the slice, with the user's
                                        index settings

The sandbox holds, below `.lockstep/`:

    slice.txt    the pins with their hashes
    uv/uv        the installer that downloads, checks and builds
    base/        pex-base, an empty PEX in packed layout, as a zip file
    uv-cache/    uv's cache, shared by all sandboxes of the machine
    wheels/      wheels that are ready to go into a PEX, likewise shared
    index/       the user's index settings, in a file called by the id of the process that runs
                 Pants; no input of what is built

Where the wheel store (`wheel_store.py`) holds a file of every pin, files are taken from there, and the
index is asked only if none of them serves.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple, NoReturn, Sequence, Tuple

HOME = ".lockstep"
SLICE = f"{HOME}/slice.txt"
_UV = f"{HOME}/uv/uv"
VENV = f"{HOME}/venv"
_FOREIGN = f"{HOME}/foreign"
_SETTINGS = f"{HOME}/index"
_COMMIT = re.compile(r"^[^\s;]+\s*@\s*[a-z]+\+\S+@[0-9a-f]{40}(?![0-9A-Za-z])")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_PIP_VERSION = "--pip-version"
_NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`")

WHEELS = "LOCKSTEP_WHEELS"
"""The variable that tells where the wheel store is."""

FULL = "No space left on device"
"""What uv says of a full disk, among more."""


class InstallError(Exception):
    """The slice cannot be installed; the message holds what uv said."""


def main(mode: str, *args: str) -> None:
    """Run the script; `args` are those behind the mode."""
    if os.path.exists(_SETTINGS):
        with open(f"{_SETTINGS}/{os.getppid()}.json") as file:
            os.environ.update(json.load(file))
    if mode == "pex":
        from lockstep.envs.packing import make_pex

        (output,) = args
        make_pex(output)
        return
    if mode == "venv":
        install(SLICE)
    if mode == "foreign":
        unpack_for(*args[:2])
        args = args[2:]
    if mode == "uv":
        args = (_UV, *args, *_no_index(sandbox()))
    if mode == "settings" and _done_from_store(args):
        return
    _become(args)


def _done_from_store(command: Sequence[str]) -> bool:
    """Whether PEX could do with what the wheel store holds.

    It would download a pip for itself, but it brings an old one along, which can read a folder.
    """
    place = sandbox()
    with open(SLICE) as file:
        stored = _stored(place, [entry for _, entry in pins(file.read())])
    if not stored:
        return False
    environ = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": stored[-1]}
    command = list(command)
    if _PIP_VERSION in command:
        command[command.index(_PIP_VERSION) + 1] = "vendored"
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode == 0:
        sys.stdout.buffer.write(done.stdout)
        sys.stderr.buffer.write(done.stderr)
    return done.returncode == 0


def _become(command: Sequence[str]) -> NoReturn:
    os.execvp(command[0], list(command))


class Place(NamedTuple):
    """Where a slice is installed, and what by.

    Attributes:
        uv: the program.
        venv: the virtual environment; its Python decides which wheels are taken.
        files: a folder for what uv is to read.
        environ: uv's environment: settings of the index, `UV_CACHE_DIR`.
    """

    uv: str
    venv: str
    files: str
    environ: Mapping[str, str]


def sandbox() -> Place:
    """The place that the sandbox of the script is for."""
    os.environ.update(uv_settings(os.path.abspath(f"{HOME}/uv-cache")))
    return Place(_UV, VENV, HOME, os.environ)


def uv_settings(cache: str) -> Dict[str, str]:
    """Variables that let uv do what is asked of it and no more; `cache` is an absolute path."""
    return {"UV_CACHE_DIR": cache, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def install(requirements: str, *options: str) -> None:
    """Install a requirements file with hashes into a new environment, `.lockstep/venv`.

    Raises:
        InstallError: a hash does not match, a pin does not exist or does not build, no network.
    """
    place = sandbox()
    run_uv(place, "venv", "--no-project", "--python", sys.executable, place.venv)
    with open(requirements) as file:
        install_pins(place, file.read(), *options)


def install_pins(place: Place, text: str, *options: str) -> None:
    """Install pins with hashes into an environment that is there.

    Wheels only at first, so that a wheel whose hash is not in the lock is an error: uv would else
    quietly build the source distribution in its place. A pin that has no wheel for this
    interpreter is then built from source, and no other one is.

    Raises:
        InstallError: a hash does not match, a pin does not exist or does not build, no network.
    """
    entries = list(pins(text))
    options = ("--no-deps", "--python", f"{place.venv}/bin/python", *options)
    commits = [entry for _, entry in entries if _is_commit(entry)]
    if commits:  # the commit itself is a hash of what it holds, and uv takes it for none
        commits_file = _written(place, "commits.txt", commits)
        run_uv(place, "pip", "install", *options, *_no_index(place), "--requirement", commits_file)
    hashed = [(name, entry) for name, entry in entries if not _is_commit(entry)]
    names = [name for name, _ in hashed]
    if not names:
        return
    texts = [entry for _, entry in hashed]
    options = (*options, "--requirement", _written(place, "hashed.txt", texts))
    _found(place, texts, lambda finding: _install_hashed(place, names, (*options, *finding)))


def _install_hashed(place: Place, names: Sequence[str], options: Sequence[str]) -> None:
    sources: List[str] = []
    while True:
        wheels = [name for name in names if name not in sources] if sources else [":all:"]
        only = [word for name in wheels for word in ("--only-binary", name)]
        try:
            run_uv(place, "pip", "install", "--require-hashes", *only, *options)
            return
        except InstallError as error:
            found = [name for name in _NO_WHEEL.findall(str(error)) if name not in sources]
            if not found:
                raise
            sources.extend(found)


def unpack_for(platform: str, python: str) -> None:
    """Unpack the wheels of the slice that another platform and Python need, to be looked into.

    What is in no wheel, a commit of a repository, is left out.

    Raises:
        InstallError: a hash does not match, a pin has no wheel for them, no network.
    """
    place = sandbox()
    with open(SLICE) as file:
        hashed = [entry for _, entry in pins(file.read()) if not _is_commit(entry)]
    options = (
        "--no-deps", "--require-hashes", "--only-binary", ":all:",
        "--link-mode", "symlink", "--target", _FOREIGN, "--python", sys.executable,
        "--python-platform", platform, "--python-version", python,
        "--requirement", _written(place, "hashed.txt", hashed),
    )  # fmt: skip
    _found(place, hashed, lambda finding: run_uv(place, "pip", "install", *options, *finding))


def _found(place: Place, entries: Sequence[str], install: Callable[[Sequence[str]], None]) -> None:
    """Install pins from the wheel store, or from the index if the store cannot serve.

    Args:
        place: where to.
        entries: the pins.
        install: is called with the options by which uv finds files.
    """
    stored = _stored(place, entries)
    if stored:
        try:
            install(stored)
            return
        except InstallError as error:
            if FULL in str(error):
                raise  # uv takes for installed what it left half-installed
    install(_no_index(place))


def _stored(place: Place, entries: Sequence[str]) -> Sequence[str]:
    """The options by which uv finds files in the wheel store alone; none if it lacks some."""
    store = place.environ.get(WHEELS, "")
    for entry in entries:
        digests = _HASH.findall(entry)
        if not any(os.path.isdir(f"{store}/files/{digest}") for digest in digests):
            return []
    return ["--no-index", "--find-links", f"{store}/packages"] if store else []


def _written(place: Place, name: str, entries: Sequence[str]) -> str:
    path = os.path.join(place.files, name)
    with open(path, "w") as file:
        file.writelines(entries)
    return path


def _is_commit(entry: str) -> bool:
    return _COMMIT.search(entry) is not None


def _no_index(place: Place) -> Sequence[str]:
    """pip's setting as uv's option: uv has no variable for it."""
    return ["--no-index"] if "PIP_NO_INDEX" in place.environ else []


def run_uv(place: Place, *args: str) -> None:
    """Run uv, quietly.

    Raises:
        InstallError: it failed.
    """
    done = subprocess.run(
        [place.uv, *args, "--quiet"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # git is found by PATH
        env={**place.environ, "PATH": place.environ.get("PATH") or os.defpath},
    )
    if done.returncode != 0:
        raise InstallError(done.stderr)


def pins(text: str) -> Iterator[Tuple[str, str]]:
    """The entries of a slice: normalised name (PEP 503) and whole text."""
    for entry in re.split(r"(?m)^(?=\S)", text):
        if entry.strip():
            yield normalised(re.split(r"[^A-Za-z0-9._-]", entry, maxsplit=1)[0]), entry


def normalised(name: str) -> str:
    """A project name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def run() -> None:
    """Run the program with the arguments at hand."""
    try:
        main(*sys.argv[1:])
    except InstallError as error:
        sys.exit(f"Lockstep could not install the slice; the installer says:\n{error}")
    except OSError as error:
        sys.exit(f"Lockstep could not install the slice: {error}. Mend it and run this again.")
