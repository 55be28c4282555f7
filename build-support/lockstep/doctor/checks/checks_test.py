"""What each check says, word by word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterable

import pytest

from lockstep.doctor.checks import configuration, daemon, interpreters, locks, machine, setup, store
from lockstep.doctor.checks import venv
from lockstep.doctor.checks.configuration import ConfigFacts, ConfigFile
from lockstep.doctor.checks.daemon import DaemonFacts
from lockstep.doctor.checks.finding import Finding, Fix, Level, Repair, exit_code, fault, ok, warning
from lockstep.doctor.checks.interpreters import Interpreter, InterpreterFacts, Need
from lockstep.doctor.checks.locks import LockFacts
from lockstep.doctor.checks.machine import GIB, ClockFacts, GitFacts, Place
from lockstep.doctor.checks.setup import SetupFacts
from lockstep.doctor.checks.store import Entry, StoreFacts
from lockstep.doctor.checks.venv import VenvFacts


def told(findings: Iterable[Finding]) -> list[str]:
    """Each finding as one text."""
    return [f"{f.level.value}: {f.text}{' ' if f.mend else ''}{f.mend}" for f in findings]


def test_only_a_fault_makes_the_exit_code_one() -> None:
    assert exit_code([ok("a", "A."), warning("a", "A.", "B.")]) == 0
    assert exit_code([ok("a", "A."), fault("a", "A.", "B.")]) == 1


# --- git -----------------------------------------------------------------------------------------

GIT = GitFacts("/usr/bin/git", "git version 2.39.5", True, commits=7)


@pytest.mark.parametrize(
    "facts,expected",
    [
        (GIT, ["ok: git 2.39 knows 7 commits of the checkout."]),
        (
            GitFacts(None),
            ["fault: git is not on PATH, and it tells what changed. Install git."],
        ),
        (
            replace(GIT, version="what?"),
            [
                "fault: /usr/bin/git does not tell its version. See what `git --version` says, and"
                " install git anew."
            ],
        ),
        (
            replace(GIT, version="git version 2.9.0"),
            [
                "warning: git is of version 2.9, and `--changed-since` needs 2.30. Update git.",
                "ok: git 2.9 knows 7 commits of the checkout.",
            ],
        ),
        (
            replace(GIT, inside=False),
            [
                "warning: /r is in no git repository, so `--changed-since` cannot tell what"
                " changed. Clone the repository, or run `git init` and commit."
            ],
        ),
        (
            replace(GIT, inside=False, problem="fatal: detected dubious ownership in /r"),
            [
                "fault: git refuses to read /r, which another user owns. Run `git config --global"
                " --add safe.directory '/r'` if you trust it."
            ],
        ),
        (
            replace(GIT, shallow=True, commits=1),
            [
                "warning: The clone is shallow, 1 deep: `--changed-since` fails where the base lies"
                " deeper. Run `git fetch --unshallow`, or fetch more commits."
            ],
        ),
    ],
)
def test_git(facts: GitFacts, expected: list[str]) -> None:
    assert told(machine.git(facts, "/r")) == expected


# --- Disk ----------------------------------------------------------------------------------------

CACHE = Place(
    "Lockstep's setup", "/c", "Set LOCKSTEP_CACHE to a folder elsewhere", 1, 90 * GIB, 10**6,
    holds_programs=True,
)  # fmt: skip


@pytest.mark.parametrize(
    "place,expected",
    [
        (CACHE, ["ok: 90.0 GiB are free for Lockstep's setup in /c."]),
        (
            replace(CACHE, free_bytes=3 * GIB),
            [
                "warning: Only 3.0 GiB are free for Lockstep's setup in /c. Free some space. Set"
                " LOCKSTEP_CACHE to a folder elsewhere."
            ],
        ),
        (
            replace(CACHE, free_bytes=GIB // 2, elsewhere=""),
            [
                "fault: Only 0.5 GiB are free for Lockstep's setup in /c. Free some space."
            ],
        ),
        (
            replace(CACHE, free_files=10),
            [
                "fault: Only 10 more files fit beside Lockstep's setup in /c (inodes). Delete some"
                " files. Set LOCKSTEP_CACHE to a folder elsewhere."
            ],
        ),
        (
            replace(CACHE, free_files=50_000, elsewhere=""),
            [
                "warning: Only 50000 more files fit beside Lockstep's setup in /c (inodes). Delete"
                " some files."
            ],
        ),
        (
            replace(CACHE, free_files=None),
            ["ok: 90.0 GiB are free for Lockstep's setup in /c."],
        ),
        (
            replace(CACHE, writable=False),
            [
                "fault: /c cannot be written to: Lockstep's setup is kept there. Give yourself the"
                " right to. Set LOCKSTEP_CACHE to a folder elsewhere.",
                "ok: 90.0 GiB are free for Lockstep's setup in /c.",
            ],
        ),
        (
            replace(CACHE, executable=False),
            [
                "fault: No program can be started from /c (`noexec`), where Lockstep's setup is"
                " kept. Set LOCKSTEP_CACHE to a folder elsewhere.",
                "ok: 90.0 GiB are free for Lockstep's setup in /c.",
            ],
        ),
        (
            replace(CACHE, executable=False, holds_programs=False),
            ["ok: 90.0 GiB are free for Lockstep's setup in /c."],
        ),
        (
            replace(CACHE, name="what PEX and uv cache", path="/a b", elsewhere="Set X"),
            [
                "fault: /a b, where what PEX and uv cache is kept, has a blank in it, and PEX"
                " cannot run there. Set X.",
                "ok: 90.0 GiB are free for what PEX and uv cache in /a b.",
            ],
        ),
    ],
)
def test_disk(place: Place, expected: list[str]) -> None:
    assert told(machine.disk([place])) == expected


def test_a_file_system_is_told_of_once() -> None:
    other = replace(CACHE, name="Pants' store", path="/p", device=2, free_bytes=GIB * 8)
    assert told(machine.disk([CACHE, replace(CACHE, path="/c/2"), other])) == [
        "ok: 90.0 GiB are free for Lockstep's setup in /c.",
        "ok: 8.0 GiB are free for Pants' store in /p.",
    ]


# --- Clock ---------------------------------------------------------------------------------------

SET_CLOCK = (
    "Set the clock, such as with `timedatectl set-ntp true`, or that of the host machine."
)


@pytest.mark.parametrize(
    "facts,expected",
    [
        (
            ClockFacts(1000.0, ("pants", 900.0), 800.0),
            "ok: The clock is not behind the files and commits of the checkout.",
        ),
        (
            ClockFacts(1000.0, ("pants", 1200.0), 1300.0),
            "ok: The clock is not behind the files and commits of the checkout.",
        ),
        (
            ClockFacts(1000.0, ("pants", 1000.0), 1000.0 + 7200),
            f"warning: HEAD was committed 2 hours from now. {SET_CLOCK}",
        ),
        (
            ClockFacts(1000.0, ("pants", 1000.0 + 86400), None),
            f"warning: pants was changed 1 day from now. {SET_CLOCK}",
        ),
        (
            ClockFacts(1000.0, ("pants", 9e9), 9e9, (("index.example", 2.0),)),
            "ok: The clock agrees with that of index.example.",
        ),
        (
            ClockFacts(1000.0, None, None, (("a.example", 1.0), ("index.example", -420.0))),
            f"warning: The clock is 7 minutes behind that of index.example. {SET_CLOCK}",
        ),
        (
            ClockFacts(1000.0, None, None, (("index.example", 90_000.0),)),
            f"fault: The clock is 1 day ahead of that of index.example. {SET_CLOCK}",
        ),
    ],
)
def test_clock(facts: ClockFacts, expected: str) -> None:
    assert told(machine.clock(facts)) == [expected]


# --- Interpreters --------------------------------------------------------------------------------

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
            ("<ASDF>",),
            "not checked: No interpreter for `CPython==3.11.*` of the resolve `python-default` was"
            " found. Look in `<ASDF>` yourself, where the doctor does not.",
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


# --- Setup ---------------------------------------------------------------------------------------

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


# --- pants.toml ----------------------------------------------------------------------------------

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


# --- Locks ---------------------------------------------------------------------------------------

LOCK = LockFacts("python-default", "lock.txt", None, 40, graph="lock.graph.json")


@pytest.mark.parametrize(
    "found,reader,expected",
    [
        ([], "", []),
        (
            [LOCK],
            "",
            [
                "ok: 1 lock with 40 pins can be read; `./pants lock --check` tells whether their"
                " inputs agree."
            ],
        ),
        (
            [LOCK, replace(LOCK, of_lockstep=False, path="other.txt", resolve="other")],
            "",
            [
                "warning: other.txt was not written by Lockstep, so nothing binds it to its inputs."
                " Run `./pants lock --resolve=other`.",
                "ok: 2 locks with 80 pins can be read; `./pants lock --check` tells whether their"
                " inputs agree.",
            ],
        ),
        (
            [replace(LOCK, merge_conflict=7)],
            "",
            [
                "fault: lock.txt:7: git left a merge conflict there. Take either side, then run"
                " `./pants lock --resolve=python-default`."
            ],
        ),
        (
            [replace(LOCK, error=("lock.txt:1: the lock holds no pin.", "Restore it."))],
            "",
            ["fault: lock.txt:1: the lock holds no pin. Restore it."],
        ),
        (
            [replace(LOCK, pins=None)],
            "No module named 'packaging'",
            [
                "not checked: Locks were only looked at for merge conflicts, since their reader needs"
                " more than Python alone (No module named 'packaging'). Set up Pants with `./pants"
                " --version`."
            ],
        ),
    ],
)
def test_locks(found: list[LockFacts], reader: str, expected: list[str]) -> None:
    assert told(locks.check(found, reader)) == expected


# --- .venv ---------------------------------------------------------------------------------------

LINK = VenvFacts(".venv", "link", "~/.cache/lockstep/environments/k", True, True, "/p/python3.11")


@pytest.mark.parametrize(
    "facts,expected",
    [
        (LINK, "ok: .venv leads to an environment of the store."),
        (
            VenvFacts(".venv", "missing"),
            "ok: There is no .venv yet; `./pants export` makes it.",
        ),
        (
            VenvFacts(".venv", "file"),
            "fault: .venv is a file, and `./pants export` puts an environment there. Move it away if"
            " you need it, or delete it.",
        ),
        (
            VenvFacts(".venv", "folder"),
            "warning: .venv is a folder that somebody made, so `./pants export` leaves it alone."
            " Move it away if you need it, or delete it, then run `./pants export`.",
        ),
        (
            replace(LINK, there=False),
            "fault: .venv leads to ~/.cache/lockstep/environments/k, where nothing is. `./pants"
            " doctor --fix` removes the link; then run `./pants export`.",
        ),
        (
            replace(LINK, there=False, in_store=False, leads_to="/mine"),
            "fault: .venv leads to /mine, where nothing is. Delete the link, then run `./pants"
            " export`.",
        ),
        (
            replace(LINK, interpreter_there=False),
            "fault: The interpreter of .venv, /p/python3.11, is gone. Install it again, or another"
            " one of its version. Run `./pants export`.",
        ),
        (
            replace(LINK, in_store=False, leads_to="/mine"),
            "warning: .venv leads to /mine, which is none of Lockstep's environments. Delete the"
            " link if you do not need it, then run `./pants export`.",
        ),
    ],
)
def test_venv(facts: VenvFacts, expected: str) -> None:
    assert told(venv.check(facts)) == [expected]


def test_only_a_link_into_the_store_is_removed() -> None:
    (ours,) = venv.check(replace(LINK, there=False))
    (theirs,) = venv.check(replace(LINK, there=False, in_store=False))
    assert (ours.fixes, theirs.fixes) == ((Fix(Repair.REMOVE_LINK, ".venv"),), ())


# --- The daemon ----------------------------------------------------------------------------------

DAEMON = DaemonFacts("/r/.pids/h/pantsd", True, 7, True, "pantsd [/r]", "pantsd [/r]", answers=True)
REMOVES = "`./pants doctor --fix` removes them."


@pytest.mark.parametrize(
    "facts,expected",
    [
        (DAEMON, "ok: The daemon, process 7, answers."),
        (replace(DAEMON, name=None), "ok: The daemon, process 7, answers."),
        (
            replace(DAEMON, pid=None),
            f"warning: The files in /r/.pids/h/pantsd name no process. {REMOVES}",
        ),
        (
            replace(DAEMON, alive=False),
            "warning: The daemon's files in /r/.pids/h/pantsd name process 7, which is gone."
            f" {REMOVES}",
        ),
        (
            replace(DAEMON, name="vi notes"),
            "warning: The daemon's files in /r/.pids/h/pantsd name process 7, which is another"
            f" program. {REMOVES}",
        ),
        (
            replace(DAEMON, stopped=True),
            "fault: The daemon, process 7, is held and answers nobody. Let it go on with `kill -CONT"
            " 7`, or end it with `kill -9 7`.",
        ),
        (
            replace(DAEMON, answers=False),
            "fault: The daemon, process 7, does not answer. End it with `kill -9 7`; the next call"
            " starts another.",
        ),
        (
            replace(DAEMON, here=False, alive=False),
            "ok: The files in /r/.pids/h/pantsd are of another machine's daemon, or host name.",
        ),
        (
            replace(DAEMON, here=False),
            "warning: A daemon, process 7, was started under another host name or kernel, so Pants"
            " does not find it. End it with `kill 7`.",
        ),
        (
            replace(DAEMON, setup="/c/old", setup_there=False),
            "warning: The daemon, process 7, runs from /c/old, which is gone. End it with `kill 7`;"
            " the next call starts another.",
        ),
    ],
)
def test_daemon(facts: DaemonFacts, expected: str) -> None:
    assert told(daemon.check([facts])) == [expected]


def test_no_daemon() -> None:
    assert told(daemon.check([])) == ["ok: No daemon of Pants runs for this checkout."]


# --- The store -----------------------------------------------------------------------------------

ENTRY = Entry("/c/k", "~/c/k")
STORE = StoreFacts("~/c", (ENTRY,), 300 << 20)


@pytest.mark.parametrize(
    "facts,expected",
    [
        (STORE, ["ok: 1 environment is whole in ~/c, 300 MiB."]),
        (
            replace(STORE, entries=(ENTRY, ENTRY), size=3 << 30),
            ["ok: 2 environments are whole in ~/c, 3.0 GiB."],
        ),
        (StoreFacts("~/c"), ["ok: There is no environment in ~/c yet."]),
        (
            replace(STORE, entries=(ENTRY, replace(ENTRY, wrong="a.py is missing"))),
            [
                "warning: The environment ~/c/k is damaged: a.py is missing. `./pants doctor --fix`"
                " removes it, and whoever needs it makes it anew."
            ],
        ),
        (
            replace(STORE, entries=(replace(ENTRY, wrong="a.py is missing", is_venv=True),)),
            [
                "fault: The environment that .venv leads to is damaged: a.py is missing. Run"
                " `./pants export`, which makes it anew."
            ],
        ),
        (
            replace(STORE, entries=(replace(ENTRY, wrong="a.py is missing", is_linked=True),)),
            [
                "warning: The environment ~/c/k is damaged: a.py is missing. Run `./pants export` in"
                " the checkout that uses it."
            ],
        ),
        (
            replace(STORE, leftovers=("/c/.k.1.aside", "/c/.k.2.aside")),
            [
                "warning: 2 unfinished environments were left by killed calls in ~/c. `./pants"
                " doctor --fix` removes them; so does the next call that makes one.",
                "ok: 1 environment is whole in ~/c, 300 MiB.",
            ],
        ),
        (
            StoreFacts("~/c", reader="No module named 'packaging'"),
            [
                "not checked: Environments in ~/c were not looked at, since that needs more than"
                " Python alone (No module named 'packaging'). Set up Pants with `./pants"
                " --version`."
            ],
        ),
    ],
)
def test_store(facts: StoreFacts, expected: list[str]) -> None:
    assert told(store.check(facts)) == expected


def test_only_an_environment_that_no_link_leads_to_is_removed() -> None:
    damaged = replace(ENTRY, wrong="x")
    entries = (damaged, replace(damaged, is_venv=True), replace(damaged, is_linked=True))
    found = [finding.fixes for finding in store.check(StoreFacts("~/c", entries))]
    assert found == [(Fix(Repair.REMOVE_ENTRY, "/c/k"),), (), ()]
