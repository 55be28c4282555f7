"""Looks at everything, one check after the other, so that one that fails keeps no other back."""

from __future__ import annotations

import sys
from typing import Callable, Iterable, Iterator, List, Tuple

from lockstep.core.unexpected import REPORT
from lockstep.doctor.checks import configuration, daemon, editors, index, interpreters, locks
from lockstep.doctor.checks import machine, setup, store, venv
from lockstep.doctor.checks.finding import Finding, ok, unchecked
from lockstep.doctor.facts.configuration import config_facts, lock_facts
from lockstep.doctor.facts.context import Context
from lockstep.doctor.facts.daemon import daemon_facts
from lockstep.doctor.facts.editors import record_damaged, settings_files
from lockstep.doctor.facts.index_settings import index_settings
from lockstep.doctor.facts.interpreters import interpreter_facts
from lockstep.doctor.facts.machine import clock_facts, git_facts, places
from lockstep.doctor.facts.probe import ask_all
from lockstep.doctor.facts.setup import setup_facts
from lockstep.doctor.facts.store import store_facts
from lockstep.doctor.facts.venv import venv_facts


def examine(context: Context) -> List[Finding]:
    """All findings, in the order that faults follow from each other."""
    return list(_Examination(context).findings())


class _Examination:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.set_up = False
        self.main = configuration.ConfigFile("pants.toml", exists=False)
        self.clocks: List[Tuple[str, float]] = []

    def findings(self) -> Iterator[Finding]:
        checks: Tuple[Tuple[str, Callable[[], Iterable[Finding]]], ...] = (
            ("setup", self.setup),
            (configuration.ABOUT, self.configuration),
            (interpreters.ABOUT, self.interpreters),
            ("git", lambda: machine.git(git_facts(self.context), str(self.context.root))),
            ("disk", lambda: machine.disk(list(places(self.context)))),
            (index.ABOUT, self.index),
            ("clock", lambda: machine.clock(clock_facts(self.context, self.clocks))),
            (locks.ABOUT, lambda: locks.check(*lock_facts(self.context, self.main))),
            (venv.ABOUT, lambda: venv.check(venv_facts(self.context))),
            (editors.ABOUT, self.editors),
            (store.ABOUT, lambda: store.check(store_facts(self.context))),
            (daemon.ABOUT, lambda: daemon.check(list(daemon_facts(self.context)))),
        )
        for about, check in checks:
            try:
                yield from list(check())
            except Exception as error:
                yield _failed(about, error)

    def setup(self) -> Iterator[Finding]:
        facts = setup_facts(self.context)
        self.set_up = facts.is_whole
        return setup.check(facts)

    def configuration(self) -> Iterator[Finding]:
        facts = config_facts(self.context)
        self.main = facts.main
        return configuration.check(facts)

    def editors(self) -> Iterator[Finding]:
        return editors.check(settings_files(self.context), record_damaged(self.context))

    def interpreters(self) -> Iterator[Finding]:
        facts = interpreter_facts(self.context, self.main.parsed, self.set_up)
        yield from interpreters.check(facts)
        if self.main.parsed is None:
            text = "What the resolves run on was not looked for, since pants.toml was not read."
            yield unchecked(interpreters.ABOUT, text, "Mend pants.toml first.")

    def index(self) -> Iterator[Finding]:
        settings = index_settings(self.context)
        yield from settings.findings
        if self.context.offline:
            text = "The package index was not asked (`--offline`)."
            yield unchecked(index.ABOUT, text, "Leave out `--offline`.")
            return
        answers = ask_all(self.context, settings.questions)
        self.clocks = [(q.host, a.ahead) for q, a in answers if a.ahead is not None]
        yield from index.check(answers)
        if settings.default_unknown:
            text = "pip's default index was not asked, since no pip is at hand that tells it."
            yield unchecked(index.ABOUT, text, "Set up Pants with `./pants --version`.")
        elif not settings.questions and not settings.findings:
            yield ok(index.ABOUT, "No package index is asked, as pip is configured.")


def _failed(about: str, error: Exception) -> Finding:
    """A check that met what it was not made for."""
    at = sys.exc_info()[2]
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f" in line {at.tb_lineno} of {at.tb_frame.f_code.co_filename}" if at else ""
    text = f"This check itself failed{place}: {type(error).__name__}: {error}"
    return unchecked(about, f"{text.rstrip('.')}.", REPORT)
