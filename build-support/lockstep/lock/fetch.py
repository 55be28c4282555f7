"""Fills the wheel store with what a lock names."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from typing import Iterable, Sequence

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.env_vars import CompleteEnvironmentVars
from pants.engine.platform import Platform
from pants.engine.rules import Get, Rule, collect_rules

from lockstep.core import pylock
from lockstep.core.artifacts import (
    Wanted,
    build_requirements,
    gone,
    lacking,
    needs_key,
    released,
    wanted,
)
from lockstep.core.environments import stated_environments
from lockstep.core.errors import LockstepError
from lockstep.core.lock import Pin
from lockstep.core.universal import Declared, declared
from lockstep.envs.fetching import fetch_all
from lockstep.envs.pip_config import configured_settings
from lockstep.envs.sdists import pyproject_of
from lockstep.envs.wheel_store import WheelStore, wheel_store_folder
from lockstep.lock.index_files import IndexFiles, IndexFilesRequest
from lockstep.lock.inputs import minor_versions
from lockstep.pants_api.uncacheable import uncacheable_rule
from lockstep.slices.locks import LockRequest, ManagedLock
from lockstep.subsystem import Lockstep

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FetchRequest:
    """Fetch all that the lock of a resolve names."""

    resolve: str


@dataclass(frozen=True)
class Fetched:
    """What the wheel store holds for a lock.

    Attributes:
        path: the lock.
        folder: the store.
        files: how many files it holds for the lock.
        new: how many of them came now.
        direct: the pins that are fetched from places of their own, since they are no releases.
        lacking: environments that a pin belongs to though the lock names no file for them, in words
            such as `x==1.0 for CPython 3.11 on linux_x86_64`.
        gone: the pins of which the index has no file that the lock names, or none for this machine.
    """

    path: str
    folder: str
    files: int
    new: int
    direct: tuple[str, ...]
    lacking: tuple[str, ...]
    gone: tuple[str, ...]


@uncacheable_rule(desc="Fetch what the lock names")
async def fetch_lock(
    request: FetchRequest,
    python_setup: PythonSetup,
    lockstep: Lockstep,
    environ: CompleteEnvironmentVars,
    platform: Platform,
) -> Fetched:
    path = python_setup.resolves[request.resolve]
    lock = await Get(ManagedLock, LockRequest(path))
    if lock.slicer is None:
        raise LockstepError(
            f"{path} is in PEX's format, so Pants wrote it", mend="Let `./pants lock` write it"
        )
    interpreters = python_setup.resolves_to_interpreter_constraints.get(
        request.resolve, python_setup.interpreter_constraints
    )
    pythons = minor_versions(request.resolve, interpreters)
    stated = stated_environments(lock.slicer.lock)
    environments = tuple(Declared(*each) for each in stated)
    environments = environments or declared(pythons, lockstep.platforms)
    releases = tuple(pin for pin in lock.slicer.lock.pins if pin.url is None)
    direct = tuple(pin.requirement for pin in lock.slicer.lock.pins if pin.url is not None)

    settings = configured_settings(environ)
    store = WheelStore(wheel_store_folder(environ))
    found = {pin: held for pin in releases if (held := _held(store, pin, environments)) is not None}
    missing = tuple(pin for pin in releases if pin not in found)
    new = 0
    if missing:
        interpreter = await Get(
            PythonExecutable, InterpreterConstraints, InterpreterConstraints(interpreters)
        )
        asking = IndexFilesRequest(*pylock.question(missing), environments[0].python, interpreter)
        told = await Get(IndexFiles, IndexFilesRequest, asking)
        answer = pylock.read_answer(told.pylock, local=True)

        def fetch(found: Iterable[Wanted]) -> int:
            files = tuple(sorted({file for one in found for file in one.artifacts}))
            return fetch_all(store, files, settings, lambda line: logger.info(f"{path}: {line}"))

        came = {pin: wanted(pin, answer, environments) for pin in missing}
        new = fetch(came.values())
        for pin, one in came.items():
            for sdist in (file for file in one.artifacts if not file.name.endswith(".whl")):
                required = build_requirements(pyproject_of(store.path(sdist)))
                asking = dataclasses.replace(
                    asking,
                    requirements="".join(f"{requirement}\n" for requirement in required),
                    configuration="",
                    transitive=True,
                )
                told = await Get(IndexFiles, IndexFilesRequest, asking)
                answer = pylock.read_answer(told.pylock, local=True)
                building = [wanted(needed, answer, environments) for needed in released(answer)]
                new += fetch(building)
                artifacts = (
                    *one.artifacts,
                    *(file for each in building for file in each.artifacts),
                )
                came[pin] = Wanted(artifacts, one.lacking)
            if one.artifacts:
                store.remember(needs_key(pin, environments), came[pin])
        found.update(came)
    files = {file.sha256 for one in found.values() for file in one.artifacts}
    return Fetched(
        path,
        str(store.folder),
        len(files),
        new,
        direct,
        lacking(found),
        gone(found, platform.value),
    )


def _held(store: WheelStore, pin: Pin, environments: Sequence[Declared]) -> Wanted | None:
    """The files of a pin, if all are in the store."""
    found = store.remembered(needs_key(pin, environments))
    if found is None or not all(map(store.holds, found.artifacts)):
        return None
    for artifact in found.artifacts:
        store.link(artifact)
    return found


def rules() -> Iterable[Rule]:
    return collect_rules()
