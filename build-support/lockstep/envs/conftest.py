"""A folder of tiny wheels, and a store whose environments are made of them by the real uv."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import zipfile
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.envs.build import Recipe, Tools
from lockstep.envs.interpreters import Interpreter, Wanted, find
from lockstep.envs.store import Environment, Store


def write_wheel(folder: Path, name: str, version: str, modules: Mapping[str, str]) -> str:
    """Write a wheel whose RECORD states true hashes.

    Args:
        folder: where to.
        name: the project, which has a console script that calls `main` of its first module.
        version: the release.
        modules: files by path.

    Returns:
        A pin of it, with its hash.
    """
    info = f"{name}-{version}.dist-info"
    first = next(iter(modules)).partition(".")[0].replace("/", ".")
    files = {
        **modules,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-run = {first}:main\n",
    }
    record = "".join(
        f"{path},sha256={_urlsafe(text)},{len(text)}\n" for path, text in files.items()
    )
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(zipfile.ZipInfo(file), text)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def _urlsafe(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Machine:
    """A store, an empty cache of uv, and an index that is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index"
        self.index.mkdir()
        self.environments = folder / "environments"
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PIP_NO_INDEX": "1",
            "UV_FIND_LINKS": str(self.index),
        }
        uv = Path(os.environ["LOCKSTEP_BOOTSTRAP"], "uv")
        self.tools = Tools(uv, folder / "uv cache", environ)
        self.store = Store(self.environments, self.tools)
        self.said: list[str] = []
        here = Wanted(("==3.9.*",), (os.path.realpath(sys.executable),))
        self.interpreter: Interpreter = find(here, {}, folder / "interpreters.json")

    def wheel(self, name: str, version: str = "1.0", **modules: str) -> str:
        """Write a wheel with modules, by default one that says its release; returns its pin."""
        modules = modules or {name: f"RELEASE = {version!r}\ndef main(): print(RELEASE)\n"}
        files = {f"{path}.py": text for path, text in modules.items()}
        return write_wheel(self.index, name, version, files)

    def native(self, name: str) -> str:
        """Write a wheel that holds a library; returns its pin."""
        return write_wheel(self.index, name, "1.0", {f"{name}.so": "\x7fELF" + "x" * 5000})

    def recipe(
        self, *pins: str, paths: tuple[str, ...] = (), generated: tuple[tuple[str, bytes], ...] = ()
    ) -> Recipe:
        return Recipe("".join(pins), self.interpreter, paths, generated)

    def provide(self, recipe: Recipe) -> Environment:
        """What the store provides; what it says comes to `said`."""
        self.said = []
        environment = self.store.provide(recipe, self.said.append)
        os.close(environment.lock)
        return environment


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    yield Machine(tmp_path)
