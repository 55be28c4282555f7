"""PEX files for people and for machines, from slices of the same lock."""

from __future__ import annotations

import re
import subprocess
import zipfile

from lockstep.acceptance.monorepo import LOCK, Monorepo

PROGRAM = "import six\n\nprint(six.__version__)\n"
MAC = "macosx_11_0_arm64-cp-311-cp311"


def _wheels(repo: Monorepo, path: str) -> set[str]:
    with zipfile.ZipFile(repo.path(path)) as pex:
        found = (re.match(r"\.deps/([^/]+)\.whl/", name) for name in pex.namelist())
        return {match[1] for match in found if match}


def _write_program(monorepo: Monorepo) -> None:
    monorepo.write("plain/program.py", PROGRAM)
    monorepo.write(
        "plain/BUILD",
        "python_tests()\npython_source(name='program', source='program.py')\n"
        "pex_binary(name='here', entry_point='program.py')\n"
        f"pex_binary(name='mac', entry_point='program.py', platforms=['{MAC}'])\n",
    )


def test_a_binary_holds_its_slice_and_runs(monorepo: Monorepo) -> None:
    _write_program(monorepo)
    result = monorepo.pants("package", "plain:")
    assert result.exit_code == 0, result.output
    assert _wheels(monorepo, "dist/plain/here.pex") == {"six-1.17.0-py2.py3-none-any"}
    assert _wheels(monorepo, "dist/plain/mac.pex") == {"six-1.17.0-py2.py3-none-any"}
    run = subprocess.run([str(monorepo.path("dist/plain/here.pex"))], stdout=subprocess.PIPE)
    assert run.stdout == b"1.17.0\n"


def test_every_goal_refuses_a_flipped_hash(monorepo: Monorepo) -> None:
    _write_program(monorepo)
    entry = re.search(r"^six==1\.17\.0 \\\n(?:    --hash=.*\n)+", monorepo.read(LOCK), re.M)
    assert entry is not None
    flipped = re.sub(r"sha256:.", "sha256:e", entry[0])
    monorepo.write(LOCK, monorepo.read(LOCK).replace(entry[0], flipped))
    for goal, target in [
        ("package", "plain:here"),
        ("package", "plain:mac"),
        ("run", "plain:here"),
        ("repl", "plain/program.py"),
        ("test", "text/six_test.py"),
    ]:
        failed = monorepo.pants(goal, target)
        assert failed.exit_code == 1, (goal, target, failed.output)
        assert "six==1.17.0" in failed.output
        assert "sha256:e" in failed.output or "sha256 e" in failed.output  # expected
        assert "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274" in failed.output
