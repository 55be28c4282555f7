"""The installed layout: what goes where, byte for byte the same, and started by a real CPython."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Mapping

import pytest

from lockstep.core.deployables import Deployable
from lockstep.core.procfile import parse_procfile
from lockstep.deployables import start, tree

METADATA = "Metadata-Version: 2.4\nName: {0}\nVersion: 1.0\nLicense-Expression: MIT\n"
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def _wheel(folder: Path, name: str, files: Mapping[str, str], tag: str = "py3-none-any") -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as wheel:
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", METADATA.format(name))
        for path, text in files.items():
            wheel.writestr(path, text)


def _names(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return [member.name for member in archive if member.isfile()]


def test_what_wheels_hold_is_where_it_is_imported_from(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    script = "[console_scripts]\nrun-one = one:main\nalso = one:main\n"
    _wheel(
        wheels,
        "one",
        {
            "one/__init__.py": "",
            "one/template.py": "{% is no Python %}",
            "one-1.0.data/purelib/two.py": "",
            "one-1.0.data/scripts/run-two": "#!python",
            "one-1.0.dist-info/entry_points.txt": script,
        },
    )
    _wheel(wheels, "here", {"one/__init__.py": "# other"}, "cp311-cp311-linux_x86_64")
    told = tree.write_third_party(str(wheels), str(tmp_path / "out.tar"))
    cached = f"{sys.implementation.cache_tag}.pyc"
    assert _names(tmp_path / "out.tar") == [
        "site-packages/here-1.0.dist-info/METADATA",
        "site-packages/one-1.0.dist-info/METADATA",
        "site-packages/one-1.0.dist-info/entry_points.txt",
        "site-packages/one/__init__.py",
        f"site-packages/one/__pycache__/__init__.{cached}",
        "site-packages/one/template.py",
        "site-packages/two.py",
        f"site-packages/__pycache__/two.{cached}",
    ]
    assert told["clashes"] == ["one/__init__.py of one-1.0-py3-none-any.whl"]
    here, one = told["wheels"]
    assert here == {
        "name": "here",
        "version": "1.0",
        "license": "MIT",
        "scripts": [],
        "of_this_machine": True,
    }
    assert (one["scripts"], one["of_this_machine"]) == (["also", "run-one"], False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A deployable, installed below a folder with a blank in its name."""
    deployable = Deployable(
        "x",
        parse_procfile("web: python -m app $WORD\nscript: run-one a\n", "Procfile"),
        {"WORD": "default", "PORT": "1"},
        "/healthz",
        VERSION,
    )
    (tmp_path / "sources/app").mkdir(parents=True)
    (tmp_path / "sources/app/__init__.py").touch()
    told = "import one, os, sys\nprint(sys.argv[1:], one.NAME, __name__, 'site' in sys.modules)\n"
    (tmp_path / "sources/app/__main__.py").write_text(told)
    (tmp_path / "description").write_text(deployable.document())
    _wheel(
        tmp_path / "wheels",
        "one",
        {
            "one.py": "import sys\nNAME = 'one'\ndef main():\n    print(sys.argv)\n    return 3\n",
            "one-1.0.dist-info/entry_points.txt": "[console_scripts]\nrun-one = one:main\n",
        },
    )
    tree.write_third_party(str(tmp_path / "wheels"), str(tmp_path / "third.tar"))
    tree.write_first_party(
        str(tmp_path / "sources"),
        str(start.__file__),
        str(tmp_path / "description"),
        str(tmp_path / "first.tar"),
    )
    root = tmp_path / "in stalled"
    for name in ("first.tar", "third.tar"):
        with tarfile.open(tmp_path / name) as archive:
            archive.extractall(root)
    return root


def _start(root: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    done = subprocess.run(
        [root / "bin/start", *arguments],
        cwd="/",
        env={"LOCKSTEP_PYTHON": sys.executable, "PATH": os.environ["PATH"], **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def test_processes_start_with_defaults_that_the_environment_overrides(installed: Path) -> None:
    assert _start(installed) == (0, "['default'] one __main__ True\n")
    assert _start(installed, "web", "more") == (0, "['default', 'more'] one __main__ True\n")
    assert _start(installed, WORD="b c") == (0, "['b c'] one __main__ True\n")
    assert _start(installed, "script", "b") == (3, "['run-one', 'a', 'b']\n")


def test_it_starts_through_a_link_and_from_the_path(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/x").symlink_to(installed / "bin/start")
    environ = {"LOCKSTEP_PYTHON": sys.executable}
    for folder, name in ((tmp_path / "bin", "x"), (installed / "bin", "start")):
        done = subprocess.run(
            ["sh", "-c", name],
            env={**environ, "PATH": f"{folder}:/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert done.stdout == "['default'] one __main__ True\n"


def test_nothing_of_the_host_is_imported(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("NAME = 'of the host'\n")
    assert _start(installed, PYTHONPATH=str(tmp_path)) == (0, "['default'] one __main__ True\n")


def test_a_start_writes_nothing(installed: Path) -> None:
    before = sorted(installed.rglob("*"))
    assert _start(installed)[0] == 0
    assert sorted(installed.rglob("*")) == before


def test_what_is_told_where_it_cannot_start(installed: Path) -> None:
    assert _start(installed, LOCKSTEP_PYTHON="no-python") == (
        1,
        "no-python is not found: install CPython" f" {VERSION}, or name it in LOCKSTEP_PYTHON.\n",
    )
    code, told = _start(installed, "--healthy", "1")
    assert code == 1
    assert told.startswith("http://127.0.0.1:1/healthz is not healthy: ")
    description = installed / "app/deployable.json"
    document = {**json.loads(description.read_text()), "default": None}
    description.write_text(json.dumps(document))
    assert _start(installed) == (
        1,
        "x has several processes. Name one of them: script, web.\n",
    )


def test_the_same_content_is_the_same_bytes(tmp_path: Path) -> None:
    archives: list[bytes] = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        sources = folder / "sources"
        sources.mkdir()
        (sources / "x.py").write_text("NAMES = {'b', 'a'} if 'x' in {'q', 'x'} else 1\n")
        os.utime(sources / "x.py", (1, len(archives) + 2))
        (folder / "d").write_text('{"python": "3.11"}')
        code = f"from lockstep.deployables.tree import *; write_first_party(*{[*map(str, (sources, start.__file__, folder / 'd', folder / 'out.tar'))]})"
        root = Path(tree.__file__).parents[2]
        environ = {"PYTHONPATH": str(root), "PYTHONHASHSEED": "0"}
        subprocess.run([sys.executable, "-c", code], env=environ, check=True)
        archives.append((folder / "out.tar").read_bytes())
    assert archives[0] == archives[1]
