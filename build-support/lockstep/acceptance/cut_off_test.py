"""Cooldown and `--as-of`, against a real index that tells upload times, and one that does not."""

from __future__ import annotations

import functools
import re
import shutil
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.acceptance.conftest import ALPHA, BETA, INPUT
from lockstep.acceptance.monorepo import LOCK, Monorepo
from lockstep.acceptance.resolver_test import WAYS
from lockstep.acceptance.served_index import ServedIndex
from lockstep.core import held, lock_codec

COOLDOWN = "--lockstep-cooldown=7 days"


def lock(repo: Monorepo, *arguments: str) -> Mapping[str, str]:
    """Lock, and tell the versions."""
    done = repo.pants(*arguments)
    assert done.exit_code == 0, done.output
    pins = lock_codec.parse(repo.read(LOCK), LOCK).pins
    return {pin.key.rpartition("-")[2]: str(pin.version) for pin in pins}


def header(repo: Monorepo) -> Mapping[str, str]:
    return dict(re.findall(r"^# (cut-off|younger): (.*)$", repo.read(LOCK), re.M))


way = pytest.mark.parametrize("way", WAYS)


@way
def test_what_is_younger_is_not_chosen_and_neither_is_what_it_leads_to(
    dated: Monorepo, way: str
) -> None:
    started = datetime.now(timezone.utc)
    assert lock(dated, *WAYS[way], COOLDOWN, "lock") == {"alpha": "1.0", "beta": "1.1"}
    cut_off = datetime.fromisoformat(header(dated)["cut-off"].replace("Z", "+00:00"))
    week, minute = timedelta(days=7), timedelta(minutes=1)
    assert started - week - minute < cut_off <= datetime.now(timezone.utc) - week
    again = dated.pants(*WAYS[way], COOLDOWN, "lock")
    assert again.stdout == f"{LOCK} holds 2 pins, as before.\n"
    assert dated.pants(*WAYS[way], "lock", "--check").output == f"{LOCK} fits its inputs.\n"
    assert lock(dated, *WAYS[way], "lock", "--upgrade") == {"alpha": "1.1", "beta": "1.2"}
    assert header(dated) == {}


@pytest.mark.parametrize("way", ["uv proposes, pip-tools judges", "uv"])
def test_a_cooldown_moves_no_pin_down(dated: Monorepo, way: str) -> None:
    assert lock(dated, *WAYS[way], "lock") == {"alpha": "1.1", "beta": "1.2"}
    plain = dated.read(LOCK)
    kept = dated.pants(*WAYS[way], COOLDOWN, "lock")
    assert (kept.exit_code, dated.read(LOCK)) == (0, plain), kept.output
    upgraded = dated.pants(*WAYS[way], COOLDOWN, "lock", "--upgrade")
    assert (upgraded.exit_code, dated.read(LOCK)) == (0, plain), upgraded.output
    # Something is chosen, so the header tells what was seen; the bound holds pins where they are.
    dated.write(INPUT, f"{ALPHA}\n{BETA}>=1.0\n")
    assert lock(dated, *WAYS[way], COOLDOWN, "lock") == {"alpha": "1.1", "beta": "1.2"}
    assert header(dated)["younger"] == "lockstep-alpha<=1.1; lockstep-beta<=1.2"
    assert "--younger" not in dated.read(LOCK)


def test_a_version_that_is_named_passes_the_cooldown_and_what_it_leads_to_does_not(
    dated: Monorepo,
) -> None:
    lock(dated, WAYS["uv"][0], COOLDOWN, "lock")
    moved = lock(dated, WAYS["uv"][0], COOLDOWN, "lock", f"--upgrade-package={ALPHA}==1.1")
    assert moved == {"alpha": "1.1", "beta": "1.1"}
    assert header(dated)["younger"] == "lockstep-alpha<=1.1"
    assert "--upgrade-package" not in dated.read(LOCK)


@way
def test_the_same_day_leads_to_the_same_lock_whatever_is_released_and_yanked_since(
    dated: Monorepo, index: ServedIndex, way: str
) -> None:
    day = (datetime.now(timezone.utc) - timedelta(days=5)).date().isoformat()
    command = (*WAYS[way], "lock", "--upgrade", f"--as-of={day}")
    assert lock(dated, *WAYS[way], "lock") == {"alpha": "1.1", "beta": "1.2"}
    assert lock(dated, *command) == {"alpha": "1.0", "beta": "1.1"}
    assert header(dated) == {"cut-off": f"{day}T00:00:00Z"}
    text = dated.read(LOCK)
    index.upload(ALPHA, "1.0.1", requires=[BETA])
    index.upload(BETA, "2.0")
    index.yank(ALPHA, "1.0")
    index.yank(BETA, "1.0")
    lock(dated, *command)
    assert dated.read(LOCK) == text
    assert dated.pants(*WAYS[way], "lock", "--check").output == f"{LOCK} fits its inputs.\n"


HELD = """\
[[held]]
release = "lockstep-beta==1.2"
reason = "breaks the build"
expires = {expires}
"""


@way
def test_a_release_that_is_held_back_is_left_out_by_upgrades_until_it_expires(
    dated: Monorepo, way: str
) -> None:
    dated.write(f"3rdparty/python/{held.NAME}", HELD.format(expires="2999-01-01"))
    # Only an upgrade leaves it out: a lock that has it keeps it.
    assert lock(dated, *WAYS[way], "lock") == {"alpha": "1.1", "beta": "1.2"}
    assert lock(dated, *WAYS[way], "lock", "--upgrade") == {"alpha": "1.1", "beta": "1.1"}
    assert held.NAME not in dated.read(LOCK)
    assert lock(dated, *WAYS[way], "lock") == {"alpha": "1.1", "beta": "1.1"}
    named = f"--upgrade-package={BETA}==1.2"
    assert lock(dated, *WAYS[way], "lock", named) == {"alpha": "1.1", "beta": "1.2"}
    dated.write(f"3rdparty/python/{held.NAME}", HELD.format(expires="2026-01-01"))
    assert lock(dated, *WAYS[way], "lock", "--upgrade") == {"alpha": "1.1", "beta": "1.2"}


def test_what_is_no_cut_off_is_told(dated: Monorepo) -> None:
    for arguments, error in (
        (
            ("--lockstep-cooldown=soon", "lock"),
            "`[lockstep].cooldown` is `soon`, which is no number of hours, days or weeks. Write it as"
            " `36 hours`, `7 days` or `2 weeks`.\n",
        ),
        (
            ("lock", "--check", "--as-of=2026-01-01"),
            "`--as-of` resolves, and `--check`, `--fetch` and `--verify-here` do not. Leave one of them out.\n",
        ),
    ):
        told = dated.pants(*arguments)
        assert (told.exit_code, told.output) == (1, error)


def test_a_conflict_tells_of_the_cut_off(dated: Monorepo) -> None:
    dated.write(INPUT, f"{ALPHA}>=1.1\n")
    told = dated.pants(WAYS["uv"][0], "lock", "--as-of=2026-01-01")
    assert told.exit_code == 1
    assert told.output.endswith(
        "  What was uploaded since 2026-01-01T00:00:00Z was not looked at.\n"
    ), told.output


@contextmanager
def undated(folder: Path, wheels: Path) -> Iterator[str]:
    """An index of the old kind, as a web server makes it of folders: no upload times."""
    for wheel in wheels.glob("*.whl"):
        project = wheel.name.partition("-")[0].replace("_", "-")
        (folder / project).mkdir(exist_ok=True)
        shutil.copy2(wheel, folder / project)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_an_index_without_upload_times_is_refused_or_allowed(
    dated: Monorepo, index: ServedIndex, tmp_path: Path
) -> None:
    with undated(tmp_path, index.packages) as url:
        extra = index.variables["PIP_EXTRA_INDEX_URL"].replace(index.url, url)
        repo = Monorepo(dated.root, dated.store, {"PIP_EXTRA_INDEX_URL": extra})
        refused = repo.pants(*WAYS["uv"], COOLDOWN, "lock")
        assert (refused.exit_code, refused.output.splitlines()[-1]) == (
            1,
            f"{LOCK} stands as it was: the index does not tell when releases of `lockstep-alpha` were"
            " uploaded, so they may be younger than the cooldown or `--as-of` allows. Ask an index"
            ' that tells it (PEP 700), or set `[lockstep].undated_releases = "allow"`.',
        )
        refused = repo.pants(*WAYS["pip-tools"], COOLDOWN, "lock")
        assert (refused.exit_code, refused.output.splitlines()[-1]) == (
            1,
            f"{LOCK} stands as it was: the index does not tell when releases of `lockstep-alpha` were"
            " uploaded, so they may be younger than the cooldown or `--as-of` allows. Ask an index"
            ' that tells it (PEP 700), or set `[lockstep].undated_releases = "allow"` and leave'
            " `propose = false` out.",
        )
        assert not repo.path(LOCK).exists()
        allow = "--lockstep-undated-releases=allow"
        assert lock(repo, COOLDOWN, allow, "lock") == {"alpha": "1.1", "beta": "1.2"}
        assert header(repo)["younger"] == "lockstep-alpha; lockstep-beta"
