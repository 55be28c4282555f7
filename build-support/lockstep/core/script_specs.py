"""Which statement of requirements a script runs by, of the several that there may be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

CALLER = "LOCKSTEP_PY_SPEC"
"""The variable by which `./py` tells those that its script calls where the requirements stand."""


class Origin(Enum):
    """Where requirements are stated, the first that there is being the one that counts."""

    OPTION = "`--spec` names it"
    BLOCK = "the script's own block (PEP 723) states it"
    BESIDE = "it stands beside the script"
    CALLER = "the calling `./py` runs by it"
    PROJECT = "it is of the project that owns the script"


@dataclass(frozen=True)
class Spec:
    """What a script runs by.

    Attributes:
        origin: where it is stated.
        path: the file that states it; None where the project of the script does.
    """

    origin: Origin
    path: str | None = None

    @property
    def is_own(self) -> bool:
        """Whether it states all that the script itself imports, and all that those it calls need.

        A project's inputs do neither: another script may well belong to another project.
        """
        return self.path is not None


def chosen(option: str | None, block: str | None, beside: str | None, caller: str | None) -> Spec:
    """The spec that counts.

    Args:
        option: the file that the command line names.
        block: the script, where it has a block.
        beside: the spec beside it, where there is one.
        caller: the value of the variable `CALLER`.
    """
    stated = (
        (Origin.OPTION, option),
        (Origin.BLOCK, block),
        (Origin.BESIDE, beside),
        (Origin.CALLER, caller),
    )
    return next((Spec(origin, path) for origin, path in stated if path), Spec(Origin.PROJECT))
