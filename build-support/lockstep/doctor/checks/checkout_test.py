"""What is said of locks, environments and the daemon, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockstep.doctor.checks import daemon, locks, store, venv
from lockstep.doctor.checks.conftest import told
from lockstep.doctor.checks.daemon import DaemonFacts
from lockstep.doctor.checks.finding import Fix, Repair
from lockstep.doctor.checks.locks import LockFacts
from lockstep.doctor.checks.store import Entry, StoreFacts
from lockstep.doctor.checks.venv import VenvFacts

# --- Locks ----------------------------------------------------------------------------------------

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


# --- .venv ----------------------------------------------------------------------------------------

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


# --- The store ------------------------------------------------------------------------------------

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
            StoreFacts("~/c", reader="it needs more", reader_mend="Set HOME."),
            ["not checked: Environments in ~/c were not looked at: it needs more. Set HOME."],
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


# --- The daemon -----------------------------------------------------------------------------------

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
