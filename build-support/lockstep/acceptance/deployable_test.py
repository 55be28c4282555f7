"""Deployables of a small monorepo: other platforms, and what is told where none can be built."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest

from lockstep.acceptance.changes import Repository
from lockstep.acceptance.monorepo import Monorepo

BUILD = """
python_source(name="app", source="app.py")
file(name="mac", source="mac.json")
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


@pytest.fixture
def shop(monorepo: Monorepo) -> Iterator[Repository]:
    """A repository with a service in `text`."""
    repository = Repository(monorepo)
    repository.git("init", "-q", "-b", "main")
    repository.edit("text/BUILD", "python_tests()", f"python_tests()\n{BUILD}")
    monorepo.write("text/Procfile", "web: python -m app\n")
    monorepo.write("text/app.py", "import idna\n\nprint(idna.__name__)\n")
    monorepo.write("text/mac.json", json.dumps(MAC))
    repository.git("add", "-A")
    repository.git("commit", "-qm", "shop")
    yield repository
    shutil.rmtree(monorepo.path(".git"))


def _fault(shop: Repository, *arguments: str) -> str:
    exit_code, _, told = shop.monorepo.streams(*arguments)
    assert exit_code == 1, told
    return told


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

    few = {**MAC, "compatible_tags": MAC["compatible_tags"][:1]}
    shop.monorepo.write("text/mac.json", json.dumps(few))  # for which idna has no wheel
    told = _fault(shop, "package", "text:deploy")
    assert "idna==" in told and "macosx_11_0_arm64" in told, told


def test_what_no_deployable_can_be_made_of(shop: Repository) -> None:
    shop.monorepo.write("text/Procfile", "web: python -m shop\n")
    assert (
        "text/Procfile:1: `python -m shop` starts a module that no target of the repository and no"
        " pin provides. Correct its name, or run `./pants tailor ::` if it has no target yet."
    ) in _fault(shop, "package", "text:here")
    shop.monorepo.write("text/Procfile", "web: gunicorn app\n")
    shop.monorepo.write("text/app.py", "")
    assert (
        "The process `web` of text starts `gunicorn`, which is no console script of its slice."
    ) in _fault(shop, "package", "text:here")
    shop.monorepo.path("text/Procfile").unlink()
    assert "text/Procfile" in _fault(shop, "package", "text:here")


def test_what_is_told_by_publish_verify_and_the_plan(shop: Repository) -> None:
    assert "There is nothing to verify. Name it by `--artifact=FILE`.\n" == _fault(shop, "verify")
    assert (
        "Nobody's signature counts, so nothing can be verified. Set `[deploy].allowed_signers` to a"
        " file of `NAME KEYTYPE KEY` lines.\n"
    ) == _fault(shop, "verify", "--artifact=x.pex")
    assert (
        "text cannot be published: `[deploy].stores` is not set. `./pants help deploy` tells what it"
        " takes."
    ) in _fault(shop, "publish", "text:here")
    code, plan, _ = shop.monorepo.streams("deploy-plan", "--since=HEAD", "--format=json")
    assert code == 0
    assert [(one["target"], one["changed"], one["why"]) for one in json.loads(plan)] == [
        ("text:deploy", False, None),
        ("text:here", False, None),
    ]
    shop.edit("text/app.py", "print", "print ")
    code, plan, _ = shop.monorepo.streams("deploy-plan", "--since=HEAD", "--format=json")
    assert [(one["target"], one["changed"], one["why"]) for one in json.loads(plan)] == [
        ("text:deploy", True, "text/app.py changed ← text:app ← text:deploy"),
        ("text:here", True, "text/app.py changed ← text:app ← text:here"),
    ]
