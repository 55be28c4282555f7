"""Whether there are the Pythons that Pants and the projects run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Sequence

from lockstep.doctor.checks.constraints import allows
from lockstep.doctor.checks.finding import Finding, fault, ok, unchecked, warning

ABOUT = "interpreters"


@dataclass(frozen=True)
class Interpreter:
    """A Python that answered.

    Attributes:
        path: what was started.
        implementation: such as `CPython`.
        version: major, minor and patch.
        for_launcher: whether the launcher looks where it was found.
        for_projects: whether Pants looks there, by `[python-bootstrap].search_path`.
    """

    path: str
    implementation: str
    version: tuple[int, int, int]
    for_launcher: bool = True
    for_projects: bool = True

    @property
    def runs_pants(self) -> bool:
        return self.implementation == "CPython" and self.version[:2] == (3, 9)

    def __str__(self) -> str:
        return f"{self.implementation} {'.'.join(map(str, self.version))} ({self.path})"


@dataclass(frozen=True)
class Need:
    """What a resolve asks of an interpreter: any one of its constraints."""

    resolve: str
    constraints: tuple[str, ...]
    is_default: bool


@dataclass(frozen=True)
class InterpreterFacts:
    """What was found.

    Attributes:
        found: every interpreter that answered.
        named: the value of LOCKSTEP_PYTHON, empty where it is not set.
        named_answers: whether that one is a CPython 3.9.
        set_up: whether Pants has been set up already, and with it its interpreter.
        needs: the resolves of `pants.toml`.
        unknown: entries of `[python-bootstrap].search_path` that the doctor cannot follow.
    """

    found: tuple[Interpreter, ...]
    named: str
    named_answers: bool
    set_up: bool
    needs: tuple[Need, ...]
    unknown: tuple[str, ...] = ()


def check(facts: InterpreterFacts) -> Iterator[Finding]:
    """The interpreter of Pants, then those of the resolves."""
    yield _of_pants(facts)
    usable = [found for found in facts.found if found.for_projects]
    for need in facts.needs:
        yield _of_resolve(need, usable, facts.unknown)


def _of_pants(facts: InterpreterFacts) -> Finding:
    if facts.named and not facts.named_answers:
        return fault(
            ABOUT,
            f"LOCKSTEP_PYTHON is {facts.named}, which is not a working CPython 3.9.",
            "Set it to a CPython 3.9, or unset it to let one be looked for.",
        )
    if facts.named:
        return ok(ABOUT, f"Pants is set up with {facts.named}, a CPython 3.9.")
    fitting = [one for one in facts.found if one.runs_pants and one.for_launcher]
    if fitting:
        return ok(ABOUT, f"Pants can run on {fitting[0]}.")
    if facts.set_up:
        return ok(ABOUT, "Pants runs on the CPython 3.9 that it was set up with.")
    return fault(
        ABOUT,
        "Pants itself needs a CPython 3.9, and none was found.",
        "Run `pyenv install 3.9` or `uv python install 3.9`, or set LOCKSTEP_PYTHON to one.",
    )


def _of_resolve(need: Need, usable: Sequence[Interpreter], unknown: Sequence[str]) -> Finding:
    wanted = " or ".join(f"`{constraint}`" for constraint in need.constraints)
    try:
        fitting = [
            interpreter
            for interpreter in usable
            for constraint in need.constraints
            if allows(constraint, interpreter.implementation, interpreter.version)
        ]
    except ValueError as error:
        return unchecked(
            ABOUT,
            f"The resolve `{need.resolve}` asks for {wanted}, and the doctor cannot read `{error}`.",
            "Let Pants look, with `./pants test` of one of its tests.",
        )
    if fitting:
        return ok(ABOUT, f"The resolve `{need.resolve}` ({wanted}) can run on {fitting[0]}.")
    text = f"No interpreter for {wanted} of the resolve `{need.resolve}` was found."
    if unknown:
        places = ", ".join(f"`{entry}`" for entry in unknown)
        return unchecked(ABOUT, text, f"Look in {places} yourself, where the doctor does not.")
    mend = (
        "Install one, such as with `pyenv install`, or name its folder in"
        " `[python-bootstrap].search_path`."
    )
    return fault(ABOUT, text, mend) if need.is_default else warning(ABOUT, text, mend)
