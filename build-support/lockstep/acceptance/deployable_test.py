"""Deployables of a small monorepo: other platforms, and what is told where none can be built."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest

from lockstep.acceptance.changes import Repository
from lockstep.acceptance.conftest import INPUT
from lockstep.acceptance.monorepo import Monorepo
from lockstep.acceptance.served_index import ServedIndex

BUILD = """
python_source(name="app", source="app.py")
file(name="mac", source="mac.json")
file(name="mainframe", source="mainframe.json")
deployable(name="deploy", complete_platforms=[":mac"])
deployable(name="here", health="/up")
"""
MAC: Mapping[str, Any] = {
    "marker_environment": {
        "implementation_name": "cpython",
        "implementation_version": "3.11.7",
        "os_name": "posix",
        "platform_machine": "arm64",
        "platform_python_implementation": "CPython",
        "platform_release": "23.0.0",
        "platform_system": "Darwin",
        "platform_version": "Darwin Kernel Version 23.0.0",
        "python_full_version": "3.11.7",
        "python_version": "3.11",
        "sys_platform": "darwin",
    },
    "compatible_tags": ["cp311-cp311-macosx_11_0_arm64", "py3-none-any", "py2.py3-none-any"],
}

MAINFRAME: Mapping[str, Any] = {
    "marker_environment": {
        **MAC["marker_environment"],
        "platform_machine": "s390x",
        "platform_system": "Linux",
        "sys_platform": "linux",
    },
    "compatible_tags": ["cp311-cp311-manylinux_2_28_s390x", *MAC["compatible_tags"][1:]],
}

NATIVE = {
    "PKG-INFO": "Metadata-Version: 2.1\nName: lockstep-native\nVersion: 1.0\n",
    "pyproject.toml": (
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    ),
    "setup.py": (
        "from setuptools import Distribution, setup\n\n\n"
        "class Native(Distribution):\n    has_ext_modules = lambda self: True\n\n\n"
        "setup(name='lockstep-native', version='1.0', py_modules=['lockstep_native'],"
        " distclass=Native)\n"
    ),
    "lockstep_native.py": "",
}
"""A source distribution whose wheel is for the machine that built it."""


@contextmanager
def _under_git(monorepo: Monorepo) -> Iterator[Repository]:
    repository = Repository(monorepo)
    repository.git("init", "-q", "-b", "main")
    try:
        yield repository
    finally:
        shutil.rmtree(monorepo.path(".git"))


@pytest.fixture
def shop(monorepo: Monorepo) -> Iterator[Repository]:
    """A repository with a service in `text`."""
    with _under_git(monorepo) as repository:
        _write_shop(repository)
        yield repository


def _write_shop(repository: Repository) -> None:
    monorepo = repository.monorepo
    repository.edit("text/BUILD", "python_tests()", f"python_tests()\n{BUILD}")
    monorepo.write("text/Procfile", "web: python -m app\n")
    monorepo.write("text/app.py", "import idna\n\nprint(idna.__name__)\n")
    monorepo.write("text/mac.json", json.dumps(MAC))
    monorepo.write("text/mainframe.json", json.dumps(MAINFRAME))
    repository.git("add", "-A")
    repository.git("commit", "-qm", "shop")


def _fault(shop: Repository, *arguments: str) -> str:
    failed = shop.monorepo.pants(*arguments)
    assert failed.exit_code == 1, failed.output
    return failed.stderr


def _built(shop: Repository, name: str, ending: str) -> Path:
    (path,) = shop.monorepo.path(f"dist/text/{name}").glob(f"*{ending}")
    return path


def test_another_platform_from_the_same_lock(shop: Repository) -> None:
    result = shop.monorepo.pants("package", "text:deploy")
    assert result.exit_code == 0, result.output
    bill = json.loads(_built(shop, "deploy", ".cdx.json").read_text())
    assert [component["name"] for component in bill["components"]] == ["idna"]
    assert bill["metadata"]["component"]["name"] == "text"
    with tarfile.open(_built(shop, "deploy", ".tar.gz")) as tarball:
        names = [member.name.partition("/")[2] for member in tarball]
    assert {"app/app.py", "app/deployable.json", "bin/start", "site-packages/idna/core.py"} <= {
        *names
    }

    several = 'complete_platforms=[":mac", ":mainframe"]'
    of_two = f'deployable(name="two", outputs=["pex"], {several})'
    shop.edit("text/BUILD", "deployable(", f"{of_two}\ndeployable(")
    result = shop.monorepo.pants("package", "text:two")
    assert result.exit_code == 0, result.output
    shop.edit("text/BUILD", ' outputs=["pex"],', "")
    assert (
        "[ERROR] The tarball of text would be for mac.json and mainframe.json, and it can be for one"
        " alone. Make a `deployable` for each, or set `outputs` to a PEX, which can be for several.\n"
    ) in _fault(shop, "package", "text:two")

    few = {**MAC, "compatible_tags": MAC["compatible_tags"][:1]}
    shop.monorepo.write("text/mac.json", json.dumps(few))  # for which idna has no wheel
    told = _fault(shop, "package", "text:deploy")
    assert re.search(r"\bidna(==| )3\.\d+", told), told


def test_an_image_on_a_root_filesystem_and_one_on_that_image(shop: Repository) -> None:
    write = shop.monorepo.write
    assert (
        "The image of text:image has no interpreter. Set one of the fields `root_filesystem` and"
        in (_fault_of_image(shop, ""))
    )
    with tarfile.open(shop.monorepo.path("text/root.tar"), "w") as archive:
        archive.add(shop.monorepo.path("text/Procfile"), "etc/lowest")
    there = 'complete_platforms=[":mainframe"]'
    lowest = f'root_filesystem=[":root"], {there}'
    assert "text:image is nowhere. Set `[deploy].base_images`" in _fault_of_image(
        shop, f"base_image='sha256:{64 * '0'}'"
    )
    write("text/BUILD", _with_image(shop, lowest))
    result = shop.monorepo.pants("package", "text:image")
    assert result.exit_code == 0, result.output
    with tarfile.open(_built(shop, "image", ".oci.tar")) as layout:
        layout.extractall(shop.monorepo.path("layout"))
    (first,) = json.loads(shop.monorepo.read("layout/index.json"))["manifests"]
    assert first["platform"] == {"architecture": "s390x", "os": "linux"}
    on_first = f"base_image={first['digest']!r}"
    write("text/BUILD", _with_image(shop, on_first))
    told = _fault(shop, "--deploy-base-images=layout", "package", "text:image")
    assert f"the base image {first['digest']} is for s390x, not a" in told
    write("text/BUILD", _with_image(shop, f"{on_first}, {there}"))
    result = shop.monorepo.pants("--deploy-base-images=layout", "package", "text:image")
    assert result.exit_code == 0, result.output
    assert len(_layers(_built(shop, "image", ".oci.tar"))) == 5
    missing = f"sha256:{64 * '0'}"
    write("text/BUILD", _with_image(shop, f"base_image={missing!r}"))
    told = _fault(shop, "--deploy-base-images=layout", "package", "text:image")
    assert f"/layout hold no {missing}" in told


def _with_image(shop: Repository, field: str) -> str:
    named = 'file(name="root", source="root.tar")'
    image = f'deployable(name="image", outputs=["image"], {field})'
    return f"{shop.git('show', 'HEAD:text/BUILD')}\n{named}\n{image}\n"


def _fault_of_image(shop: Repository, field: str) -> str:
    shop.monorepo.write("text/BUILD", _with_image(shop, field))
    return _fault(shop, "package", "text:image")


def _layers(archive: Path) -> list[str]:
    with tarfile.open(archive) as layout:
        files = {m.name: layout.extractfile(m) for m in layout}
        contents = {name: file.read() for name, file in files.items() if file is not None}
    (described,) = json.loads(contents["index.json"])["manifests"]
    manifest = json.loads(contents["blobs/" + described["digest"].replace(":", "/")])
    return [layer["digest"] for layer in manifest["layers"]]


@pytest.fixture
def native(dated: Monorepo, index: ServedIndex) -> Iterator[Repository]:
    """A repository whose service has a pin that is built for the machine at hand."""
    with tarfile.open(index.packages / "lockstep_native-1.0.tar.gz", "w:gz") as sdist:
        for name, text in NATIVE.items():
            entry = tarfile.TarInfo(f"lockstep_native-1.0/{name}")
            entry.size = len(text)
            sdist.addfile(entry, io.BytesIO(text.encode()))
    before = {path: dated.read(path) for path in ("other/BUILD", "other/app.py")}
    dated.write(INPUT, "lockstep-native\n")
    dated.write("other/app.py", "import lockstep_native\n")
    dated.write("other/Procfile", "web: python -m app\n")
    with _under_git(dated) as repository:
        repository.git("add", "-A")
        repository.git("commit", "-qm", "native")
        yield repository
    dated.path("other/Procfile").unlink()
    for path, text in before.items():
        dated.write(path, text)


def test_what_was_built_for_this_machine_alone_is_refused_by_name(native: Repository) -> None:
    pants, write = native.monorepo.pants, native.monorepo.write
    targets = 'python_sources()\ndeployable(name="deploy", outputs=["tarball"]{})\n'
    write("other/BUILD", targets.format(""))
    locked = pants("--lockstep-resolver=uv", "lock")
    assert locked.exit_code == 0, locked.output
    assert (
        "lockstep-native==1.0 of other would need a compiler on the host: there is no wheel, so it was"
        " built from source, for this machine alone. Name it in the field `built_here` if the hosts are"
        " like this machine, or upload a wheel to the index and run `./pants lock`."
    ) in _fault(native, "package", "other:deploy")
    write("other/BUILD", targets.format(', built_here=["lockstep_native"]'))
    result = pants("package", "other:deploy")
    assert result.exit_code == 0, result.output


def test_what_no_deployable_can_be_made_of(shop: Repository) -> None:
    shop.monorepo.write("text/Procfile", "web: python -m shop\n")
    assert (
        "text/Procfile:1: `python -m shop` starts a module that no target of the repository and no"
        " pin provides. Correct its name, or run `./pants tailor ::` if it has no target yet."
    ) in _fault(shop, "package", "text:here")
    # It keeps nobody from anything else.
    assert shop.monorepo.pants("dependents", "text/app.py").exit_code == 0
    shop.monorepo.write("text/Procfile", "web\n")
    assert shop.monorepo.pants("dependents", "text/app.py").exit_code == 0
    shop.monorepo.write("text/Procfile", "web: gunicorn app\n")
    shop.monorepo.write("text/app.py", "")
    assert (
        "The process `web` of text starts `gunicorn`, which is no console script of its slice."
    ) in _fault(shop, "package", "text:here")
    shop.monorepo.path("text/Procfile").unlink()
    assert "text/Procfile" in _fault(shop, "package", "text:here")


def _planned(shop: Repository) -> list[tuple[str, bool, str | None]]:
    plan = shop.monorepo.pants("deploy-plan", "--since=HEAD", "--format=json")
    assert plan.exit_code == 0, plan.stderr
    return [(one["target"], one["changed"], one["why"]) for one in json.loads(plan.stdout)]


def test_what_is_told_by_publish_verify_and_the_plan(shop: Repository, tmp_path: Path) -> None:
    assert "There is nothing to verify. Name it by `--artifact=FILE`.\n" == _fault(shop, "verify")
    assert (
        "Nobody's signature counts, so nothing can be verified. Set `[deploy].allowed_signers` to a"
        " file of `NAME KEYTYPE KEY` lines.\n"
    ) == _fault(shop, "verify", "--artifact=x.pex")
    assert (
        "text cannot be published: `[deploy].stores` is not set. `./pants help deploy` tells what it"
        " takes."
    ) in _fault(shop, "publish", "text:here")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    stores = "--deploy-stores=http://ci:secret@127.0.0.1:9/x"
    refused = shop.monorepo.pants(stores, f"--deploy-signing-key={key}", "publish", "text:here")
    assert refused.exit_code == 1 and "secret" not in refused.output
    assert "http://****@127.0.0.1:9/x does not take the deployable." in refused.output
    assert _planned(shop) == [
        ("text:deploy", False, None),
        ("text:here", False, None),
    ]
    shop.edit("text/app.py", "print", "print ")
    assert _planned(shop) == [
        ("text:deploy", True, "text/app.py changed ← text:app ← text:deploy"),
        ("text:here", True, "text/app.py changed ← text:app ← text:here"),
    ]
