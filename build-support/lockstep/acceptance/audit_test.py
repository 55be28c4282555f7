"""`./pants audit`, and fixed releases that pass a cooldown, with records of real form."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.acceptance.conftest import ALPHA
from lockstep.acceptance.monorepo import LOCK, Monorepo

UV = "--lockstep-resolver=uv"
COOLDOWN = "--lockstep-cooldown=7 days"
RECORD = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "summary": "Opens the door.",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Lockstep.Alpha"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
    "database_specific": {"severity": "HIGH"},
}
OF_BETA = """\
id: PYSEC-2026-2
affected:
- package: {ecosystem: PyPI, name: lockstep-beta}
  versions:
  - 1.1
  - '1.0'
"""
EXCEPTIONS = (
    '--audit-exceptions={"CVE-2026-1": {"reason": "no door", "expires": "2999-01-01"},'
    ' "GONE-1": {"reason": "r", "expires": "2999-01-01"}}'
)
TOLD = f"""\
{LOCK}: 1 advisory affects its pins
  lockstep-alpha 1.0  PYSEC-2026-1 (CVE-2026-1)  HIGH
    Opens the door.
    reaches 3 targets, by -r 3rdparty/python/inputs.in
    fixed in 1.1: `./pants lock --upgrade-package=lockstep-alpha==1.1`
"""


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    folder = tmp_path / "advisories" / "vulns"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps(RECORD))
    (folder / "other.json").write_text('{"name": "other", broken')
    return folder.parent


def test_findings_exceptions_and_fixes(dated: Monorepo, advisories: Path) -> None:
    where = f"--lockstep-advisories={advisories}"
    assert dated.pants(UV, COOLDOWN, "lock").exit_code == 0

    missing = dated.pants("audit")
    assert (missing.exit_code, missing.output) == (
        1,
        "No advisories are at hand, so nothing could be found. Set `[lockstep].advisories` to a"
        " folder or zip archive of records in OSV format, such as a checkout of an advisory"
        " database.\n",
    )
    empty = dated.pants(f"--lockstep-advisories={advisories}/nowhere", "audit")
    assert (empty.exit_code, empty.output) == (
        1,
        f"The advisories in {advisories}/nowhere cannot be read (No such file or directory). Set"
        " `[lockstep].advisories` to a folder or zip archive of records in OSV format.\n",
    )
    found = dated.pants(where, "audit")
    assert (found.exit_code, found.output) == (1, TOLD), found.output
    accepted = dated.pants(where, EXCEPTIONS, "audit")
    assert (accepted.exit_code, accepted.stdout, accepted.stderr) == (
        0,
        f"{TOLD}    accepted until 2999-01-01: no door\n",
        "The exception for `GONE-1` in `[audit].exceptions` is no longer needed.\n",
    )
    (advisories / "beta.yaml").write_text(OF_BETA)
    document = json.loads(dated.pants(where, "audit", "--format=json").stdout)
    assert [(one["id"], one["fixed"]) for one in document["locks"][0]["advisories"]] == [
        ("PYSEC-2026-1", "1.1"),
        ("PYSEC-2026-2", None),
    ]
    (advisories / "beta.yaml").write_text("id: [lockstep-beta\nname: lockstep-beta")
    damaged = dated.pants(where, "audit")
    assert damaged.exit_code == 1
    assert damaged.output.startswith(f"{advisories}/beta.yaml cannot be read (")


def test_a_release_that_fixes_an_advisory_passes_the_cooldown(
    dated: Monorepo, advisories: Path
) -> None:
    where = f"--lockstep-advisories={advisories}"
    assert dated.pants(UV, COOLDOWN, "lock").exit_code == 0
    assert "lockstep-alpha==1.0 " in dated.read(LOCK)
    kept = dated.pants(UV, COOLDOWN, where, "lock")
    assert kept.stdout == f"{LOCK} holds 2 pins, as before.\n"
    assert dated.pants(UV, COOLDOWN, where, "lock", "--upgrade").exit_code == 0
    moved = re.findall(r"^(\S+) \\$", dated.read(LOCK), re.M)
    assert moved == ["lockstep-alpha==1.1", "lockstep-beta==1.1"], dated.read(LOCK)
    assert "\n# younger: lockstep-alpha<=1.1\n" in dated.read(LOCK)
    assert dated.pants(where, "audit").output == f"{LOCK}: no advisory affects its pins.\n"


def test_an_archive_of_records(dated: Monorepo, advisories: Path) -> None:
    dated.write("3rdparty/python/inputs.in", f"{ALPHA}==1.0\n")
    assert dated.pants(UV, "lock").exit_code == 0
    with zipfile.ZipFile(advisories.parent / "all.zip", "w") as archive:
        archive.write(advisories / "vulns/a.json", "a.json")
    found = dated.pants(f"--lockstep-advisories={advisories.parent}/all.zip", "audit")
    assert (found.exit_code, found.output) == (1, TOLD), found.output


@contextmanager
def json_of_index(documents: Mapping[str, object]) -> Iterator[str]:
    """Serve documents by path, as an index does that tells of vulnerabilities."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(documents.get(self.path)).encode()
            self.send_response(200 if self.path in documents else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/pypi"
        finally:
            server.shutdown()


def test_an_index_tells_of_advisories(dated: Monorepo) -> None:
    assert dated.pants(UV, COOLDOWN, "lock").exit_code == 0
    known = {
        "id": "PYSEC-2026-1",
        "aliases": ["CVE-2026-1"],
        "summary": "Opens the door.",
        "fixed_in": ["1.1"],
    }
    path = "/pypi/lockstep-alpha/1.0/json"
    with json_of_index({path: {"vulnerabilities": [known]}}) as url:
        found = dated.pants(f"--lockstep-advisories={url}", "audit")
        assert (found.exit_code, found.stdout, found.stderr) == (
            1,
            TOLD.replace("  HIGH", ""),
            f"{LOCK}: the index of the advisories does not know lockstep-beta==1.1.\n",
        )
    down = dated.pants(f"--lockstep-advisories={url}", "audit")
    assert (down.exit_code, down.output) == (
        1,
        "What the index tells of `lockstep-alpha==1.0` cannot be fetched from 127.0.0.1: it cannot be"
        " reached. Run this again when it can be reached.\n",
    )
