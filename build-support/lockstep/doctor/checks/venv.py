"""The environment for editors, `.venv` at the build root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from lockstep.doctor.checks.finding import Finding, Fix, Repair, fault, ok, warning

ABOUT = ".venv"
_EXPORT = "Run `./pants export`."


@dataclass(frozen=True)
class VenvFacts:
    """What stands at `.venv`.

    Attributes:
        path: where that is.
        kind: `missing`, `link`, `folder` or `file`.
        leads_to: where a link leads to.
        there: whether something is there.
        in_store: whether that is a place of the store of environments.
        interpreter: the program that its `bin/python` leads to in the end.
        interpreter_there: whether that is there.
    """

    path: str
    kind: str
    leads_to: str = ""
    there: bool = False
    in_store: bool = False
    interpreter: str = ""
    interpreter_there: bool = True


def check(facts: VenvFacts) -> Iterator[Finding]:
    """Whether editors find an environment there, and `export` may put one."""
    if facts.kind == "missing":
        yield ok(ABOUT, f"There is no {facts.path} yet; `./pants export` makes it.")
    elif facts.kind == "file":
        yield fault(
            ABOUT,
            f"{facts.path} is a file, and `./pants export` puts an environment there.",
            "Move it away if you need it, or delete it.",
        )
    elif facts.kind == "folder":
        yield warning(
            ABOUT,
            f"{facts.path} is a folder that somebody made, so `./pants export` leaves it alone.",
            "Move it away if you need it, or delete it, then run `./pants export`.",
        )
    elif not facts.there:
        fixes = [Fix(Repair.REMOVE_LINK, facts.path)] if facts.in_store else []
        mend = "`./pants doctor --fix` removes the link; then run `./pants export`."
        yield fault(
            ABOUT,
            f"{facts.path} leads to {facts.leads_to}, where nothing is.",
            mend if fixes else "Delete the link, then run `./pants export`.",
            *fixes,
        )
    elif not facts.interpreter_there:
        yield fault(
            ABOUT,
            f"The interpreter of {facts.path}, {facts.interpreter}, is gone.",
            f"Install it again, or another one of its version. {_EXPORT}",
        )
    elif not facts.in_store:
        yield warning(
            ABOUT,
            f"{facts.path} leads to {facts.leads_to}, which is none of Lockstep's environments.",
            "Delete the link if you do not need it, then run `./pants export`.",
        )
    else:
        yield ok(ABOUT, f"{facts.path} leads to an environment of the store.")
