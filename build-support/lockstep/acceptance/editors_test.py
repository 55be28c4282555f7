"""Real editors' tools with the settings that `./pants export` wrote: every import leads somewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

import pytest

from lockstep.acceptance.bump_test import pinned
from lockstep.acceptance.language_server import LanguageServer, Place, installed_pyright
from lockstep.acceptance.monorepo import LOCK, Monorepo

WHOLE = os.environ.get("LOCKSTEP_WHOLE_FILES") == "1"
"""Whether whole files are checked; by default, only what tells of imports."""

IDNA = """\
idna==3.10 \\
    --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of environments of its own, beside the launcher's setup."""
    folder = Path(tmp_path_factory.mktemp("cache"))
    (folder / "bootstrap").symlink_to(Path(os.environ["LOCKSTEP_BOOTSTRAP"]).parent)
    return folder


@pytest.fixture(scope="module")
def exported(checkout: Path, cache: Path) -> Path:
    """This repository, exported."""
    environ = {**os.environ, "LOCKSTEP_CACHE": str(cache), "PANTS_DYNAMIC_UI": "false"}
    command = [str(checkout / "pants"), "export"]
    done = subprocess.run(
        command, cwd=checkout, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "[WARN]" not in done.stdout and "[ERROR]" not in done.stdout, done.stdout
    return checkout


FOLDERS = ("benchmarks", "build-support", "cmd", "external", "infra", "libs", "services")


def own_files(root: Path) -> list[Path]:
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*.py*"))
    return [path.relative_to(root) for path in found if path.suffix in (".py", ".pyi")]


@pytest.fixture(scope="module")
def shown(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as tools are shown it: with the settings, and the imports of each file."""
    if WHOLE:
        return exported
    root = Path(tmp_path_factory.mktemp("shown"))
    script = str(Path(__file__).with_name("imports_only.py"))
    python = exported / ".venv/bin/python"
    subprocess.run([python, script, exported, root, *FOLDERS], check=True)
    for name in ("pyrightconfig.json", "mypy.ini"):
        (root / name).write_text((exported / name).read_text())
    for link in (".venv", ".venvs"):
        (root / link).symlink_to(exported / link)
    return root


def variables(exported: Path, shown: Path) -> Mapping[str, str]:
    """What `.env` sets, for the files that are shown."""
    lines = (exported / ".env").read_text().replace(str(exported), str(shown)).splitlines()
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


def test_no_import_of_this_repository_is_unresolved(exported: Path, shown: Path) -> None:
    environ = {**os.environ, **variables(exported, shown)}
    folders: dict[str, list[str]] = {"default": [], "plugin": []}
    for path in sorted({str(path.parts[0]) for path in own_files(shown)}):
        folders["plugin" if path in ("benchmarks", "build-support") else "default"].append(path)
    fast = [] if WHOLE else ["--follow-imports=skip"]
    mypy = [".venv/bin/mypy", "--no-incremental", "--no-color-output", *fast]
    plugin_python = ["--python-executable", ".venvs/lockstep/bin/python"]
    pyright = ["node", str(installed_pyright() / "index.js"), "--outputjson"]
    processes = [
        subprocess.Popen(command, cwd=shown, env=environ, stdout=subprocess.PIPE, text=True)
        for command in (
            pyright,
            [*mypy, *folders["default"]],
            [*mypy, *plugin_python, *folders["plugin"]],
        )
    ]
    told, *checked = [process.communicate()[0] for process in processes]
    report = json.loads(told)
    assert report["summary"]["filesAnalyzed"] == len(own_files(shown)) > 200
    assert [
        (one["file"], one["message"])
        for one in report["generalDiagnostics"]
        if one.get("rule") in ("reportMissingImports", "reportMissingModuleSource")
    ] == []
    for output in checked:
        assert re.search(r"(?m)^Found|^Success", output), output
        assert re.findall(r"(?m)^.*\[import-not-found\]$", output) == []


def test_pytest_collects_what_the_settings_name(exported: Path) -> None:
    settings = json.loads((exported / ".vscode/settings.json").read_text())
    assert settings["python.testing.cwd"] == "${workspaceFolder}"
    python = settings["python.defaultInterpreterPath"].replace("${workspaceFolder}", str(exported))
    command = [python, "-m", "pytest", *settings["python.testing.pytestArgs"], "--collect-only"]
    done = subprocess.run(
        [*command, "-q"], cwd=exported, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    collected = set(re.findall(r"(?m)^(\S+\.py)::", done.stdout))
    tests = {str(path) for path in own_files(exported) if path.name.startswith("test_")}
    assert tests - collected == set()


FILES = {
    "plain/BUILD": "python_sources()\n",
    "plain/live.py": "def shown() -> int:\n    return 1\n",
    "text/shown.py": "import idna\nfrom live import shown\n\nidna.encode\nshown\n",
    "text/BUILD": (
        'python_requirements(name="inputs", source="inputs.in")\n'
        "python_tests()\npython_sources(name='lib')\n"
    ),
}


@pytest.fixture
def shop(monorepo: Monorepo, cache: Path) -> Iterator[Monorepo]:
    repo = Monorepo(monorepo.root, monorepo.store, {"LOCKSTEP_CACHE": str(cache)})
    for path, text in FILES.items():
        repo.write(path, text)
    yield repo
    for path in ("plain/live.py", "text/shown.py", ".venv", "pyrightconfig.json", ".env"):
        repo.path(path).unlink()


def defined(server: LanguageServer, text: str, wanted: str) -> Place:
    """Where something is defined, once its line there is what it should be."""
    deadline = time.monotonic() + 180
    found: Sequence[Any] = ()
    while time.monotonic() < deadline:
        found = server.definition("text/shown.py", text)
        if len(found) == 1 and found[0].text.startswith(wanted):
            return Place(found[0].path, found[0].line)
        time.sleep(0.2)
    pytest.fail(f"{text} is found at {found}")


def test_definitions_are_found_before_and_after_a_bump(shop: Monorepo) -> None:
    first = shop.pants("export")
    assert first.exit_code == 0, first.output
    server = LanguageServer(shop.root)
    try:
        server.open("text/shown.py")
        assert defined(server, "\nshown", "def shown").path == shop.path("plain/live.py")
        before = defined(server, "idna.encode", "def encode(")
        assert before.path.relative_to(shop.path(".venv")).parts[-2:] == ("idna", "core.py")

        shop.write(LOCK, pinned(shop.read(LOCK), IDNA))
        bumped = shop.pants("export")
        assert bumped.exit_code == 0, bumped.output
        assert not before.text.startswith("def encode("), "the releases differ there"
        assert server.notice_changes(), "the server would not know"
        after = defined(server, "idna.encode", "def encode(")
        assert (after.path, after.line) != (before.path, before.line)
        assert "3.10" in after.path.with_name("package_data.py").read_text()
        assert defined(server, "\nshown", "def shown").path == shop.path("plain/live.py")
    finally:
        server.stop()
