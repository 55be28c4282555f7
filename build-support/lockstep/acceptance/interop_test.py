"""The lock and its slices in the hands of the newest tools, none of which knows anything of Pants."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Iterable, Iterator, Mapping

import pytest
from packaging.utils import canonicalize_name
from pants.engine.platform import Platform

from lockstep.acceptance.monorepo import CHECKOUT, GRAPH, LOCK, Monorepo
from lockstep.core import graph_codec, lock_codec
from lockstep.core.lock import Pin
from lockstep.core.slices import Slicer
from lockstep.core.universal import Declared, belonging
from lockstep.envs.pip_config import configured_settings

TOOLS = ("cyclonedx-bom", "dparse", "pex", "pip", "pip-audit", "uv")
SERVICES = os.environ.get("LOCKSTEP_INTEROP_SERVICES", "inspector").split()
LOCKS = (
    "3rdparty/python/lock.txt",
    "build-support/bootstrap/pants.lock.txt",
    "build-support/bootstrap/tools.lock.txt",
    "build-support/lockstep/lock.txt",
)
HERE = Declared("3.11", Platform.create_for_localhost().value)
INPUTS = ("dates/inputs.in", "text/inputs.in")
NAMES = {"docopt", "idna", "python-dateutil", "six"}
"""What they reach; the lock also holds pytest, mypy and what these require."""

Releases = Mapping[str, str]
"""Versions by normalised name."""


@dataclass(frozen=True)
class Tools:
    """The newest of each tool, in an environment of their own."""

    folder: Path

    def run(self, *argv: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one of them with the index that pip is configured with; both outputs are one."""
        environ = {**os.environ, **configured_settings(os.environ), "UV_PYTHON_DOWNLOADS": "never"}
        command = [str(self.folder / "bin" / argv[0]), *argv[1:]]
        return subprocess.run(
            command,
            cwd=cwd,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def succeed(self, *argv: str, cwd: Path | None = None) -> str:
        done = self.run(*argv, cwd=cwd)
        assert done.returncode == 0, (argv, done.stdout)
        return done.stdout

    def environment(self, folder: Path) -> Path:
        """Make an empty environment and return its interpreter."""
        self.succeed("uv", "venv", "--quiet", "--no-project", "--python", HERE.python, str(folder))
        return folder / "bin" / "python"

    def installed(self, python: Path) -> Releases:
        listed = self.succeed("uv", "pip", "list", "--quiet", "--format=json", f"--python={python}")
        return {str(canonicalize_name(p["name"])): p["version"] for p in json.loads(listed)}


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    launchers = Tools(tmp_path_factory.mktemp("launcher"))
    launchers.folder.joinpath("bin").mkdir()
    launchers.folder.joinpath("bin/uv").symlink_to(f"{os.environ['LOCKSTEP_BOOTSTRAP']}/uv")
    newest = Tools(tmp_path_factory.mktemp("tools") / "newest")
    python = newest.folder / "bin" / "python"
    launchers.environment(newest.folder)
    launchers.succeed("uv", "pip", "install", "--upgrade", f"--python={python}", *TOOLS)
    return newest


def export(repo: Monorepo, path: Path, *args: str) -> Path:
    result = repo.pants("lock-export", f"--output={path}", *args)
    assert result.exit_code == 0, result.output
    return path


def exported(repo: Monorepo, folder: Path, kind: str, *named: str) -> Path:
    """The slice of some inputs as a file of one of the formats."""
    path = folder / ("pylock.toml" if kind == "pylock" else "slice.txt")
    return export(repo, path, f"--format={kind}", *(f"--slice={name}" for name in named or INPUTS))


def releases(text: str) -> Releases:
    return {pin.key: str(pin.version) for pin in pins(text)}


def pins(text: str) -> tuple[Pin, ...]:
    return lock_codec.parse(text, LOCK).pins


def flipped(text: str, *names: str) -> str:
    """A lock, slice or pylock with every hash of some projects changed by one digit."""

    def flip(entry: re.Match[str]) -> str:
        other = r"\g<1>0" if re.search(r"sha256(?::| = \")1", entry[0]) else r"\g<1>1"
        return re.sub(r"(sha256(?::| = \"))[0-9a-f]", other, entry[0])

    for name in names:
        start = rf"^{name}==" if "[[packages]]" not in text else rf'^name = "{name}"$'
        changed = re.sub(rf"{start}.*?(?=^\S+==|^\[\[|\Z)", flip, text, flags=re.M | re.S)
        assert changed != text
        text = changed
    return text


def tells_of_mismatch(output: str, right: str, wrong: str) -> bool:
    """Whether a tool names a hash that it expected, as flipped, and the one that it found."""
    told, found, expected = (set(re.findall(r"[0-9a-f]{64}", t)) for t in (output, right, wrong))
    return not (told.isdisjoint(expected - found) or told.isdisjoint(found - expected))


# -- Installers -----------------------------------------------------------------------------------


def test_pip_installs_the_hashed_slice_of_an_input(
    monorepo: Monorepo, tools: Tools, tmp_path: Path
) -> None:
    python = tools.environment(tmp_path / "venv")
    command = ["pip", "--python", str(python), "install", "-c", LOCK]
    command += [word for path in INPUTS for word in ("-r", path)]
    tools.succeed(*command, cwd=monorepo.root)
    wanted = releases(exported(monorepo, tmp_path, "requirements").read_text())
    assert tools.installed(python) == wanted
    assert wanted == {k: v for k, v in releases(monorepo.read(LOCK)).items() if k in NAMES}


@pytest.mark.parametrize("name", ["idna", "six"])
def test_pip_refuses_a_flipped_hash_of_the_lock(
    monorepo: Monorepo, tools: Tools, tmp_path: Path, name: str
) -> None:
    path = {"idna": "text/inputs.in", "six": "dates/inputs.in"}[name]
    lock = monorepo.read(LOCK)
    monorepo.write(LOCK, flipped(lock, name))
    python = tools.environment(tmp_path / "venv")
    refused = tools.run(
        *("pip", "--python", str(python), "install", "-r", path, "-c", LOCK), cwd=monorepo.root
    )
    assert refused.returncode == 1
    assert tells_of_mismatch(refused.stdout, lock, monorepo.read(LOCK))
    assert tools.installed(python) == {}


INSTALLERS = {
    "pip, requirements": (
        "requirements",
        "pip --python {python} install --no-deps --require-hashes -r {file}",
    ),
    "uv, requirements": ("requirements", "uv pip sync --require-hashes --python {python} {file}"),
    "pip, pylock": ("pylock", "pip --python {python} install -r {file}"),
    "uv, pylock": ("pylock", "uv pip sync --python {python} {file}"),
}
installers = pytest.mark.parametrize("kind,command", INSTALLERS.values(), ids=INSTALLERS)


@installers
def test_a_slice_is_installed_whole_and_nothing_else(
    monorepo: Monorepo, tools: Tools, tmp_path: Path, kind: str, command: str
) -> None:
    path = exported(monorepo, tmp_path, kind)
    python = tools.environment(tmp_path / "venv")
    tools.succeed(*(word.format(python=python, file=path) for word in command.split()))
    wanted = {k: v for k, v in releases(monorepo.read(LOCK)).items() if k in NAMES}
    assert tools.installed(python) == wanted
    tools.succeed("uv", "pip", "check", f"--python={python}")
    imports = "import dateutil.parser, docopt, idna, six"
    subprocess.run([str(python), "-c", imports], check=True)


@installers
def test_a_flipped_hash_of_a_slice_is_refused(
    monorepo: Monorepo, tools: Tools, tmp_path: Path, kind: str, command: str
) -> None:
    path = exported(monorepo, tmp_path, kind, "dates/inputs.in")
    right = path.read_text()
    path.write_text(flipped(right, "six"))
    python = tools.environment(tmp_path / "venv")
    refused = tools.run(*(word.format(python=python, file=path) for word in command.split()))
    assert refused.returncode != 0
    assert tells_of_mismatch(refused.stdout, right, path.read_text())
    assert tools.installed(python) == {}


def test_pex_packs_a_pylock_and_checks_it(monorepo: Monorepo, tools: Tools, tmp_path: Path) -> None:
    pylock = exported(monorepo, tmp_path, "pylock")
    pex = tmp_path / "slice.pex"
    tools.succeed("pex", "--use-pip-config", "--pylock", str(pylock), "--output-file", str(pex))
    with zipfile.ZipFile(pex) as content:
        wheels = json.loads(content.read("PEX-INFO"))["distributions"]
    packed = {str(canonicalize_name(n)): v for n, v in (w.split("-")[:2] for w in wheels)}
    assert packed == {k: v for k, v in releases(monorepo.read(LOCK)).items() if k in NAMES}
    subprocess.run([str(pex), "-c", "import dateutil.parser, docopt, idna, six"], check=True)

    right = pylock.read_text()
    pylock.write_text(flipped(right, "six"))
    refused = tools.run(
        *("pex", "--use-pip-config", "--pex-root", str(tmp_path / "cache")),
        *("--pylock", str(pylock), "--output-file", str(tmp_path / "refused.pex")),
    )
    assert refused.returncode != 0
    assert tells_of_mismatch(refused.stdout, right, pylock.read_text())
    assert not (tmp_path / "refused.pex").exists()


def test_a_whole_lock_as_pylock_is_for_every_environment_of_it(
    monorepo: Monorepo, tools: Tools, tmp_path: Path
) -> None:
    path = export(monorepo, tmp_path / "pylock.all.toml", "--format=pylock")
    python = tools.environment(tmp_path / "venv")
    tools.succeed("uv", "pip", "sync", f"--python={python}", str(path))
    lock = lock_codec.parse(monorepo.read(LOCK), LOCK)
    here = belonging(lock.pins, HERE.variables)
    assert tools.installed(python) == {pin.key: pin.version for pin in here}
    named = re.findall(r'^name = "(.*)"\nversion = "(.*)"$', path.read_text(), re.M)
    assert named == [(pin.key, pin.version) for pin in lock.pins]


def test_an_index_without_the_files_is_an_error(monorepo: Monorepo, tmp_path: Path) -> None:
    monorepo.write(LOCK, flipped(monorepo.read(LOCK), "six"))
    failed = monorepo.pants("lock-export", "--format=pylock", "--slice=dates/inputs.in")
    assert failed.exit_code == 1
    assert failed.output.endswith(
        f"The index has no file of `six==1.17.0` with a hash of {LOCK}. Name the index that was"
        " locked from in pip's configuration, or run `./pants lock` if the lock is wrong.\n"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_pip_installs_a_service_of_this_repository(
    tools: Tools, tmp_path: Path, service: str
) -> None:
    path = f"services/{service}/requirements.in"
    lock = lock_codec.parse((CHECKOUT / LOCK).read_text(), LOCK)
    slicer = Slicer(lock, graph_codec.parse((CHECKOUT / GRAPH).read_text(), GRAPH))
    stated = re.findall(r"^[^#\s].*", (CHECKOUT / path).read_text(), re.M)
    wanted = {pin.key: pin.version for pin in slicer.cut(stated, HERE.variables).pins}
    python = tools.environment(tmp_path / "venv")
    tools.succeed(
        *("pip", "--python", str(python), "install", "-r", path, "-c", LOCK), cwd=CHECKOUT
    )
    assert tools.installed(python) == wanted
    assert len(wanted) > len(stated)


# -- Scanners -------------------------------------------------------------------------------------

Facts = Iterable["tuple[str, str, frozenset[str]]"]
"""Name, version and hashes of each pin."""


def ours(path: str) -> set[tuple[str, str, frozenset[str]]]:
    found = lock_codec.parse((CHECKOUT / path).read_text(), path).pins
    return {(pin.key, str(pin.version), frozenset(pin.hashes)) for pin in found}


def read_by_cyclonedx(tools: Tools, path: str) -> Facts:
    """As a bill of materials, from pip-requirements-parser."""
    text = tools.succeed("cyclonedx-py", "requirements", "--no-validate", str(CHECKOUT / path))
    sbom = json.loads(text[text.index("{") :])  # a warning stands before it
    for component in sbom["components"]:
        name, _, version = component["purl"].removeprefix("pkg:pypi/").partition("@")
        stated = [h for ref in component["externalReferences"] for h in ref.get("hashes", ())]
        hashes = (f"{h['alg'].replace('SHA-', 'sha')}:{h['content']}" for h in stated)
        yield str(canonicalize_name(name)), version, frozenset(hashes)


_DPARSE = """\
import dparse, json, sys
found = dparse.parse(open(sys.argv[1]).read(), file_type="requirements.txt").dependencies
print(json.dumps([[found.name, str(found.specs), list(found.hashes)] for found in found]))
"""


def read_by_dparse(tools: Tools, path: str) -> Facts:
    """As Safety does, by a parser of its own."""
    for name, versions, hashes in json.loads(
        tools.succeed("python", "-c", _DPARSE, str(CHECKOUT / path))
    ):
        told = frozenset(text.removeprefix("--hash=") for text in hashes)
        yield str(canonicalize_name(name)), versions.removeprefix("=="), told


@pytest.mark.parametrize("path", LOCKS)
@pytest.mark.parametrize("read", [read_by_cyclonedx, read_by_dparse])
def test_scanners_read_what_we_read(tools: Tools, path: str, read: Any) -> None:
    assert set(read(tools, path)) == ours(path)


@contextmanager
def advisories(bad: Pin) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A service with OSV's interface that knows one advisory; the URL, and what it was asked for."""
    asked: list[tuple[str, str]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((query["package"]["name"], query["version"]))
            package = {"name": bad.key, "ecosystem": "PyPI"}
            events = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999"}]}
            advisory = {"id": "TEST-1", "affected": [{"package": package, "ranges": [events]}]}
            found = {"vulns": [advisory]} if asked[-1] == (bad.key, bad.version) else {}
            body = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output to itself."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
        server.shutdown()


@pytest.mark.parametrize("path", LOCKS)
def test_pip_audit_asks_for_every_pin_and_names_the_bad_one(
    tools: Tools, tmp_path: Path, path: str
) -> None:
    here = belonging(pins((CHECKOUT / path).read_text()), HERE.variables)
    bad = here[-1]
    report = tmp_path / "audit.json"
    with advisories(bad) as (url, asked):
        done = tools.run(
            *("pip-audit", "-r", str(CHECKOUT / path), "--require-hashes", "--disable-pip"),
            *("--vulnerability-service=osv", f"--osv-url={url}", "--progress-spinner=off"),
            *(f"--cache-dir={tmp_path / 'cache'}", "--format=json", f"--output={report}"),
        )
    assert done.returncode == 1, done.stdout
    assert sorted(asked) == [(pin.key, pin.version) for pin in here]
    told = json.loads(report.read_text())["dependencies"]
    ids = {found["name"]: [advisory["id"] for advisory in found["vulns"]] for found in told}
    assert ids == {pin.key: ["TEST-1"] if pin == bad else [] for pin in here}
