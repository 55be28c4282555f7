"""Rules that read the graph beside a lock, and derive it from what the pins install."""

from __future__ import annotations

import json
import pkgutil
from dataclasses import dataclass, field
from typing import Any, Iterable

from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent, MergeDigests
from pants.engine.fs import PathGlobs
from pants.engine.process import Process, ProcessResult
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.util.strutil import pluralize

from lockstep.core import graph_codec
from lockstep.core.graph import Installed, LockGraph, derive
from lockstep.core.lock import Lock
from lockstep.core.slices import Slice
from lockstep.slices.sandbox import ENVIRONMENT, InstallingProcess, Mode, slice_file

_CONTENTS = ".lockstep/contents.py"


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
        python: the interpreter to install for.
        version: its version, such as `3.11`.
    """

    lock: Lock
    known: LockGraph
    python: PythonExecutable
    version: str


@rule(desc="Read the graph of the lock")
async def read_graph(request: GraphRequest) -> StoredGraph:
    path = graph_codec.graph_path(request.lock_path)
    for content in await Get(DigestContents, PathGlobs([path])):
        text = content.content.decode("utf-8", errors="replace")
        return StoredGraph(path, text, graph_codec.parse(text, path))
    return StoredGraph(path)


@rule(desc="Derive the graph of the lock")
async def derive_graph(request: DeriveGraphRequest) -> LockGraph:
    kept = derive(request.lock, (), request.known)
    unknown = kept.missing(request.lock)
    if not unknown:
        return kept
    script = pkgutil.get_data("lockstep.envs", "contents.py")
    assert script is not None, "the script stands beside the module"
    digests = await MultiGet(
        Get(Digest, CreateDigest([FileContent(_CONTENTS, script)])),
        Get(Digest, CreateDigest, slice_file(Slice(unknown).text)),
    )
    site_packages = f"{ENVIRONMENT}/lib/python{request.version}/site-packages"
    process = Process(
        (f"{ENVIRONMENT}/bin/python", "-IS", _CONTENTS, site_packages),
        input_digest=await Get(Digest, MergeDigests(digests)),
        append_only_caches=request.python.append_only_caches,
        description=f"Read what {pluralize(len(unknown), 'pin')} of {request.lock.path} provide",
    )
    starting = InstallingProcess(process, Mode.VENV, request.python.path)
    result = await Get(ProcessResult, Process, await Get(Process, InstallingProcess, starting))
    installed = [
        Installed(**{name: _frozen(value) for name, value in project.items()})
        for project in json.loads(result.stdout)
    ]
    return derive(request.lock, installed, request.known)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def rules() -> Iterable[Rule]:
    return collect_rules()
