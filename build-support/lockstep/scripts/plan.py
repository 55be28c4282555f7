"""What a call of `./py` needs: the slice of the lock, and the folders of first-party modules."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable, Iterator, Mapping

from packaging.utils import canonicalize_name

from lockstep.core import graph_codec, lock_codec
from lockstep.core.environments import platform_environment, python_environment
from lockstep.core.errors import LockstepError
from lockstep.core.first_party import Closure, Finder, imported
from lockstep.core.graph import LockGraph
from lockstep.core.input_values import InputRequirement
from lockstep.core.inputs import Inputs, refuse_other_pythons
from lockstep.core.module_index import ModuleIndex
from lockstep.core.pants_options import PantsOptions
from lockstep.core.requirement_text import parsed
from lockstep.core.script_specs import Origin, Spec, chosen
from lockstep.core.slices import Slice, SliceError, Slicer, check_environment
from lockstep.core.source_roots import Kind, source_roots
from lockstep.scripts.projects import Project, Projects
from lockstep.scripts.tree import Tree

_CODE = "<code>"


@dataclass(frozen=True)
class Target:
    """What is to be run, with real paths as the tree has them.

    Attributes:
        kind: as of a `Call`.
        target: the script's path; the module; the code; empty for a shell.
        folder: what Python searches first: the folder of the script, else the current one.
        option: the file that `--spec` names, or None.
        caller: the file that the calling `./py` runs by, or None.
    """

    kind: str
    target: str
    folder: str
    option: str | None = None
    caller: str | None = None


@dataclass(frozen=True)
class Question:
    """A target, and what the answer is looked for in."""

    target: Target
    tree: Tree
    options: PantsOptions


@dataclass(frozen=True)
class Needs:
    """What a target needs, apart from its interpreter.

    Attributes:
        spec: what it runs by.
        owner: the folder of the project that the target belongs to; None where there is none.
        resolve: the resolve whose lock holds it.
        inputs: the files that state its requirements.
        requirements: what these state, and what BUILD files do.
        closure: what it can run of the repository.
        whole: whether it needs all that the lock holds.
    """

    spec: Spec
    owner: str | None
    resolve: str
    inputs: Inputs
    requirements: tuple[InputRequirement, ...]
    closure: Closure
    whole: bool


class Planner:
    """Finds what a target needs.

    Args:
        question: what is asked.
    """

    def __init__(self, question: Question) -> None:
        self.target = question.target
        self.tree = question.tree
        self.options = question.options
        self.projects = Projects(self.tree, self.options.default_resolve)
        self.roots = source_roots(
            self.options.root_patterns, self.options.marker_filenames, self.tree.listing
        )
        self.finder = Finder(self.roots, self.tree.listing, self._imports)

    def needs(self) -> Needs:
        """What the target needs.

        Raises:
            LockstepError: what states its requirements is not there or cannot be read.
        """
        target = self.target
        spec = self._spec()
        owner = self.projects.of(target.folder)
        seeds, whole = self._seeds(spec, owner)
        closure = self.finder.closure(seeds, target.folder)
        files = tuple(file for file in closure.files if file != _CODE)
        closure = Closure(files, closure.roots, closure.foreign)
        resolve = self._resolve(spec, owner)
        paths: dict[str, None] = {spec.path: None} if spec.path is not None else {}
        single: dict[InputRequirement, None] = {}
        for project in self._of(spec, owner, closure):
            paths.update(dict.fromkeys(project.files.get(resolve, ())))
            single.update(dict.fromkeys(project.single.get(resolve, ())))
        for file in closure.files:
            own = self.projects.own(file) if file != self.target.target else None
            if own is not None:
                paths[own] = None
        inputs = self.tree.inputs(paths)
        stated = tuple(dict.fromkeys((*inputs.requirements, *single)))
        roots = tuple(sorted(self.roots)) if whole else closure.roots
        closure = Closure(closure.files, roots, closure.foreign)
        folder = owner.folder if owner is not None else None
        return Needs(spec, folder, resolve, inputs, stated, closure, whole and not spec.is_own)

    def _spec(self) -> Spec:
        target = self.target
        own = self.projects.own(target.target) if target.kind == "script" else None
        block = own if own == target.target else None
        spec = chosen(target.option, block, own if block is None else None, target.caller)
        if spec.origin in (Origin.OPTION, Origin.CALLER):
            assert spec.path is not None
            if self.tree.data(spec.path) is None:
                self._no_spec(spec)
        return spec

    def _no_spec(self, spec: Spec) -> None:
        if spec.origin is Origin.OPTION:
            raise LockstepError(
                f"`--spec` names {spec.path}, and there is no such file", mend="Correct its path"
            )
        raise LockstepError(
            f"The calling `./py` runs by {spec.path}, and there is no such file any more",
            mend="Bring it back, or let this script state its requirements itself",
        )

    def _resolve(self, spec: Spec, owner: Project | None) -> str:
        default = self.options.default_resolve
        if spec.is_own or owner is None or default in owner.resolves:
            return default
        return min(owner.resolves)

    def _seeds(self, spec: Spec, owner: Project | None) -> tuple[tuple[str, ...], bool]:
        """The files where it begins, and whether it may need all that there is."""
        target = self.target
        if target.kind == "script":
            return (target.target,), False
        if target.kind == "code":
            return (_CODE,), False
        if target.kind == "module":
            near = [target.folder]
            found = [
                file
                for name in (target.target, f"{target.target}.__main__")
                for _, file in self.finder.find(name, near).files
            ]
            if found:
                return tuple(dict.fromkeys(found)), False
        if spec.is_own:
            return (), False
        if owner is None:
            return (), not target.folder.startswith("/") or target.kind == "shell"
        return tuple(self._python_files(owner.folder)), False

    def _python_files(self, folder: str) -> Iterator[str]:
        for name, kind in self.tree.listing(folder).items():
            path = f"{folder}/{name}".lstrip("/")
            if kind is Kind.FOLDER:
                yield from self._python_files(path)
            elif kind is Kind.FILE and name.endswith(".py"):
                yield path

    def _imports(self, path: str, in_root: str) -> Iterable[str]:
        source = self.target.target if path == _CODE else self.tree.source(path)
        return imported(source, in_root)

    def _of(self, spec: Spec, owner: Project | None, closure: Closure) -> Iterator[Project]:
        if owner is not None and not spec.is_own:
            yield owner
        for file in closure.files:
            # What the script itself needs is stated, if it is stated at all.
            if spec.is_own and file == self.target.target:
                continue
            project = self.projects.of(file.rpartition("/")[0])
            if project is not None:
                yield project


@dataclass(frozen=True)
class Locked:
    """The lock of a resolve, ready to be cut."""

    slicer: Slicer
    index: ModuleIndex


def read_lock(planner: Planner, resolve: str) -> Locked:
    """Read the lock of a resolve.

    Raises:
        LockstepError: it is not there or cannot be read.
    """
    path = planner.options.locks.get(resolve)
    if path is None:
        raise LockstepError(
            f"pants.toml names no lock for the resolve `{resolve}`",
            mend="Name it in `[python.resolves]`, then run `./pants lock`",
        )
    if planner.tree.data(path) is None:
        raise LockstepError(f"There is no lock {path}", mend="Run `./pants lock` to write it")
    lock = lock_codec.parse(planner.tree.text(path), path)
    beside = graph_codec.graph_path(path)
    known = planner.tree.data(beside) is not None
    graph = graph_codec.parse(planner.tree.text(beside), beside) if known else None
    return Locked(Slicer(lock, graph), ModuleIndex(lock, graph or LockGraph(())))


def cut(planner: Planner, needs: Needs, locked: Locked, python: str, platform: str) -> Slice:
    """The slice that a target runs in.

    What first-party code imports and no input of its projects states is taken from the lock too, as
    Pants takes it from whatever input does state it.

    Args:
        python: the version of the interpreter, such as `3.11.7`.
        platform: as Pants calls it.

    Raises:
        LockstepError: the lock does not hold what is needed, or not for this environment.
    """
    minor = ".".join(python.split(".")[:2])
    check_environment(locked.slicer.lock, minor, platform)
    refuse_other_pythons(needs.inputs, [minor])
    if needs.whole:
        return locked.slicer.whole()
    environment = {**python_environment(minor), **platform_environment(platform)}
    roots = [stated.text for stated in needs.requirements]
    try:
        found = locked.slicer.cut(roots, environment)
    except SliceError:
        _tell_unlocked(planner, needs, locked, environment)
        raise
    more = dict.fromkeys(_imported(planner, needs, locked, found))
    return locked.slicer.cut([*roots, *more], environment) if more else found


def _tell_unlocked(
    planner: Planner, needs: Needs, locked: Locked, environment: Mapping[str, str]
) -> None:
    """Say which stated requirement the lock does not hold, and how to add it."""
    for stated in needs.requirements:
        try:
            locked.slicer.cut([stated.text], environment)
        except SliceError as error:
            raise LockstepError(
                f"{stated.place}: {error.fault}", mend=_way_in(planner, stated.path)
            ) from None


def _way_in(planner: Planner, path: str) -> str:
    """How what a file states gets into the lock."""
    folder, _, name = path.rpartition("/")
    if name.startswith("BUILD") or planner.projects.is_input(path):
        return "Run `./pants lock` to bring the lock up to date"
    if path.startswith("/"):
        return "Add it to a requirements input of the repository, then run `./pants lock`"
    return (
        f'Add `python_requirements(name="{name.partition(".")[0]}-requirements", source="{name}")`'
        f" to {folder + '/' if folder else ''}BUILD, then run `./pants lock`"
    )


def _imported(planner: Planner, needs: Needs, locked: Locked, found: Slice) -> Iterator[str]:
    for file, imports in needs.closure.foreign.items():
        if needs.spec.is_own and file in (planner.target.target, _CODE):
            continue
        for module, depth in imports:
            yield from _providing(planner, needs, locked, found, module, depth)
    if planner.target.kind == "module" and not needs.spec.is_own:
        depth = planner.finder.find(planner.target.target, [planner.target.folder]).depth
        yield from _providing(planner, needs, locked, found, planner.target.target, depth)


def _providing(
    planner: Planner, needs: Needs, locked: Locked, found: Slice, module: str, depth: int
) -> Iterator[str]:
    projects = locked.index.projects(module, depth)
    if found.names.isdisjoint(projects):
        for project in projects:
            yield from _stated_elsewhere(planner, locked, project) or (project,)


def _stated_elsewhere(planner: Planner, locked: Locked, project: str) -> tuple[str, ...]:
    """How an input states a project: the shared one, else the first; it may ask for extras."""
    paths = sorted(
        via[len("-r ") :]
        for pin in locked.slicer.lock.by_name().get(project, ())
        for via in pin.via
        if via.startswith("-r ") and not os.path.basename(via).startswith("BUILD")
    )
    shared = [p for p in paths if p.startswith(f"{planner.options.shared_inputs}/")]
    for path in (*shared, *paths):
        if planner.tree.data(path) is not None:
            return tuple(
                stated.text
                for stated in planner.tree.inputs([path]).requirements
                if canonicalize_name(parsed(stated.text).name) == project
            )
    return ()
