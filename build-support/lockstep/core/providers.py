"""Which of several inputs that state the same project an import is served by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable


@dataclass(frozen=True, order=True)
class Provider:
    """A requirement target that provides a module.

    Attributes:
        address: the target's address.
        folder: the folder of its BUILD file, relative to the build root.
        project: the normalised name of the project it requires (PEP 503).
        of_script: whether a script states it, for itself.
    """

    address: str
    folder: str
    project: str
    of_script: bool = False


def choose(providers: Iterable[Provider], importer: str | None, shared: str) -> Provider | None:
    """The provider of an import, where all of them state one project and so mean one pin.

    The importing project's own input comes first (it may ask for extras that others must not
    get), then the shared one, then the first by address. What another script states for itself
    serves only where nothing else does.

    Args:
        providers: all candidates.
        importer: the folder whose file imports, where known.
        shared: the folder of the shared inputs.

    Returns:
        None where the candidates are of different projects: that is truly ambiguous.
    """
    candidates = sorted(providers)
    if len({candidate.project for candidate in candidates}) != 1:
        return None
    candidates = [c for c in candidates if not c.of_script] or candidates
    own = [c for c in candidates if importer is not None and _within(importer, c.folder)]
    if own:
        return max(own, key=lambda candidate: len(candidate.folder))
    return next((c for c in candidates if _within(c.folder, shared)), candidates[0])


def _within(path: str, folder: str) -> bool:
    return folder != "" and f"{path}/".startswith(f"{folder}/")
