"""The launcher's setup: what `./pants` is made of, outside of the work tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from lockstep.doctor.checks.finding import Finding, Fix, Repair, fault, ok, warning

PARTS = ("env.sh", "native_client", "pants-server", "pex", "pex-base", "uv")
PYTHONS = ("pants/bin/python", "tools/bin/python")


@dataclass(frozen=True)
class SetupFacts:
    """What there is of the setup.

    Attributes:
        home: whether HOME, or the password database, tells a home.
        hashers: programs for SHA-256 that are on PATH.
        missing_sources: files of `build-support/bootstrap` that are not there.
        folder: where the setup belongs.
        exists: whether there is anything.
        missing: parts that are not there.
        built_for: the place that `env.sh` names.
        moved: whether that is another one.
        silent: interpreters in it that do not start, with what they lead to.
        changed: files that are not as they were installed.
        leftovers: folders of builds that were killed.
        building: whether another call is setting it up right now.
    """

    home: bool
    hashers: tuple[str, ...]
    missing_sources: tuple[str, ...]
    folder: str
    exists: bool
    missing: tuple[str, ...] = ()
    built_for: str = ""
    moved: bool = False
    silent: tuple[tuple[str, str], ...] = ()
    changed: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    building: bool = False

    @property
    def is_whole(self) -> bool:
        return self.exists and not (self.missing or self.moved or self.silent or self.changed)


def check(facts: SetupFacts) -> Iterator[Finding]:
    """Whether `./pants` can start."""
    if not facts.home:
        yield fault(
            "setup", "HOME is not set and the password database does not tell it.", "Set HOME."
        )
    if not facts.hashers:
        yield fault(
            "setup",
            "There is no sha256sum, openssl or shasum on PATH.",
            "Install one of them.",
        )
    if facts.missing_sources:
        yield fault(
            "setup",
            f"{_listed(facts.missing_sources)} {_is(facts.missing_sources)} missing, which"
            " `./pants` is set up from.",
            "Restore it from version control.",
        )
    if facts.folder:
        yield _of_folder(facts)
    if facts.leftovers:
        yield warning(
            "setup",
            f"{len(facts.leftovers)} unfinished"
            f" {'setup was' if len(facts.leftovers) == 1 else 'setups were'} left by killed calls"
            f" ({_listed(facts.leftovers)}).",
            "`./pants doctor --fix` removes them.",
            *(Fix(Repair.REMOVE_LEFTOVER, path) for path in facts.leftovers),
        )


def _of_folder(facts: SetupFacts) -> Finding:
    if facts.building:
        return ok("setup", f"Another call is setting up Pants in {facts.folder}.")
    if not facts.exists:
        return warning(
            "setup",
            f"Pants is not set up in {facts.folder} yet.",
            "Any call of `./pants` does that, such as `./pants --version`.",
        )
    why = ""
    if facts.missing:
        why = f"{_listed(facts.missing)} {_is(facts.missing)} missing"
    elif facts.moved:
        why = f"it was made for {facts.built_for} and cannot be moved"
    elif facts.silent:
        path, leads_to = facts.silent[0]
        why = f"{path} does not start" + (f", it leads to {leads_to}" if leads_to else "")
    elif facts.changed:
        why = f"{_listed(facts.changed)} {_is(facts.changed)} not as installed"
    else:
        return ok("setup", f"The setup in {facts.folder} is whole.")
    return fault(
        "setup",
        f"The setup in {facts.folder} is damaged: {why}.",
        "`./pants doctor --fix` sets Pants up anew.",
        Fix(Repair.SET_UP, facts.folder),
    )


def _listed(names: tuple[str, ...]) -> str:
    """Up to three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
