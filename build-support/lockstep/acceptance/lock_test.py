"""`./pants lock` and its habits: stable, checkable, whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time

import pytest

from lockstep.acceptance.monorepo import LOCK, Monorepo

KILLS = int(os.environ.get("LOCKSTEP_KILLS", "1"))


def test_the_same_inputs_give_the_same_bytes(monorepo: Monorepo) -> None:
    lock = monorepo.read(LOCK)
    result = monorepo.pants("lock")
    assert result.exit_code == 0, result.output
    assert monorepo.read(LOCK) == lock
    pins = len(re.findall(r"^[^ #]+==", lock, re.M))
    assert f"{LOCK} holds {pins} pins, as before.\n" in result.output

    assert monorepo.pants("generate-lockfiles").exit_code == 0
    assert monorepo.read(LOCK) == lock


def test_annotations_name_the_inputs(monorepo: Monorepo) -> None:
    lock = monorepo.read(LOCK)
    assert "    # via\n    #   -r text/inputs.in\n    #   python-dateutil\n" in lock


def test_every_kind_of_input_is_read_and_named(monorepo: Monorepo) -> None:
    monorepo.write(
        "plain/BUILD",
        "python_tests()\n"
        'python_requirements(name="project", source="pyproject.toml")\n'
        'python_requirement(name="stated", requirements=["iniconfig"])\n',
    )
    monorepo.write(
        "plain/pyproject.toml",
        '[project]\nname = "plain"\nversion = "1"\ndependencies = ["pluggy>=1"]\n'
        '[project.optional-dependencies]\nmore = ["iniconfig"]\n',
    )
    result = monorepo.pants("lock")
    assert result.exit_code == 0, result.output
    lock = monorepo.read(LOCK)
    assert (
        "    # via\n    #   -r plain/BUILD\n    #   -r plain/pyproject.toml\n    #   pytest\n"
    ) in lock  # iniconfig
    assert "    # via\n    #   -r plain/pyproject.toml\n    #   pytest\n" in lock  # pluggy
    assert monorepo.pants("lock", "--check").output == f"{LOCK} fits its inputs.\n"


def test_check_is_green_for_a_comment_and_names_what_does_not_fit(monorepo: Monorepo) -> None:
    monorepo.write("text/inputs.in", "# why\nsix\nidna>=3.7  # names\n\ndocopt\n")
    green = monorepo.pants("lock", "--check")
    assert (green.exit_code, green.output) == (0, f"{LOCK} fits its inputs.\n")

    monorepo.write("text/inputs.in", "six<1\nidna>=3.7\nattrs\n")
    red = monorepo.pants("lock", "--check")
    line = 1 + next(
        number
        for number, text in enumerate(monorepo.read(LOCK).splitlines())
        if text.startswith("docopt==")
    )
    six = 1 + next(
        number
        for number, text in enumerate(monorepo.read(LOCK).splitlines())
        if text.startswith("six==")
    )
    assert red.exit_code == 1
    assert red.output.splitlines() == [
        f"text/inputs.in:1: `six<1` is satisfied by no pin (there is `six==1.17.0` in line {six})",
        "text/inputs.in:3: `attrs` is satisfied by no pin (there is none)",
        f"{LOCK}:{line}: `docopt==0.6.2` is pinned, but nothing requires it",
        "Run `./pants lock` to mend the lock.",
    ]


def test_what_an_input_cannot_state_is_refused_by_file_and_line(monorepo: Monorepo) -> None:
    monorepo.write("text/inputs.in", "six\nidna\ndocopt\n-e ../plain\n")
    result = monorepo.pants("lock")
    assert result.exit_code == 1
    assert (
        "text/inputs.in:4: `-e ../plain` is editable: a lock holds releases, and first-party code is"
        " imported live. Leave it out, and import the code from where it lies.\n"
    ) in result.output


@pytest.mark.parametrize("goal", ["lock", "generate-lockfiles"])
def test_a_kill_at_any_moment_leaves_a_whole_lock(monorepo: Monorepo, goal: str) -> None:
    old = monorepo.read(LOCK)
    monorepo.write("text/inputs.in", "six\nidna>=3.7\n")  # docopt goes, so the lock changes
    argv, environ = monorepo.command("--no-pantsd", goal)
    started = time.monotonic()
    subprocess.run(argv, cwd=monorepo.root, env=environ, check=True)
    new = monorepo.read(LOCK)
    needed = time.monotonic() - started
    assert new != old
    for kill in range(KILLS):
        monorepo.write(LOCK, old)
        process = subprocess.Popen(
            argv,
            cwd=monorepo.root,
            env=environ,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(needed * (0.5 + 0.5 * (kill + 1) / (KILLS + 1)))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert monorepo.read(LOCK) in (old, new)
