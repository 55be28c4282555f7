"""The installer with the real uv, on wheels and source distributions made here."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Mapping

import pytest

from lockstep.envs.installer import InstallError, pins
from lockstep.envs.packing import pack_wheel
from lockstep.envs.shipping import shipped

DEBIAN_PYTHON = "/usr/bin/python3"
HASH = "0" * 64
PEX_MAIN = "pex_hash='before'\n"


def wheel_files(name: str, tag: str = "py2.py3-none-any") -> Mapping[str, bytes]:
    """The content of a wheel with a module, a script and a data file."""
    info, data = f"{name}-1.0.dist-info", f"{name}-1.0.data"
    pythons, abi, platform = tag.split("-")
    tags = "".join(f"Tag: {python}-{abi}-{platform}\n" for python in pythons.split("."))
    files = {
        f"{name}.py": f"NAME = {name!r}\n".encode(),
        f"{data}/scripts/{name}-run": b"#!python\nprint(1)\n",
        f"{data}/data/share/{name}.txt": b"shared",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n{tags}".encode(),
    }
    lines = [f"{path},sha256={_urlsafe(content)},{len(content)}" for path, content in files.items()]
    record = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    return {**files, f"{info}/RECORD": record.encode()}


def _urlsafe(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def make_wheel(folder: Path, name: str, tag: str = "py2.py3-none-any") -> str:
    """Write a wheel and return its hash as a lock states it."""
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, content in wheel_files(name, tag).items():
            wheel.writestr(file, content)
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def make_sdist(folder: Path, name: str) -> str:
    """Write a source distribution whose build needs nothing but itself, and return its hash."""
    backend = (
        "import zipfile\nFILES = {files!r}\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    path = '{name}-1.0-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(folder + '/' + path, 'w') as wheel:\n"
        "        for name, content in FILES.items(): wheel.writestr(name, content)\n"
        "    return path\n"
    ).format(files=dict(wheel_files(name, "py3-none-any")), name=name)
    project = (
        f"[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        f"[project]\nname = '{name}'\nversion = '1.0'\n"
    )
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    path = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in [
            ("backend.py", backend),
            ("pyproject.toml", project),
            ("PKG-INFO", metadata),
        ]:
            entry = tarfile.TarInfo(f"{name}-1.0/{file}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


class Sandbox:
    """A folder as Pants lays it out for the installer, with an index that is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "sandbox"
        self.index = folder / "index"
        self.wheels = self.folder / ".lockstep" / "wheels"
        for path in (self.index, self.wheels, self.folder / ".lockstep" / "uv"):
            path.mkdir(parents=True)
        os.symlink(f"{os.environ['LOCKSTEP_BOOTSTRAP']}/uv", self.folder / ".lockstep/uv/uv")
        self.program = self.folder / ".lockstep/installer"
        for name, text in shipped().items():
            (self.program / name).parent.mkdir(parents=True, exist_ok=True)
            (self.program / name).write_bytes(text)
        (self.folder / ".lockstep/index").mkdir()
        settings = {"PIP_NO_INDEX": "1", "UV_FIND_LINKS": str(self.index)}
        (self.folder / f".lockstep/index/{os.getpid()}.json").write_text(json.dumps(settings))
        (self.folder / ".lockstep/index/1.json").write_text('{"PIP_NO_INDEX": "of others"}')
        (self.folder / ".lockstep/base").mkdir()
        with zipfile.ZipFile(self.folder / ".lockstep/base/pex-base", "w") as base:
            base.writestr("__main__.py", PEX_MAIN)
            base.writestr("__pex__/__init__.py", PEX_MAIN)
            base.writestr("PEX-INFO", json.dumps({"pex_hash": "before", "distributions": {}}))

    def run(
        self, slice_text: str, *args: str, python: str = sys.executable
    ) -> subprocess.CompletedProcess[str]:
        """Run the installer as in a sandbox of its own; only what is shared stays."""
        shutil.rmtree(self.folder / ".lockstep/venv", ignore_errors=True)
        (self.folder / ".lockstep/slice.txt").write_text(slice_text)
        return subprocess.run(
            [python, "-BIS", str(self.program), *args],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def info(self, pex: str) -> dict[str, object]:
        parsed: dict[str, object] = json.loads((self.folder / pex / "PEX-INFO").read_text())
        return parsed


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def test_pins_are_told_apart() -> None:
    text = f"A.b==1 \\\n    --hash=sha256:{HASH}\nc_d[x] @ file:///c ; python_version > '3'\n"
    assert list(pins(text)) == [
        ("a-b", f"A.b==1 \\\n    --hash=sha256:{HASH}\n"),
        ("c-d", "c_d[x] @ file:///c ; python_version > '3'\n"),
    ]


def test_a_pex_holds_each_wheel_as_it_came_and_is_named_by_its_content(sandbox: Sandbox) -> None:
    one, two = make_wheel(sandbox.index, "one"), make_wheel(sandbox.index, "two", "py3-none-any")
    text = f"one==1.0 --hash={one}\ntwo==1.0 --hash={two}\n"
    done = sandbox.run(text, "pex", "out.pex")
    assert (done.returncode, done.stdout) == (0, "")

    deps = sandbox.folder / "out.pex/.deps"
    names = ["one-1.0-py2.py3-none-any.whl", "two-1.0-py3-none-any.whl"]
    assert sorted(path.name for path in deps.iterdir()) == names
    with zipfile.ZipFile(deps / names[0]) as wheel:
        assert {name: wheel.read(name) for name in wheel.namelist()} == wheel_files("one")
    info = sandbox.info("out.pex")
    assert info["distributions"] == {
        name: hashlib.sha256((deps / name).read_bytes()).hexdigest() for name in names
    }
    assert info["requirements"] == ["one==1.0", "two==1.0"]
    assert info["deps_are_wheel_files"] is True
    for main_file in ("__main__.py", "__pex__/__init__.py"):
        code = (sandbox.folder / "out.pex" / main_file).read_text()
        assert code == f"pex_hash='{info['pex_hash']}'\n"

    assert sandbox.run(f"one==1.0 --hash={one}\n", "pex", "less.pex").returncode == 0
    assert sandbox.info("less.pex")["pex_hash"] != info["pex_hash"]


def test_wheels_that_are_ready_are_not_installed_again(sandbox: Sandbox) -> None:
    text = f"one==1.0 --hash={make_wheel(sandbox.index, 'one')}\n"
    assert sandbox.run(text, "pex", "first.pex").returncode == 0
    (sandbox.folder / ".lockstep/uv/uv").unlink()
    assert sandbox.run(text, "pex", "again.pex").returncode == 0
    assert sandbox.info("again.pex") == sandbox.info("first.pex")


def test_a_damaged_ready_wheel_is_made_anew(sandbox: Sandbox) -> None:
    text = f"one==1.0 --hash={make_wheel(sandbox.index, 'one')}\n"
    assert sandbox.run(text, "pex", "first.pex").returncode == 0
    (ready,) = sandbox.wheels.glob("*/*.whl")
    ready.write_bytes(ready.read_bytes()[:-1] + b"?")
    assert sandbox.run(text, "pex", "again.pex").returncode == 0
    assert sandbox.info("again.pex") == sandbox.info("first.pex")
    (whole,) = (sandbox.folder / "again.pex/.deps").iterdir()
    with zipfile.ZipFile(whole) as wheel:
        assert wheel.testzip() is None


def test_pins_whose_marker_excludes_this_interpreter_have_no_wheel(sandbox: Sandbox) -> None:
    text = (
        f"one==1.0 --hash={make_wheel(sandbox.index, 'one')}\n"
        f"two==1.0 ; sys_platform == 'win32' --hash=sha256:{HASH}\n"
    )
    done = sandbox.run(text, "pex", "out.pex")
    assert (done.returncode, done.stdout) == (0, "")
    assert sandbox.info("out.pex")["requirements"] == ["one==1.0"]


def test_a_wrong_hash_is_told_and_nothing_is_built_in_its_place(sandbox: Sandbox) -> None:
    wheel, sdist = make_wheel(sandbox.index, "one"), make_sdist(sandbox.index, "one")
    text = f"one==1.0 --hash=sha256:{HASH} --hash={sdist}\n"
    done = sandbox.run(text, "pex", "out.pex")
    assert done.returncode == 1
    assert "Hash mismatch for `one==1.0`" in done.stdout
    assert f"sha256:{HASH}" in done.stdout and wheel in done.stdout
    assert not (sandbox.folder / "out.pex").exists()
    assert list(sandbox.wheels.iterdir()) == []


def test_a_pin_without_a_wheel_is_built_and_the_others_are_not(sandbox: Sandbox) -> None:
    one, two = make_wheel(sandbox.index, "one"), make_sdist(sandbox.index, "two")
    text = f"one==1.0 --hash={one}\ntwo==1.0 --hash={two}\n"
    done = sandbox.run(text, "pex", "out.pex")
    assert (done.returncode, done.stdout) == (0, "")
    assert sandbox.info("out.pex")["requirements"] == ["one==1.0", "two==1.0"]


def test_a_command_runs_beside_the_environment_with_the_index_settings(sandbox: Sandbox) -> None:
    text = f"one==1.0 --hash={make_wheel(sandbox.index, 'one')}\n"
    code = "import one, os; print(one.NAME, os.environ['PIP_NO_INDEX'])"
    done = sandbox.run(text, "venv", ".lockstep/venv/bin/python", "-c", code)
    assert (done.returncode, done.stdout) == (0, "one 1\n")
    done = sandbox.run(text, "settings", "sh", "-c", "echo $PIP_NO_INDEX; exit 3")
    assert (done.returncode, done.stdout) == (3, "1\n")


def test_a_file_that_is_not_what_record_says_is_refused(tmp_path: Path) -> None:
    for path, content in wheel_files("one").items():
        (tmp_path / "wheel" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "wheel" / path).write_bytes(content)
    (tmp_path / "wheel/one.py").write_text("NAME = 'other'\n")
    with pytest.raises(InstallError) as caught:
        pack_wheel(str(tmp_path / "wheel"), str(tmp_path))
    assert str(caught.value) == ("one-1.0-py2.py3-none-any.whl: one.py is not what RECORD says")


def test_a_damaged_cache_is_cleaned_and_misleads_nobody(sandbox: Sandbox) -> None:
    texts = [f"{name}==1.0 --hash={make_wheel(sandbox.index, name)}\n" for name in ("one", "two")]
    assert sandbox.run("".join(texts), "pex", "before.pex").returncode == 0
    shutil.rmtree(sandbox.wheels)
    sandbox.wheels.mkdir()
    for damage in (Path.unlink, lambda path: path.write_text("NAME = 'other'\n")):
        (cached,) = (sandbox.folder / ".lockstep/uv-cache").rglob("archive-v0/*/one.py")
        damage(cached)
        done = sandbox.run("".join(texts), "pex", "after.pex")
        assert (done.returncode, done.stdout) == (0, "")
        assert sandbox.info("after.pex") == sandbox.info("before.pex")
        shutil.rmtree(sandbox.folder / "after.pex")
        shutil.rmtree(sandbox.wheels)
        sandbox.wheels.mkdir()


def test_a_wheel_that_is_at_odds_with_its_own_record_is_refused(sandbox: Sandbox) -> None:
    files = {**wheel_files("one"), "one.py": b"NAME = 'other'\n"}
    path = sandbox.index / "one-1.0-py2.py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    done = sandbox.run(f"one==1.0 --hash=sha256:{digest}\n", "pex", "out.pex")
    assert done.returncode == 1
    assert "one-1.0-py2.py3-none-any.whl: one.py is not what RECORD says" in done.stdout


@pytest.mark.skipif(not os.path.exists(DEBIAN_PYTHON), reason="there is no Python of the system")
def test_the_python_of_the_system_installs_too(sandbox: Sandbox) -> None:
    text = f"one==1.0 --hash={make_wheel(sandbox.index, 'one')}\n"
    done = sandbox.run(text, "pex", "out.pex", python=DEBIAN_PYTHON)
    assert (done.returncode, done.stdout) == (0, "")
    assert sandbox.info("out.pex")["requirements"] == ["one==1.0"]
