"""What is said of the setup, interpreters and options, word by word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockstep.doctor.checks import configuration, interpreters, setup
from lockstep.doctor.checks.conftest import told
from lockstep.doctor.checks.configuration import ConfigFacts, ConfigFile
from lockstep.doctor.checks.finding import Level, exit_code, fault, ok, warning
from lockstep.doctor.checks.interpreters import Interpreter, InterpreterFacts, Need
from lockstep.doctor.checks.setup import SetupFacts


def test_only_a_fault_makes_the_exit_code_one() -> None:
    assert exit_code([ok("a", "A."), warning("a", "A.", "B.")]) == 0
    assert exit_code([ok("a", "A."), fault("a", "A.", "B.")]) == 1


# --- Setup ----------------------------------------------------------------------------------------

WHOLE = SetupFacts(True, ("sha256sum",), (), "/c/key", True)
MENDS = "`./pants doctor --fix` sets Pants up anew."


@pytest.mark.parametrize(
    "facts,expected",
    [
        (WHOLE, ["ok: The setup in /c/key is whole."]),
        (
            replace(WHOLE, exists=False),
            [
                "warning: Pants is not set up in /c/key yet. Any call of `./pants` does that, such"
                " as `./pants --version`."
            ],
        ),
        (
            replace(WHOLE, exists=False, building=True),
            ["ok: Another call is setting up Pants in /c/key."],
        ),
        (
            replace(WHOLE, missing=("env.sh", "uv")),
            [f"fault: The setup in /c/key is damaged: env.sh, uv are missing. {MENDS}"],
        ),
        (
            replace(WHOLE, moved=True, built_for="/old/key"),
            [
                "fault: The setup in /c/key is damaged: it was made for /old/key and cannot be"
                f" moved. {MENDS}"
            ],
        ),
        (
            replace(WHOLE, silent=(("pants/bin/python", "/gone/python3.9"),)),
            [
                "fault: The setup in /c/key is damaged: pants/bin/python does not start, it leads to"
                f" /gone/python3.9. {MENDS}"
            ],
        ),
        (
            replace(WHOLE, changed=("uv", "pants/a.py", "pants/b.py", "pants/c.py")),
            [
                "fault: The setup in /c/key is damaged: uv, pants/a.py, pants/b.py and 1 more are"
                f" not as installed. {MENDS}"
            ],
        ),
        (
            replace(WHOLE, leftovers=("/c/.key.1.tmp",)),
            [
                "ok: The setup in /c/key is whole.",
                "warning: 1 unfinished setup was left by killed calls (/c/.key.1.tmp). `./pants"
                " doctor --fix` removes them.",
            ],
        ),
        (
            replace(WHOLE, home=False, hashers=(), folder="", missing_sources=("b/bootstrap.py",)),
            [
                "fault: HOME is not set and the password database does not tell it. Set HOME.",
                "fault: There is no sha256sum, openssl or shasum on PATH. Install one of them.",
                "fault: b/bootstrap.py is missing, which `./pants` is set up from. Restore it from"
                " version control.",
            ],
        ),
    ],
)
def test_setup(facts: SetupFacts, expected: list[str]) -> None:
    assert told(setup.check(facts)) == expected


# --- Interpreters ---------------------------------------------------------------------------------

OLD = Interpreter("/p/python3.9", "CPython", (3, 9, 18))
NEW = Interpreter("/p/python3.11", "CPython", (3, 11, 7))
NEED = Need("python-default", ("CPython==3.11.*",), True)
FOUND = InterpreterFacts((NEW, OLD), "", False, False, (NEED,))
RUNS = (
    "ok: The resolve `python-default` (`CPython==3.11.*`) can run on CPython 3.11.7"
    " (/p/python3.11)."
)


@pytest.mark.parametrize(
    "facts,expected",
    [
        (FOUND, ["ok: Pants can run on CPython 3.9.18 (/p/python3.9).", RUNS]),
        (
            replace(FOUND, found=(NEW, replace(OLD, for_launcher=False))),
            [
                "fault: Pants itself needs a CPython 3.9, and none was found. Run `pyenv install"
                " 3.9` or `uv python install 3.9`, or set LOCKSTEP_PYTHON to one.",
                RUNS,
            ],
        ),
        (
            replace(FOUND, found=(NEW,), set_up=True),
            ["ok: Pants runs on the CPython 3.9 that it was set up with.", RUNS],
        ),
        (
            replace(FOUND, named="/p/python3"),
            [
                "fault: LOCKSTEP_PYTHON is /p/python3, which is not a working CPython 3.9. Set it"
                " to a CPython 3.9, or unset it to let one be looked for.",
                RUNS,
            ],
        ),
        (
            replace(FOUND, named="/p/python3", named_answers=True),
            ["ok: Pants is set up with /p/python3, a CPython 3.9.", RUNS],
        ),
    ],
)
def test_interpreters(facts: InterpreterFacts, expected: list[str]) -> None:
    assert told(interpreters.check(facts)) == expected


@pytest.mark.parametrize(
    "need,unknown,expected",
    [
        (
            NEED,
            (),
            "fault: No interpreter for `CPython==3.11.*` of the resolve `python-default` was found."
            " Install one, such as with `pyenv install`, or name its folder in"
            " `[python-bootstrap].search_path`.",
        ),
        (
            Need("tools", ("CPython==3.8.*", "CPython==3.7.*"), False),
            (),
            "warning: No interpreter for `CPython==3.8.*` or `CPython==3.7.*` of the resolve"
            " `tools` was found. Install one, such as with `pyenv install`, or name its folder in"
            " `[python-bootstrap].search_path`.",
        ),
        (
            NEED,
            ("<ASDF_LOCAL>",),
            "not checked: No interpreter for `CPython==3.11.*` of the resolve `python-default` was"
            " found. Look in `<ASDF_LOCAL>` yourself, where the doctor does not.",
        ),
        (
            Need("odd", ("Jython>=2",), False),
            (),
            "not checked: The resolve `odd` asks for `Jython>=2`, and the doctor cannot read"
            " `Jython>=2`. Let Pants look, with `./pants test` of one of its tests.",
        ),
    ],
)
def test_interpreters_of_resolves(need: Need, unknown: tuple[str, ...], expected: str) -> None:
    found = (OLD, replace(NEW, for_projects=False))
    facts = InterpreterFacts(found, "", False, True, (need,), unknown)
    assert told(interpreters.check(facts))[1:] == [expected]


# --- pants.toml -----------------------------------------------------------------------------------

OPTIONS: dict[str, Any] = {
    "GLOBAL": {
        "pants_version": "2.17.1",
        "pythonpath": ["%(buildroot)s/build-support"],
        "backend_packages": ["lockstep"],
    },
    "python": {"enable_resolves": True, "resolves": {"python-default": "lock.txt"}},
}
READ = ConfigFile("pants.toml", parsed=OPTIONS)


def changed(section: str, **values: Any) -> ConfigFile:
    return replace(READ, parsed={**OPTIONS, section: {**OPTIONS[section], **values}})


@pytest.mark.parametrize(
    "file,expected",
    [
        (READ, "ok: pants.toml can be read and names Lockstep."),
        (
            changed("GLOBAL", backend_packages={"add": ["lockstep"]}),
            "ok: pants.toml can be read and names Lockstep.",
        ),
        (
            replace(READ, exists=False),
            "fault: pants.toml is missing. Restore it from version control.",
        ),
        (
            replace(READ, error="expected '=' (line 3)"),
            "fault: pants.toml cannot be read: expected '=' (line 3). Mend it, or restore it from"
            " version control.",
        ),
        (
            replace(READ, merge_conflict=4),
            "fault: pants.toml:4: git left a merge conflict there. Decide between the two sides.",
        ),
        (
            replace(READ, parsed=None, can_parse=False),
            "not checked: pants.toml is not parsed, since no parser of TOML is at hand. Set up Pants"
            " with `./pants --version`, or have a Python 3.11 on PATH.",
        ),
        (
            changed("GLOBAL", backend_packages=["pants.backend.python"]),
            "fault: pants.toml does not name Lockstep, so each test gets Pants' own environment. Add"
            ' "lockstep" to `[GLOBAL].backend_packages`.',
        ),
        (
            changed("GLOBAL", pythonpath=[]),
            "fault: pants.toml names Lockstep, and not where it is. Set `[GLOBAL].pythonpath ="
            ' ["%(buildroot)s/build-support"]`.',
        ),
        (
            changed("GLOBAL", pants_version="2.18.0"),
            "fault: pants.toml asks for Pants 2.18.0, and the setup installs 2.17.1. Set"
            ' `[GLOBAL].pants_version = "2.17.1"`.',
        ),
        (
            changed("python", enable_resolves=False),
            "fault: Resolves are not enabled, and slices are cut from the lock of a resolve. Set"
            " `[python].enable_resolves = true`.",
        ),
        (
            changed("python", default_resolve="main"),
            "fault: The default resolve `main` has no lock. Set `[python.resolves].main ="
            ' "3rdparty/python/lock.txt"`.',
        ),
    ],
)
def test_configuration(file: ConfigFile, expected: str) -> None:
    assert told(configuration.check(ConfigFacts(file, pinned="2.17.1"))) == [expected]


def test_missing_locks_and_other_files() -> None:
    broken = ConfigFile("~/.pants.rc", error="invalid value (line 1)")
    missing = (("python-default", "lock.txt"), ("tools", "tools.txt"))
    assert told(configuration.check(ConfigFacts(READ, (broken,), "2.17.1", missing))) == [
        "fault: ~/.pants.rc cannot be read: invalid value (line 1). Mend it, or restore it from"
        " version control.",
        "fault: The lock lock.txt of the resolve `python-default` is missing. Restore it from version"
        " control, or run `./pants lock --resolve=python-default`.",
        "warning: The lock tools.txt of the resolve `tools` is missing. Restore it from version"
        " control, or run `./pants lock --resolve=tools`.",
    ]


@pytest.mark.parametrize("odd", [{}, {"GLOBAL": 1, "python": []}, {"python": {"resolves": "x"}}])
def test_options_of_any_shape_are_told_of(odd: dict[str, Any]) -> None:
    facts = ConfigFacts(replace(READ, parsed=odd), pinned="2.17.1")
    assert {finding.level for finding in configuration.check(facts)} == {Level.FAULT}
