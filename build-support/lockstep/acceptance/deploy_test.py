"""The deployables of this repository's services: built twice, changed, published, and started on a host
that has no network, no compiler and nothing to write to.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.acceptance.bare_host import BareHost, why_not, write_root_filesystem

SERVICES: Mapping[str, Mapping[str, str]] = {
    "index": {"PACKAGES": "/tmp"},
    "inspector": {"INDEX_URL": "http://127.0.0.1:1/simple/"},
    "linehaul": {"DATABASE": "/tmp/linehaul.sqlite3"},
}
"""What each must be told."""

ENDINGS = (".cdx.json", ".intoto.json", ".oci.tar", ".pex", ".tar.gz")
TARGETS = [f"services/{name}:deploy" for name in SERVICES]


@dataclass(frozen=True)
class Built:
    """A checkout, and the deployables that were built in it."""

    root: Path
    environ: Mapping[str, str]
    prefix: tuple[str, ...] = ()

    def pants(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.prefix, "./pants", "--no-dynamic-ui", "--no-colors", *arguments],
            cwd=self.root,
            env={**self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def package(self) -> None:
        done = self.pants("package", *TARGETS, "libs/shared::")
        assert done.returncode == 0, done.stderr

    def git(self, *arguments: str) -> str:
        identity = {"NAME": "a", "EMAIL": "a@b.example", "DATE": "2026-01-01T00:00:00Z"}
        names = {
            f"GIT_{who}_{k}": v for who in ("AUTHOR", "COMMITTER") for k, v in identity.items()
        }
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={**self.environ, **names},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    def files(self, service: str) -> Mapping[str, Path]:
        """The files of a service's deployable by their endings."""
        paths = sorted((self.root / f"dist/services.{service}/deploy").iterdir())
        return {next(e for e in ENDINGS if path.name.endswith(e)): path for path in paths}

    def version(self, service: str) -> str:
        name = self.files(service)[".pex"].name
        return name[len(service) + 1 : -len(".pex")]


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    root = tmp_path_factory.mktemp("built") / "my company"
    left = shutil.ignore_patterns(".git", ".pids", ".pants.d", "dist")
    shutil.copytree(checkout, root, ignore=left)
    lowest = root / "external/root_filesystem"
    lowest.mkdir()
    write_root_filesystem(lowest / "root.tar")
    (lowest / "BUILD").write_text('file(name="root_filesystem", source="root.tar")\n')
    for name in SERVICES:
        path = root / "services" / name / "BUILD"
        outputs = 'outputs=["pex", "tarball", "image"],'
        below = 'root_filesystem=["//external/root_filesystem"],'
        text = path.read_text().replace('name="deploy",', f'name="deploy", {outputs} {below}')
        path.write_text(text)
    one = Built(root, {**os.environ})
    one.git("init", "-q", "-b", "main")
    one.git("add", "-A")
    one.git("commit", "-qm", "all")
    one.git("tag", "v1.0")
    one.package()
    yield one
    _stop(root)


@pytest.fixture(scope="module")
def host_archive(built: Built) -> Path:
    return built.root / "external/root_filesystem/root.tar"


def _stop(root: Path) -> None:
    for pid in root.joinpath(".pids").rglob("pid"):
        subprocess.run(["kill", pid.read_text().strip()], check=False)


def _as_somebody_else() -> tuple[str, ...]:
    """The command that lets another one think that it is another user's."""
    words = ("unshare", "--map-user=1000", "--map-group=1000")
    return words if subprocess.run([*words, "true"], capture_output=True).returncode == 0 else ()


def test_the_version_is_of_the_commit_that_touched_the_service(built: Built) -> None:
    for service in SERVICES:
        head, of_slice, of_code = built.version(service).rsplit("-", 2)
        assert head == "v1.0"
        assert (of_slice[0], len(of_slice), of_code[0], len(of_code)) == ("s", 13, "c", 13)
        assert sorted(built.files(service)) == sorted(ENDINGS)


def test_shared_libraries_tell_the_ranges_of_their_inputs(built: Built) -> None:
    ranges = {
        "distribution_metadata": ["Requires-Dist: packaging>=24"],
        "safe_descriptions": ["Requires-Dist: readme-renderer[md]>=44"],
    }
    for name, expected in ranges.items():
        with zipfile.ZipFile(built.root / f"dist/{name}-0.1.0-py3-none-any.whl") as wheel:
            metadata = wheel.read(f"{name}-0.1.0.dist-info/METADATA").decode()
            assert f"{name}/py.typed" in wheel.namelist()
        with tarfile.open(built.root / f"dist/{name}-0.1.0.tar.gz") as sdist:
            member = sdist.extractfile(f"{name}-0.1.0/PKG-INFO")
            assert member is not None
            told = member.read().decode()
        for text in (metadata, told):
            assert [line for line in text.splitlines() if line.startswith("Requires-D")] == expected
            assert "\nRequires-Python: >=3.11\n" in text


@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.parametrize("service", SERVICES)
def test_pex_and_tarball_start_on_a_bare_host(
    built: Built, host_archive: Path, service: str, tmp_path: Path
) -> None:
    host = BareHost.of(host_archive, tmp_path / "root")
    (host.root / "srv").mkdir(exist_ok=True)
    pex = host.root / "srv/service.pex"
    shutil.copy(built.files(service)[".pex"], pex)
    with tarfile.open(built.files(service)[".tar.gz"]) as tarball:
        tarball.extractall(host.root / "srv")
    start = f"/srv/{service}-{built.version(service)}/bin/start"
    seen = {"interfaces": ["lo"], "compilers": [], "healthy": True, "exit code": 0}
    for command in ([start], ["/srv/service.pex"]):
        told = host.start(command, [start, "--healthy"], SERVICES[service])
        assert {key: told[key] for key in seen} == seen
        assert not [place for place in told if place.startswith("/")], "all is read-only"


@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.parametrize("service", SERVICES)
def test_skopeo_and_umoci_read_the_image_and_its_root_filesystem_starts(
    built: Built, service: str, tmp_path: Path
) -> None:
    for program in ("skopeo", "umoci"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")
    archive, version = built.files(service)[".oci.tar"], built.version(service)
    layout, bundle = tmp_path / "layout", tmp_path / "bundle"
    _run("skopeo", "copy", "--quiet", f"oci-archive:{archive}", f"oci:{layout}:{version}")
    inspected = json.loads(_run("skopeo", "inspect", f"oci:{layout}:{version}"))
    assert len(inspected["Layers"]) == 3
    assert inspected["Labels"]["org.opencontainers.image.version"] == version
    _run("umoci", "unpack", "--rootless", "--image", f"{layout}:{version}", str(bundle))
    process = json.loads((bundle / "config.json").read_text())["process"]
    assert process["cwd"] == "/opt/deployable"
    variables = dict(variable.split("=", 1) for variable in process["env"])
    host = BareHost(bundle / "rootfs")
    command = process["args"]
    told = host.start(
        command, [*command, "--healthy"], {"PORT": variables["PORT"], **SERVICES[service]}
    )
    assert (told["healthy"], told["exit code"]) == (True, 0)


def test_two_builds_in_two_folders_as_two_users_are_the_same_bytes(
    built: Built, tmp_path: Path
) -> None:
    root = tmp_path / "elsewhere"
    subprocess.run(["git", "clone", "-q", built.root, root], check=True)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    environ = {
        **os.environ,
        "HOME": str(tmp_path),
        "USER": "somebody",
        "TZ": "Asia/Tokyo",
        "XDG_CACHE_HOME": str(cache),  # the launcher's own
        "PYENV_ROOT": os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")),
        "PANTS_LOCAL_STORE_DIR": str(tmp_path / "store"),
        "PANTS_NAMED_CACHES_DIR": str(tmp_path / "named"),
        # Git asks whose a repository is.
        **{"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory"},
        "GIT_CONFIG_VALUE_0": "*",
    }
    other = Built(root, environ, _as_somebody_else())
    try:
        other.package()
    finally:
        _stop(root)
    for service in SERVICES:
        first, second = built.files(service), other.files(service)
        assert [p.name for p in first.values()] == [p.name for p in second.values()]
        differing = [e for e in ENDINGS if first[e].read_bytes() != second[e].read_bytes()]
        assert differing == []
    for wheel in built.root.glob("dist/*.whl"):
        assert wheel.read_bytes() == (root / "dist" / wheel.name).read_bytes()


def test_a_line_of_one_service_changes_that_one_alone_and_ships_little(built: Built) -> None:
    before = {name: _contents(built, name) for name in SERVICES}
    layers = {name: _blobs(built.files(name)[".oci.tar"]) for name in SERVICES}
    source = built.root / "services/linehaul/src/linehaul/app.py"
    text = source.read_text()
    source.write_text(f"{text}\nCHANGED = True\n")
    try:
        dirty = built.pants("package", "services/linehaul:deploy")
        assert dirty.returncode == 0, dirty.stderr
        assert built.version("linehaul").endswith("-dirty")
        refused = built.pants(
            "--deploy-stores=published", "--deploy-signing-key=key", "publish", TARGETS[2]
        )
        assert refused.returncode == 1
        assert (
            f"linehaul {built.version('linehaul')} is not published, since the work tree differs"
            " from its commit. Commit or stash what `git status` tells.\n" in refused.stderr
        )

        built.git("commit", "-qam", "change")
        built.package()
        assert [n for n in SERVICES if _contents(built, n) != before[n]] == ["linehaul"]
        now = _blobs(built.files("linehaul")[".oci.tar"])
        added = {digest: size for digest, size in now.items() if digest not in layers["linehaul"]}
        assert len(added) == 3  # configuration, manifest, the layer of the code
        assert len(now.keys() & layers["linehaul"].keys()) == 2
        assert sum(added.values()) <= 1.2 * _first_party_bytes(built, "linehaul")

        plan = built.pants("deploy-plan", "--since=HEAD~1")
        assert plan.returncode == 0, plan.stderr
        cause = "services/linehaul/src/linehaul/app.py changed"
        assert plan.stdout.splitlines() == [
            f"services/index:deploy  {built.version('index')}  as it was",
            f"services/inspector:deploy  {built.version('inspector')}  as it was",
            f"services/linehaul:deploy  {built.version('linehaul')}  changed: {cause}"
            " ← services/linehaul/src/linehaul/__main__.py ← services/linehaul:deploy",
        ]
        assert built.version("linehaul").startswith("v1.0-1-g")
    finally:
        built.git("reset", "-q", "--hard", "v1.0")
        built.package()
    assert {name: _contents(built, name) for name in SERVICES} == before


def test_publish_uploads_all_and_verify_names_what_was_changed(
    built: Built, tmp_path: Path
) -> None:
    key, allowed, store = tmp_path / "key", tmp_path / "allowed", tmp_path / "a store"
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ci", "-f", str(key))
    allowed.write_text(f"ci@example {Path(f'{key}.pub').read_text()}")
    options = (f"--deploy-stores=['{store}']", f"--deploy-signing-key={key}")
    verify = (f"--deploy-allowed-signers={allowed}", "verify")
    published = built.pants(*options, "publish", "services/index:deploy")
    assert published.returncode == 0, published.stderr
    version = built.version("index")
    assert f"index {version} is published to {store}\n" in published.stdout + published.stderr
    folder = store / "index" / version
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"index-{version}{ending}" for ending in (*ENDINGS, ".intoto.json.sig")
    )
    again = built.pants(*options, "publish", "services/index:deploy")
    assert again.returncode == 0
    assert "is in already, unchanged" in again.stdout + again.stderr

    pex = folder / f"index-{version}.pex"
    good = built.pants(*verify, f"--artifact={pex}")
    assert (good.returncode, good.stdout.splitlines()[0]) == (
        0,
        f"{pex} is as ci@example signed it:",
    ), good.stderr
    for ending in (".pex", ".cdx.json", ".intoto.json", ".intoto.json.sig"):
        path = folder / f"index-{version}{ending}"
        content = path.read_bytes()
        at = len(content) // 2
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        bad = built.pants(*verify, f"--artifact={pex}")
        assert bad.returncode == 1 and path.name in bad.stderr, bad.stderr
        path.write_bytes(content)
    assert built.pants(*verify, f"--artifact={pex}").returncode == 0


def _run(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _contents(built: Built, service: str) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in built.files(service).values()}


def _blobs(archive: Path) -> Mapping[str, int]:
    """The sizes of an image's blobs by their digests."""
    with tarfile.open(archive) as layout:
        return {m.name: m.size for m in layout.getmembers() if m.name.startswith("blobs/")}


def _first_party_bytes(built: Built, service: str) -> int:
    """The size of the code itself, without its bytecode."""
    with tarfile.open(built.files(service)[".tar.gz"]) as tarball:
        code = [m for m in tarball.getmembers() if m.name.split("/")[1:2] == ["app"]]
        return sum(m.size for m in code if not m.name.endswith(".pyc"))
