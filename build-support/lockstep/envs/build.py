"""Builds the environment of a slice aside, with everything that it is to hold."""

from __future__ import annotations

import hashlib
import os
import pkgutil
import platform
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Mapping

from lockstep.envs import installer
from lockstep.envs.installer import FULL, WHEELS, InstallError, Place
from lockstep.envs.interpreters import Interpreter
from lockstep.envs.manifest import Manifest, walk
from lockstep.envs.owning import Owned, own, seal
from lockstep.envs.reuse import accounts_for, common, other_pins, pin_digests, take
from lockstep.envs.stamp import STAMP, SUMS, Stamp

FORMAT = 2
"""Raised whenever environments come out otherwise than before, so that they get other keys."""

GENERATED = "generated"
START = "_lockstep_start"
PTH = "00_lockstep.pth"
_PROMPT = ".venv"
_MARKER = """\
[externally-managed]
Error=This environment is made by Lockstep from the lock, and is not to be changed.
 State what you need in a requirements input, then run ./pants lock and ./pants export;
 ./pants export --scratch makes an environment that you may change.
"""


@dataclass(frozen=True)
class Recipe:
    """All that an environment follows from.

    Attributes:
        slice_text: the pins with their hashes.
        interpreter: what it is for.
        paths: absolute paths of folders that are imported from, beside the slice.
        generated: further files that are imported, as paths relative to a folder for them, and
            their content.
    """

    slice_text: str
    interpreter: Interpreter
    paths: tuple[str, ...] = ()
    generated: tuple[tuple[str, bytes], ...] = ()

    @property
    def key(self) -> str:
        """The name of the environment."""
        facts = (
            FORMAT,
            sorted(asdict(self.interpreter).items()),
            platform.machine(),
            platform.system(),
            hashlib.sha256(self.slice_text.encode()).hexdigest(),
            self.paths,
            [(path, hashlib.sha256(content).hexdigest()) for path, content in self.generated],
            [hashlib.sha256(text).hexdigest() for text in (_startup(), _MARKER.encode())],
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Tools:
    """What environments are made with.

    Attributes:
        uv: the program.
        uv_cache: uv's cache, which Pants' sandboxes use too.
        environ: the settings of the index, as `pip_config.configured_settings` tells them, and
            `PATH`, by which uv finds git.
    """

    uv: Path
    uv_cache: Path
    environ: Mapping[str, str]


def build(recipe: Recipe, aside: Path, path: Path, tools: Tools, like: Path | None = None) -> None:
    """Make an environment in a folder that is empty or not there, the stamp last.

    Where uv's cache holds files that are not what their wheels say, it is cleaned of these projects,
    and they are fetched anew.

    Args:
        recipe: what it is made from.
        aside: the folder.
        path: the place that it is going to be moved to.
        tools: what it is made with.
        like: another environment, whose files are taken where they are the same; that is faster.

    Raises:
        InstallError: a hash does not match, a pin does not exist or does not build, no network.
        OSError: the disk is full.
    """
    settings = installer.uv_settings(str(tools.uv_cache))
    place = Place(str(tools.uv), str(aside), str(aside), {**tools.environ, **settings})
    digests = _built_like(recipe, aside, path, place, like)
    if digests is None:
        owned = _installed(recipe, recipe.slice_text, aside, path, place)
        if owned.damaged:
            installer.run_uv(place, "cache", "clean", *sorted(owned.damaged))
            remove(aside)
            owned = _installed(recipe, recipe.slice_text, aside, path, place)
            # What RECORD of a fresh wheel says is wrong then; the wheel itself has the lock's hash.
        digests = owned.digests
    for name in (STAMP, SUMS):
        (aside / name).touch(mode=0o644)
    seal(str(aside))
    manifest = Manifest.of(aside, (STAMP, SUMS))
    pins = pin_digests(recipe.slice_text)
    Stamp(FORMAT, str(path), recipe.interpreter, manifest, pins).write(aside, digests)


def _built_like(
    recipe: Recipe, aside: Path, path: Path, place: Place, like: Path | None
) -> Mapping[str, str] | None:
    """Install what is not the same in another environment, and copy the rest from there.

    None where that cannot be; the folder is gone then, or not there yet.
    """
    stamp = Stamp.read(like) if like is not None else None
    if like is None or stamp is None:
        return None
    if (stamp.format, stamp.interpreter) != (FORMAT, recipe.interpreter):
        return None
    shared = common(like, stamp, recipe.slice_text)
    if shared is None:
        return None
    owned = _installed(recipe, other_pins(recipe.slice_text, shared.names), aside, path, place)
    there = {found for found, is_folder in walk(str(aside)) if not is_folder}
    if not owned.damaged and accounts_for(shared, there, (f"{GENERATED}/",)):
        taken = take(shared, aside)
        if taken is not None:
            return {**owned.digests, **taken}
    remove(aside)
    return None


def _installed(recipe: Recipe, text: str, aside: Path, path: Path, place: Place) -> Owned:
    """Make an environment with these pins, and all that is no pin."""
    python = recipe.interpreter.path
    since = _now_on_disk(aside.parent)
    installer.run_uv(
        place, "venv", "--no-project", "--relocatable", "--prompt", _PROMPT, "--python", python,
        str(aside),
    )  # fmt: skip
    _install_pins(text, place)
    for left in (".lock", "commits.txt", "hashed.txt"):
        (aside / left).unlink(missing_ok=True)
    minor = ".".join(recipe.interpreter.version.split(".")[:2])
    library = aside / "lib" / f"python{minor}"
    site = library / "site-packages"
    (library / "EXTERNALLY-MANAGED").write_text(_MARKER)
    (site / f"{START}.py").write_bytes(_startup())
    paths = list(recipe.paths)
    if recipe.generated:
        for relative, content in recipe.generated:
            (aside / GENERATED / relative).parent.mkdir(parents=True, exist_ok=True)
            (aside / GENERATED / relative).write_bytes(content)
        paths.append(str(path / GENERATED))
    lines = [f"import {START}; {START}.settle({START}.__file__)", *paths]
    (site / PTH).write_text("".join(f"{line}\n" for line in lines))
    return own(str(aside), since)


def _now_on_disk(folder: Path) -> int:
    """The time, in nanoseconds, that a file gets which is written now."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"now")
        file.flush()
        return os.fstat(file.fileno()).st_mtime_ns


def _install_pins(text: str, place: Place) -> None:
    """Install from uv's cache alone where it holds everything: nobody else is asked then."""
    options = ("--link-mode", "hardlink")
    cached = place._replace(environ={**place.environ, "UV_OFFLINE": "1", WHEELS: ""})
    try:
        installer.install_pins(cached, text, *options)
    except InstallError as error:
        if FULL in str(error):
            raise  # uv takes for installed what it left half-installed
        installer.install_pins(place, text, *options)


def _startup() -> bytes:
    script = pkgutil.get_data("lockstep.envs", "startup.py")
    assert script is not None, "the script stands beside the module"
    return script


def remove(folder: Path) -> None:
    """Delete a folder with all that is read-only in it; what cannot be deleted is left."""
    for inner, _, _ in os.walk(folder):
        try:
            os.chmod(inner, 0o700)
        except OSError:
            pass
    shutil.rmtree(folder, ignore_errors=True)
