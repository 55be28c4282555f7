"""The manual's way to a new service works as it is written, in a copy of this repository."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

from lockstep.acceptance.monorepo import CHECKOUT

MANUAL = CHECKOUT / "docs/new-service.md"


def run(script: str, folder: Path) -> str:
    environ = {**os.environ, "PANTS_DYNAMIC_UI": "false", "PANTS_COLORS": "false"}
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_new_service_is_locked_tested_and_packaged_with_no_line_of_a_build_file_written(
    checkout: Path,
) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", MANUAL.read_text(), re.M | re.S)
    assert len(blocks) == 5 and "BUILD" not in "".join(blocks)
    code, tailor, lock, test, package = blocks

    run(code, checkout)
    assert run(tailor, checkout).count("Created services/greeter/") == 3
    assert "3rdparty/python/lock.txt holds" in run(lock, checkout)
    assert (
        "-r services/greeter/requirements.in" in (checkout / "3rdparty/python/lock.txt").read_text()
    )
    tested = run(test, checkout)
    assert "✓ services/greeter/tests/test_app.py succeeded" in tested
    assert "✓ mypy succeeded" in tested and "✓ black succeeded" in tested
    run(package, checkout)
    assert run("./pants tailor --check :: && ./pants lock --check", checkout).count("fits") == 5

    (pex,) = checkout.glob("dist/services.greeter/deploy/*.pex")
    program = subprocess.Popen(
        [pex],
        cwd=checkout.parent,
        env={**os.environ, "PORT": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stderr is not None
    port = next(filter(None, (re.search(r'"port": (\d+)', line) for line in program.stderr)))[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/greet/Ada") as answer:
        assert answer.read() == b'{"greeting":"Hello, Ada!"}'
    program.send_signal(signal.SIGTERM)
    program.communicate()
    assert program.returncode == 0
