"""Run by the Python of an environment, tells what can be imported there. Knows nothing of Lockstep.

    importable.py PROJECT

prints as JSON all projects with their versions, the modules and packages that lie there with the
projects that own their files, and which of these and of the modules of PROJECT can be imported.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import re
import signal
import sys
import sysconfig
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from typing import Iterator

_HANGING_SECONDS = 300
SITE_PACKAGES = sysconfig.get_path("purelib")


def lying(folder: str, prefix: str = "") -> Iterator[str]:
    """The modules and packages in a folder, and those in the namespaces there.

    Without what no import statement can name, as some that mypyc makes.
    """
    found = {module.name for module in pkgutil.iter_modules([folder])}
    for name in filter(str.isidentifier, {*found, *os.listdir(folder)}):
        inner = f"{folder}/{name}"
        if name in found and not _finds_its_parts_itself(f"{inner}/__init__.py", prefix + name):
            yield prefix + name
        elif os.path.isdir(inner):
            yield from lying(inner, f"{prefix}{name}.")


def _finds_its_parts_itself(path: str, name: str) -> bool:
    """Whether a package is a namespace by code of its own, as before Python knew of any."""
    if not os.path.exists(path) or b"__path__" not in open(path, "rb").read():
        return False
    package = importlib.import_module(name)
    return package.__spec__ is None or (
        package.__path__ is not package.__spec__.submodule_search_locations
    )


def origin(module: str) -> str:
    """The file that Python would import."""
    spec = find_spec(module)
    return os.path.realpath(spec.origin) if spec is not None and spec.origin is not None else ""


def files(project: Distribution) -> Iterator[str]:
    for path in project.files or ():
        yield os.path.realpath(str(path.locate()))


def modules(project: Distribution) -> Iterator[str]:
    """Every module of a project, at any depth, by the names of its files."""
    for path in project.files or ():
        name = inspect.getmodulename(path.name)
        parts = [*path.parts[:-1], *([name] if name and name != "__init__" else [])]
        if name not in (None, "__main__") and all(part.isidentifier() for part in parts):
            yield ".".join(parts)


def imported(names: list[str]) -> Iterator[str]:
    """Those that can be imported, tried one after another; one that ends the process cannot."""
    while names:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _try_each(names, write)
        os.close(write)
        with open(read) as told:
            tried = [line.split() for line in told]
        os.waitpid(child, 0)
        yield from (name for name, failed in tried if failed == "0")
        names = names[len(tried) + 1 :]


def _try_each(names: list[str], told: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    for name in names:
        signal.alarm(_HANGING_SECONDS)
        failed = 0
        try:
            importlib.import_module(name)
        except BaseException:
            failed = 1
        os.write(told, f"{name} {failed}\n".encode())
    os._exit(0)


def main(project: str) -> None:
    installed = {
        re.sub(r"[-_.]+", "-", found.name).lower(): found
        for found in distributions(path=[SITE_PACKAGES])
    }
    owners: dict[str, list[str]] = {}
    for name, found in sorted(installed.items()):
        for path in files(found):
            owners.setdefault(path, []).append(name)
    owned = {name: owners.get(origin(name), []) for name in lying(SITE_PACKAGES)}
    answer = {
        "projects": {name: found.version for name, found in installed.items()},
        "owners": {name: owned[name] for name in sorted(owned)},
        "imported": list(imported(sorted({*owned, *modules(installed[project])}))),
    }
    json.dump(answer, sys.stdout, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
