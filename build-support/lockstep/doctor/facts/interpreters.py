"""Looks for interpreters where the launcher and Pants do, and asks each what it is."""

from __future__ import annotations

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from lockstep.doctor.checks.configuration import listed, table
from lockstep.doctor.checks.interpreters import Interpreter, InterpreterFacts, Need
from lockstep.doctor.facts.context import Context

SECONDS = 10
_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:3])"
_NAMES = {"cpython": "CPython", "pypy": "PyPy"}
_PROGRAM = re.compile(r"(python|pypy)[23]?(\.\d+)?")


def interpreter_facts(
    context: Context, options: Optional[Mapping[str, Any]], set_up: bool
) -> InterpreterFacts:
    """What there is of interpreters.

    Args:
        context: the checkout.
        options: what `pants.toml` says, None where it cannot be read.
        set_up: whether the setup is whole.
    """
    search = _search_path(context, options or {})
    projects, unknown = _project_candidates(context, search)
    launcher = list(_launcher_candidates(context))
    answers = _ask_all([*projects, *launcher])
    found: Dict[str, Interpreter] = {}
    for path in [*projects, *launcher]:
        answer = answers[path]
        if answer is not None:
            found[path] = replace(
                answer, path=path, for_projects=path in projects, for_launcher=path in launcher
            )
    named = context.environ.get("LOCKSTEP_PYTHON", "")
    program = named and (named if "/" in named else context.which(named))
    of_name = _ask(program) if program else None
    return InterpreterFacts(
        tuple(found.values()),
        named,
        of_name is not None and of_name.runs_pants,
        set_up,
        tuple(_needs(options or {})),
        unknown,
    )


def _search_path(context: Context, options: Mapping[str, Any]) -> Sequence[str]:
    """`[python-bootstrap].search_path`, from the environment or `pants.toml`."""
    said = context.environ.get("PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH")
    if said is not None:
        return re.findall(r"['\"]([^'\"]+)['\"]", said) or [said]
    stated = table(options, "python-bootstrap").get("search_path")
    return listed(stated) or ("<PYENV>", "<PATH>")


def _needs(options: Mapping[str, Any]) -> Iterator[Need]:
    """The constraints of each resolve, the default one first."""
    python = table(options, "python")
    default = python.get("default_resolve", "python-default")
    general = listed(python.get("interpreter_constraints")) or ("CPython>=3.7,<4",)
    by_resolve = table(python, "resolves_to_interpreter_constraints")
    for resolve in sorted(table(python, "resolves"), key=lambda name: (name != default, name)):
        constraints = listed(by_resolve.get(resolve)) or general
        yield Need(resolve, constraints, resolve == default)


def _project_candidates(
    context: Context, search: Sequence[str]
) -> Tuple[List[str], Tuple[str, ...]]:
    """Programs in the places that Pants searches, and the entries that are not understood."""
    found: List[str] = []
    unknown: List[str] = []
    for entry in search:
        if entry == "<PATH>":
            for folder in context.path:
                found.extend(_programs(Path(folder)))
        elif entry in ("<PYENV>", "<PYENV_LOCAL>"):
            found.extend(_of_pyenv(context))
        elif entry == "<ASDF>":
            found.extend(_of_asdf(context))
        elif entry.startswith("<"):
            unknown.append(entry)
        elif os.path.isdir(entry):
            found.extend(_programs(Path(entry)))
        else:
            found.append(entry)
    return list(dict.fromkeys(found)), tuple(unknown)


def _programs(folder: Path) -> Iterator[str]:
    """Interpreters by name; not pyenv's shims, whose interpreters are found by themselves."""
    if folder.name == "shims":
        return
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    yield from (str(folder / name) for name in names if _PROGRAM.fullmatch(name))


def _of_pyenv(context: Context) -> Iterator[str]:
    if context.pyenv is not None:
        for program in sorted(context.pyenv.glob("versions/*/bin/python")):
            yield str(program)


def _of_asdf(context: Context) -> Iterator[str]:
    named = context.environ.get("ASDF_DATA_DIR") or (context.home and context.home / ".asdf")
    if named:
        yield from map(str, sorted(Path(named).glob("installs/python/*/bin/python")))


def _launcher_candidates(context: Context) -> Iterator[str]:
    """The programs that the launcher tries."""
    for folder in (*context.path, "/opt/homebrew/bin", "/usr/local/bin"):
        yield os.path.join(folder, "python3.9")
    if context.pyenv is not None:
        yield from map(str, context.pyenv.glob("versions/3.9.*/bin/python"))
    data = context.environ.get("XDG_DATA_HOME") or (
        context.home and str(context.home / ".local" / "share")
    )
    pythons = context.environ.get("UV_PYTHON_INSTALL_DIR") or (data and f"{data}/uv/python")
    if pythons:
        yield from map(str, Path(pythons).glob("cpython-3.9*/bin/python3.9"))


def _ask_all(paths: Sequence[str]) -> Mapping[str, Optional[Interpreter]]:
    """What each program is; a file that several names lead to is started once."""
    real = {path: os.path.realpath(path) for path in paths if os.access(path, os.X_OK)}
    files = sorted(set(real.values()))
    with ThreadPoolExecutor(4) as pool:
        asked = dict(zip(files, pool.map(_ask, files)))
    return {path: asked.get(real.get(path, "")) for path in paths}


def _ask(path: str) -> Optional[Interpreter]:
    """What a program says that it is; None where it says nothing."""
    try:
        done = subprocess.run(
            [path, "-ISc", _ASK],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    if done.returncode != 0 or len(words) != 4 or not all(word.isdigit() for word in words[1:]):
        return None
    major, minor, patch = map(int, words[1:])
    return Interpreter(path, _NAMES.get(words[0], words[0]), (major, minor, patch))
