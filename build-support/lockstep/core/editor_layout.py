"""What to tell editors: derived from which sources there are, and in which environments they run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Iterable, Mapping, Sequence

from lockstep.core.editor_settings import DOTENV, PATH_VARIABLES, PYRIGHT, VSCODE
from lockstep.core.errors import LockstepError
from lockstep.core.jsonc import Json

_EXCLUDED = ("**/node_modules", "**/__pycache__", "**/.*", "dist")
"""What pyright leaves out by itself, and what `./pants package` writes."""

_TOP = PurePosixPath(".")


@dataclass(frozen=True)
class Source:
    """A Python file of the repository.

    Attributes:
        path: relative to the build root.
        root: its source root, relative to the build root; `.` for the build root.
        resolve: that of the target that owns it. A file of several resolves is there once for each.
        is_test: whether pytest collects it.
    """

    path: str
    root: str
    resolve: str
    is_test: bool = False


@dataclass(frozen=True)
class Link:
    """Where the environment of a resolve is found.

    Attributes:
        path: of the symlink, relative to the build root.
        version: of its Python, as in `3.11`.
    """

    path: str
    version: str

    @property
    def site_packages(self) -> str:
        return f"{self.path}/lib/python{self.version}/site-packages"


@dataclass(frozen=True)
class Settings:
    """What the files are to hold.

    Attributes:
        files: for each file of `editor_settings`, the keys that are ours, with their values.
        link: of the default resolve.
        roots: the absolute source roots of the default resolve.
    """

    files: Mapping[str, Mapping[str, Json]]
    link: Link
    roots: tuple[str, ...]


def settings(
    sources: Iterable[Source], links: Mapping[str, Link], default: str, build_root: str
) -> Settings:
    """What to tell editors.

    Args:
        sources: all Python files that a target owns.
        links: by resolve; that of the default resolve is among them. Sources of a resolve without
            one are shown in the environment of the default resolve.
        default: the default resolve. A file of several resolves is shown in its environment.
        build_root: the absolute path.

    Raises:
        LockstepError: no variable like `PYTHONPATH` can hold the build root.
    """
    _check(build_root)
    shown: dict[str, Source] = {}
    for source in sources:
        if source.resolve == default or (source.resolve in links and source.path not in shown):
            shown[source.path] = source
    roots: dict[str, set[str]] = {default: set()}
    for source in shown.values():
        roots.setdefault(source.resolve, set()).add(source.root)
    link = links[default]
    absolute = tuple(str(PurePosixPath(build_root, root)) for root in sorted(roots[default]))
    files = {
        PYRIGHT: _pyright(
            shown.values(), {key: sorted(roots[key]) for key in roots}, links, default
        ),
        VSCODE: _vscode(
            [s.path for s in shown.values() if s.is_test and s.resolve == default], link
        ),
        DOTENV: {name: list(absolute) for name in PATH_VARIABLES if absolute},
    }
    return Settings(files, link, absolute)


def _check(build_root: str) -> None:
    try:
        build_root.encode()
    except UnicodeEncodeError:
        plain = False
    else:
        plain = not set(build_root) & set(":\n\r\"'`$\\")
    if not plain:
        raise LockstepError(
            f"The path of this checkout, {ascii(build_root)}, has a character that `PYTHONPATH` in"
            f" {DOTENV} cannot hold",
            mend="Move the checkout to a folder with a plainer name",
        )


def _pyright(
    sources: Iterable[Source],
    roots: Mapping[str, Sequence[str]],
    links: Mapping[str, Link],
    default: str,
) -> Mapping[str, Json]:
    others: list[Json] = []
    for folder, resolve in folders_of_resolves(sources, default):
        if resolve == default:
            others.append({"root": folder, "extraPaths": roots[default]})
        else:
            link = links[resolve]
            paths = [*roots[resolve], link.site_packages]
            others.append({"root": folder, "pythonVersion": link.version, "extraPaths": paths})
    path = PurePosixPath(links[default].path)
    return {
        "venvPath": str(path.parent),
        "venv": path.name,
        # Else it is that of the `python` on PATH, whatever the environment has.
        "pythonVersion": links[default].version,
        "extraPaths": list(roots[default]),
        "exclude": list(_EXCLUDED),
        **({"executionEnvironments": others} if others else {}),
    }


def _vscode(tests: Sequence[str], link: Link) -> Mapping[str, Json]:
    values: dict[str, Json] = {
        "python.defaultInterpreterPath": f"${{workspaceFolder}}/{link.path}/bin/python",
        "python.envFile": f"${{workspaceFolder}}/{DOTENV}",
    }
    if tests:
        values["python.testing.pytestEnabled"] = True
        values["python.testing.cwd"] = "${workspaceFolder}"
        # Else two tests of one file name are one module, and the second cannot be collected.
        values["python.testing.pytestArgs"] = ["--import-mode=importlib", *_topmost(tests)]
    return values


def _topmost(paths: Iterable[str]) -> Sequence[str]:
    """The folders of files, without those that lie below another of them."""
    folders = {PurePosixPath(path).parent for path in paths}
    return sorted(str(folder) for folder in folders if not folders & set(folder.parents))


def folders_of_resolves(sources: Iterable[Source], default: str) -> Sequence[tuple[str, str]]:
    """The fewest folders that tell the resolve of each file: that of the closest one above it.

    Returns:
        the folders with their resolves, inner ones first. The build root is not among them; it has
        the default resolve. A folder whose own files are of several resolves gets one of them: the
        default one, or else the most frequent.
    """
    own: dict[PurePosixPath, list[str]] = {}
    below: dict[PurePosixPath, set[str]] = {}
    for source in sources:
        folder = PurePosixPath(source.path).parent
        own.setdefault(folder, []).append(source.resolve)
        for above in (folder, *folder.parents):
            below.setdefault(above, set()).add(source.resolve)
    resolves = {_TOP: default}
    found = []
    for folder in sorted(below, key=lambda path: (len(path.parts), path)):
        if folder == _TOP:
            continue
        inherited = resolves[folder.parent]
        candidates = own.get(folder, [inherited]) if len(below[folder]) > 1 else [*below[folder]]
        resolves[folder] = min(candidates, key=lambda r: (r != default, -candidates.count(r), r))
        if resolves[folder] != inherited:
            found.append((str(folder), resolves[folder]))
    return sorted(found, key=lambda pair: (-pair[0].count("/"), pair))
