"""Rules that read the graph beside a lock, and derive it from what the pins install."""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
import pkgutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable

from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent, MergeDigests
from pants.engine.fs import PathGlobs
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.option.global_options import GlobalOptions
from pants.util.strutil import pluralize

from lockstep.core import graph as core_graph
from lockstep.core import graph_codec, markers
from lockstep.core.errors import LockstepError
from lockstep.core.graph import Installed, LockGraph, derive
from lockstep.core.lock import Lock, Pin
from lockstep.core.slices import Slice
from lockstep.core.universal import Declared, belonging
from lockstep.envs.graph_store import GraphStore
from lockstep.slices.sandbox import ENVIRONMENT, FOREIGN, InstallingProcess, Mode, slice_file

logger = logging.getLogger(__name__)

_CONTENTS = ".lockstep/contents.py"
_UV_PLATFORMS = {
    "linux_x86_64": "x86_64-manylinux_2_28",
    "linux_arm64": "aarch64-manylinux_2_28",
    "macos_x86_64": "x86_64-apple-darwin",
    "macos_arm64": "aarch64-apple-darwin",
}


@dataclass(frozen=True)
class GraphRequest:
    """Read the graph of a lock.

    Attributes:
        lock_path: the lock, relative to the build root.
    """

    lock_path: str


@dataclass(frozen=True)
class StoredGraph:
    """The graph as it stands beside its lock.

    Attributes:
        path: relative to the build root.
        text: the file, by which two values compare; empty where there is none.
        graph: None where there is none.
    """

    path: str
    text: str = ""
    graph: LockGraph | None = field(default=None, compare=False)


@dataclass(frozen=True)
class DeriveGraphRequest:
    """Tell what the pins of a lock require and provide, by installing those not known yet.

    Attributes:
        lock: the lock, compared by value.
        known: the graph of an earlier lock.
        python: the interpreter at hand.
        at_hand: what it is.
        others: the other environments that the lock holds for.
    """

    lock: Lock
    known: LockGraph
    python: PythonExecutable
    at_hand: Declared
    others: tuple[Declared, ...] = ()


@rule(desc="Read the graph of the lock")
async def read_graph(request: GraphRequest) -> StoredGraph:
    path = graph_codec.graph_path(request.lock_path)
    for content in await Get(DigestContents, PathGlobs([path])):
        text = content.content.decode("utf-8", errors="replace")
        return StoredGraph(path, text, graph_codec.parse(text, path))
    return StoredGraph(path)


@dataclass(frozen=True)
class ContentsRequest:
    """Install pins and tell what they require and provide.

    Attributes:
        pins: those to install; markers decide which of them are.
        lock_path: the lock they stand in, for the user.
        python: the interpreter at hand.
        environment: what to install for.
        foreign: whether that is another platform than the one at hand.
    """

    pins: tuple[Pin, ...]
    lock_path: str
    python: PythonExecutable
    environment: Declared
    foreign: bool


@dataclass(frozen=True)
class InstalledProjects:
    """What was installed; empty where a pin has no wheel for a foreign platform."""

    projects: tuple[Installed, ...]


@rule(desc="Derive the graph of the lock")
async def derive_graph(request: DeriveGraphRequest, global_options: GlobalOptions) -> LockGraph:
    graph = derive(request.lock, (), request.known)
    for environment in (request.at_hand, *request.others):
        # The store only saves time: what comes out is the same with an empty one.
        store = _store(global_options, environment)
        unknown = belonging(graph.missing(request.lock), environment.variables)
        graph = LockGraph((*graph.entries, *store.load(unknown).entries))
        unknown = belonging(graph.missing(request.lock), environment.variables)
        if unknown:
            found = await Get(
                InstalledProjects,
                ContentsRequest(
                    unknown,
                    request.lock.path,
                    request.python,
                    environment,
                    environment != request.at_hand,
                ),
            )
            graph = derive(request.lock, found.projects, graph)
            store.save(unknown, graph)
    return derive(request.lock, (), graph)


def _store(global_options: GlobalOptions, environment: Declared) -> GraphStore:
    # Whatever makes an entry of what is installed belongs to the key.
    makers = [_script(), *(inspect.getsource(m).encode() for m in (core_graph, markers))]
    reader = hashlib.sha256(b"\n".join(makers)).hexdigest()
    folder = Path(global_options.named_caches_dir) / "lockstep_graph"
    return GraphStore(folder, f"{environment} by {reader}")


def _script() -> bytes:
    script = pkgutil.get_data("lockstep.envs", "contents.py")
    assert script is not None, "the script stands beside the module"
    return script


@rule
async def read_contents(request: ContentsRequest) -> InstalledProjects:
    digests = await MultiGet(
        Get(Digest, CreateDigest([FileContent(_CONTENTS, _script())])),
        Get(Digest, CreateDigest, slice_file(Slice(request.pins).text)),
    )
    version = request.environment.python
    if request.foreign:
        platform = _UV_PLATFORMS[request.environment.platform]
        mode, folder = Mode.FOREIGN, FOREIGN
        argv: tuple[str, ...] = (platform, version, request.python.path, "-IS", _CONTENTS, folder)
    else:
        mode, folder = Mode.VENV, f"{ENVIRONMENT}/lib/python{version}/site-packages"
        argv = (f"{ENVIRONMENT}/bin/python", "-IS", _CONTENTS, folder)
    count = pluralize(len(request.pins), "pin")
    process = Process(
        argv,
        input_digest=await Get(Digest, MergeDigests(digests)),
        append_only_caches=request.python.append_only_caches,
        description=f"Read what {count} of {request.lock_path} provide for {request.environment}",
    )
    starting = InstallingProcess(process, mode, request.python.path)
    result = await Get(
        FallibleProcessResult, Process, await Get(Process, InstallingProcess, starting)
    )
    if result.exit_code != 0:
        told = result.stderr.decode(errors="replace")
        if request.foreign:
            logger.debug(f"Nothing is known of {count} for {request.environment}: {told}")
            return InstalledProjects(())
        raise LockstepError(
            f"What {count} of {request.lock_path} provide cannot be read",
            mend="See to what is told below, then run `./pants lock` again",
            detail=told,
        )
    return InstalledProjects(
        tuple(
            Installed(**{name: _frozen(value) for name, value in project.items()})
            for project in json.loads(result.stdout)
        )
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def rules() -> Iterable[Rule]:
    return collect_rules()
