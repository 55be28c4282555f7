"""Slices beside what uv resolves: random projects, locked, installed and read with the real uv."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import default_environment

from lockstep.core import lock_codec
from lockstep.core.graph import Installed, derive
from lockstep.core.slices import Slicer
from lockstep.envs.contents import contents

cases = settings(max_examples=int(os.environ.get("LOCKSTEP_FUZZ_CASES", "4")), deadline=None)

NAMES = tuple("abcdef")
EXTRAS = ("x", "Y_z")
MARKERS = (
    "sys_platform == 'win32'",
    "os_name == 'posix'",
    "python_version < '3.4'",
    "python_full_version >= '3.5.2' and platform_python_implementation != 'PyPy'",
)


@dataclass(frozen=True)
class Project:
    """A project to make a wheel of.

    Attributes:
        name: of the project, and of its one module.
        requires: what its metadata states.
    """

    name: str
    requires: tuple[str, ...]

    def make_wheel(self, folder: Path) -> None:
        info = f"{self.name}-1.dist-info"
        metadata = ["Metadata-Version: 2.1", f"Name: {self.name}", "Version: 1"]
        metadata += [f"Provides-Extra: {extra}" for extra in EXTRAS]
        metadata += [f"Requires-Dist: {text}" for text in self.requires]
        files = {
            f"{self.name}.py": "",
            f"{info}/METADATA": "".join(f"{line}\n" for line in metadata),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
        with zipfile.ZipFile(folder / f"{self.name}-1-py3-none-any.whl", "w") as wheel:
            for file, content in files.items():
                wheel.writestr(zipfile.ZipInfo(file), content)


@st.composite
def requirements(draw: st.DrawFn) -> str:
    extras = ",".join(draw(st.lists(st.sampled_from(EXTRAS), max_size=2, unique=True)))
    conditions = draw(st.lists(st.sampled_from(MARKERS), max_size=1))
    conditions += [f"extra == '{e}'" for e in draw(st.lists(st.sampled_from(EXTRAS), max_size=1))]
    marker = f" ; {draw(st.sampled_from([' and ', ' or '])).join(conditions)}" if conditions else ""
    return f"{draw(st.sampled_from(NAMES))}[{extras}]{marker}"


@st.composite
def projects(draw: st.DrawFn) -> tuple[Project, ...]:
    requires = st.lists(requirements(), max_size=3).map(tuple)
    return tuple(Project(name, draw(requires)) for name in NAMES)


def uv(folder: Path, *args: str, stdin: str = "") -> str:
    """Run the pinned uv on the wheels of a folder, and return what it prints."""
    return subprocess.run(
        [f"{os.environ['LOCKSTEP_BOOTSTRAP']}/uv", "pip", *args, "--quiet", "--no-config"]
        + ["--no-index", "--find-links", str(folder), "--cache-dir", str(folder / "cache")]
        + ["--python", sys.executable],
        cwd=folder,
        input=stdin,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def resolved(folder: Path, requirement: str) -> set[str]:
    lines = uv(folder, "compile", "--no-annotate", "--no-header", "-", stdin=requirement)
    return {line.partition("==")[0] for line in lines.splitlines()}


@cases
@given(projects())
def test_a_slice_is_what_uv_resolves(made: tuple[Project, ...]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for project in made:
            project.make_wheel(folder)
        roots = [f"{name}[{extra}]" for name in NAMES for extra in ("", *EXTRAS)]
        text = uv(folder, "compile", "--generate-hashes", "-", stdin="\n".join(roots))
        (folder / "lock.txt").write_text(text)
        site = folder / "site"
        uv(folder, "install", "--no-deps", "--require-hashes", "--target", str(site), "-rlock.txt")
        lock = lock_codec.parse(text, "lock.txt")
        installed = [Installed(**one._asdict()) for one in contents(str(site))]
        graph = derive(lock, installed)
        assert graph.missing(lock) == ()
        slicer = Slicer(lock, graph)
        environment = {name: str(value) for name, value in default_environment().items()}
        told = {root: slicer.cut([root], environment).names for root in roots}
        assert told == {root: resolved(folder, root) for root in roots}
