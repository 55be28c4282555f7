"""Which requirements inputs belong to a file: those of the nearest folder above it that has any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Mapping

from lockstep.core.build_inputs import BuildInputs, Defaults, StatedInput, read_build
from lockstep.core.input_values import InputRequirement
from lockstep.core.inputs import script_of, spec_of
from lockstep.core.requirement_text import stated
from lockstep.core.input_values import Placed
from lockstep.core.script_metadata import has_block
from lockstep.core.source_roots import Kind
from lockstep.scripts.tree import Tree


@dataclass(frozen=True)
class Project:
    """A folder with requirements inputs.

    Attributes:
        folder: relative to the build root.
        files: the input files, by resolve.
        single: the requirements that BUILD files state themselves, by resolve.
    """

    folder: str
    files: Mapping[str, tuple[str, ...]]
    single: Mapping[str, tuple[InputRequirement, ...]]

    @property
    def resolves(self) -> frozenset[str]:
        """The resolves that its inputs are for."""
        return frozenset([*self.files, *self.single])


class Projects:
    """The projects of a repository.

    Args:
        tree: the repository.
        default_resolve: the resolve of inputs that name none.
    """

    def __init__(self, tree: Tree, default_resolve: str) -> None:
        self._tree = tree
        self._default = default_resolve
        self._builds: dict[str, BuildInputs] = {}
        self._projects: dict[str, Project | None] = {}

    def of(self, folder: str) -> Project | None:
        """The project of a folder, which is itself one or lies below one; None where there is none.

        Raises:
            TextError: a BUILD file there cannot be read.
        """
        if folder.startswith("/"):
            return None
        if folder not in self._projects:
            here = self._project(folder)
            above = folder.rpartition("/")[0]
            self._projects[folder] = here if here or not folder else self.of(above)
        return self._projects[folder]

    def own(self, path: str) -> str | None:
        """What states the requirements of a Python file alone: itself, or the spec beside it."""
        if has_block(self._tree.source(path)):
            return path
        folder, _, name = path.rpartition("/")
        return spec_of(path) if spec_of(name) in self._tree.listing(folder or _top(path)) else None

    def is_input(self, path: str) -> bool:
        """Whether a target names an input, so that `./pants lock` reads it."""
        folder, _, name = path.rpartition("/")
        return not path.startswith("/") and any(
            stated.source == name for stated in self._inputs(folder).inputs
        )

    def _project(self, folder: str) -> Project | None:
        files: dict[str, list[str]] = {}
        single: dict[str, list[InputRequirement]] = {}
        for target in self._inputs(folder).inputs:
            for resolve in (name or self._default for name in target.resolves):
                if target.source is None:
                    at = Placed(target.build, target.line)
                    single.setdefault(resolve, []).extend(
                        stated(at, text) for text in target.requirements
                    )
                elif script_of(target.source) is None:
                    files.setdefault(resolve, []).append(f"{folder}/{target.source}".lstrip("/"))
        if not files and not single:
            return None
        return Project(
            folder,
            {resolve: tuple(paths) for resolve, paths in files.items()},
            {resolve: tuple(texts) for resolve, texts in single.items()},
        )

    def _inputs(self, folder: str) -> BuildInputs:
        if folder not in self._builds:
            defaults: Defaults = self._inputs(folder.rpartition("/")[0]).defaults if folder else {}
            inputs: list[StatedInput] = []
            for name in self._build_files(folder):
                path = f"{folder}/{name}".lstrip("/")
                read = read_build(self._tree.text(path), path, defaults)
                inputs.extend(read.inputs)
                defaults = read.defaults
            self._builds[folder] = BuildInputs(tuple(inputs), defaults)
        return self._builds[folder]

    def _build_files(self, folder: str) -> Iterator[str]:
        for name, kind in sorted(self._tree.listing(folder).items()):
            if kind is Kind.FILE and (name == "BUILD" or name.startswith("BUILD.")):
                yield name


def _top(path: str) -> str:
    return "/" if path.startswith("/") else ""
