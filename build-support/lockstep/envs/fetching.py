"""Fetches files into the wheel store, several at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Callable, Mapping, Sequence

from lockstep.core.artifacts import Artifact
from lockstep.core.errors import LockstepError
from lockstep.envs.downloads import Downloads
from lockstep.envs.wheel_store import WheelStore

_AT_ONCE = 8
_TELL_SECONDS = 10
_TOLD = 3


def fetch_all(
    store: WheelStore,
    artifacts: Sequence[Artifact],
    settings: Mapping[str, str],
    say: Callable[[str], None],
) -> int:
    """Fetch what the store does not hold; what could be fetched stays there if the rest cannot.

    Args:
        store: the store.
        artifacts: the files.
        settings: of the index, as `pip_config.configured_settings` tells them.
        say: is told from time to time how far it is.

    Returns:
        How many files came.

    Raises:
        LockstepError: some cannot be fetched, are others than their hashes say, or cannot be stored.
    """
    missing = []
    for artifact in artifacts:
        if store.holds(artifact):
            store.link(artifact)
        else:
            missing.append(artifact)
    if not missing:
        return 0
    store.sweep()
    downloads = Downloads(settings)
    say(f"fetches {_files(missing)}{_size(missing)}")
    faults: list[LockstepError] = []
    told = time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        jobs = [pool.submit(_fetch, store, downloads, artifact) for artifact in missing]
        for done, job in enumerate(as_completed(jobs), start=1):
            try:
                job.result()
            except LockstepError as error:
                faults.append(error)
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                say(f"{done} of {_files(missing)}")
    if faults:
        raise _told(faults)
    return len(missing)


def _fetch(store: WheelStore, downloads: Downloads, artifact: Artifact) -> None:
    store.add(artifact, lambda target: downloads.fetch(artifact, target))


def _files(artifacts: Sequence[Artifact]) -> str:
    return f"{len(artifacts)} file{'' if len(artifacts) == 1 else 's'}"


def _size(artifacts: Sequence[Artifact]) -> str:
    if any(artifact.size is None for artifact in artifacts):
        return ""
    return f", {sum(artifact.size or 0 for artifact in artifacts) / 1e6:.1f} MB"


def _told(faults: Sequence[LockstepError]) -> LockstepError:
    first, *others = sorted(faults, key=str)
    lines = [f"  {fault.fault}." for fault in others[:_TOLD]]
    more = len(others) - len(lines)
    lines += [f"  and {more} more like this"] if more else []
    return LockstepError(first.fault, mend=first.mend, detail="\n".join(lines))
