"""Reads what editors read, and looks whether the files and folders that it names are there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterator, List, Mapping

from lockstep.core.dotenv import read_dotenv
from lockstep.core.editor_settings import DOTENV, PATH_VARIABLES, PYPROJECT, PYRIGHT, VSCODE
from lockstep.core.errors import LockstepError
from lockstep.core.jsonc import read_jsonc
from lockstep.doctor.checks.configuration import table
from lockstep.doctor.checks.editors import Place, SettingsFile
from lockstep.doctor.facts.configuration import toml_parser
from lockstep.doctor.facts.context import Context
from lockstep.envs.editor_files import read_text
from lockstep.envs.editor_state import EditorState

_VENV = ".venv"
_WORKSPACE = "${workspaceFolder}/"
_INTERPRETER = "python.defaultInterpreterPath"
_ANALYSIS = "python.analysis.extraPaths"


def record_damaged(context: Context) -> bool:
    """Whether it cannot be read what `export` wrote."""
    return EditorState.load(context.root).is_damaged


def settings_files(context: Context) -> List[SettingsFile]:
    """The files that `export` writes, and pyright's table where it stands in pyproject.toml."""
    written = EditorState.load(context.root).values
    found = [_file(context.root, path, path in written) for path in (PYRIGHT, VSCODE, DOTENV)]
    if not found[0].there:
        found += _table(context.root)
    return found


def _file(root: Path, path: str, ours: bool) -> SettingsFile:
    text = read_text(root, path)
    if text is None:
        return SettingsFile(path, there=False, ours=ours)
    try:
        if isinstance(text, LockstepError):
            raise text
        if path == DOTENV:
            places = _of_variables(read_dotenv(text, path, PATH_VARIABLES).values)
        else:
            values = read_jsonc(text, path).values
            places = _of_pyright(values) if path == PYRIGHT else _of_vscode(values)
    except LockstepError as error:
        return SettingsFile(path, ours=ours, error=(f"{error.fault}.", f"{error.mend}."))
    return SettingsFile(path, ours=ours, lost=tuple(_lost(root, places)))


def _table(root: Path) -> Iterator[SettingsFile]:
    """Pyright's table. What is wrong with the file as a whole, other programs say."""
    text, parse = read_text(root, PYPROJECT), toml_parser()
    if not isinstance(text, str) or "pyright" not in text or parse is None:
        return
    try:
        tools = table(parse(text), "tool")
    except ValueError:
        return
    if "pyright" in tools:
        lost = tuple(_lost(root, _of_pyright(table(tools, "pyright"))))
        yield SettingsFile(f"[tool.pyright] of {PYPROJECT}", lost=lost)


def _of_pyright(values: Mapping[str, Any]) -> Iterator[Place]:
    if isinstance(values.get("venv"), str):
        above = values.get("venvPath")
        folder = above if isinstance(above, str) else os.curdir
        yield Place(os.path.normpath(os.path.join(folder, values["venv"])), "venv")
    yield from _elements(values, "extraPaths")
    environments = values.get("executionEnvironments")
    for one in environments if isinstance(environments, list) else ():
        if isinstance(one, dict):
            if isinstance(one.get("root"), str):
                yield Place(one["root"], "executionEnvironments")
            yield from _elements(one, "extraPaths")


def _of_vscode(values: Mapping[str, Any]) -> Iterator[Place]:
    interpreter = values.get(_INTERPRETER)
    if isinstance(interpreter, str) and "/" in interpreter:
        yield Place(interpreter.replace(_WORKSPACE, ""), _INTERPRETER)
    for place in _elements(values, _ANALYSIS):
        yield Place(place.path.replace(_WORKSPACE, ""), place.key)


def _of_variables(values: Mapping[str, Any]) -> Iterator[Place]:
    for name in values:
        yield from _elements(values, name)


def _elements(values: Mapping[str, Any], key: str) -> Iterator[Place]:
    elements = values.get(key)
    for element in elements if isinstance(elements, list) else ():
        if isinstance(element, str):
            yield Place(element, key)


def _lost(root: Path, places: Iterator[Place]) -> Iterator[Place]:
    """Those that are not there; of what is behind `.venv`, the check of `.venv` tells."""
    exported = os.path.lexists(root / _VENV)
    for place in places:
        behind_it = exported and place.path.split(os.sep)[0] == _VENV
        # What holds a variable, or is for the shell, only the editor can follow.
        if behind_it or "$" in place.path or place.path.startswith("~"):
            continue
        if not os.path.exists(root / place.path):
            yield place
