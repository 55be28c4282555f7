"""Writes what editors and shells are told of the environments to disk."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Collection, Mapping, Sequence

from lockstep.core.editor_layout import Settings
from lockstep.core.editor_plan import Plan, Text, Values, make_plans, paths
from lockstep.core.editor_settings import PYRIGHT
from lockstep.core.errors import LockstepError
from lockstep.core.jsonc import Json
from lockstep.core.shell_hooks import ShellHook
from lockstep.envs.atomic import write_text
from lockstep.envs.editor_state import EditorState

_FORGOTTEN = (
    "What is recorded of the editor settings was damaged: all that is there counts as yours now."
    " Delete what you did not write, then run `./pants export`."
)


@dataclass(frozen=True)
class Told:
    """What was done with a file, or why nothing was.

    Attributes:
        path: relative to the build root.
        sentence: what to print.
        is_fault: whether a person has to do something.
    """

    path: str
    sentence: str
    is_fault: bool = False


def write(
    root: Path, settings: Settings, hooks: Collection[ShellHook] = (), switched: bool = False
) -> Sequence[Told]:
    """Let the files say what they should, and leave those alone that do.

    What cannot be read or written is left alone and told, each time. A kill leaves each file old or
    new; the next call does the rest.

    Args:
        root: the build root.
        settings: what the files should say.
        hooks: those that are wanted beside those that an earlier call wrote.
        switched: whether a symlink leads to another environment than before. Language servers do
            not see that, but read all anew when pyright's configuration is replaced, be it by itself.

    Returns:
        what was done or could not be; nothing where all was as it should be.
    """
    told: Sequence[Told] = ()
    if _signature(root, settings, hooks) != EditorState.load(root).signature:
        try:
            with EditorState.locked(root):
                told = _write(root, settings, hooks)
        except OSError as error:
            return (
                _cannot_write(str(error.filename or "The record of the editor settings"), error),
            )
    if switched and PYRIGHT not in {one.path for one in told}:
        text = read_text(root, PYRIGHT)
        if isinstance(text, str):
            told = (*told, *_put(root, PYRIGHT, text))
    return told


def stale(root: Path, settings: Settings, hooks: Collection[ShellHook] = ()) -> Sequence[str]:
    """What does not say what it should, as sentences; nothing is written."""
    state = EditorState.load(root)
    if _signature(root, settings, hooks) == state.signature:
        return ()
    plans = _plans(root, settings, hooks, state)
    outdated = [plan.path for plan in plans if plan.changes]
    return (
        *(f"{path} does not fit the environments." for path in outdated),
        *(plan.fault for plan in plans if plan.fault),
    )


def _write(root: Path, settings: Settings, hooks: Collection[ShellHook]) -> Sequence[Told]:
    state = EditorState.load(root)
    plans = _plans(root, settings, hooks, state)
    changes = [plan for plan in plans if plan.changes]
    values = {**state.values}
    for plan in changes:
        values[plan.path] = _either(values.get(plan.path, {}), plan.after.written)
    if changes:
        # Recorded before it is written: after a kill in between it counts as ours all the same.
        EditorState("", values).save(root)
    told = [Told("", _FORGOTTEN, is_fault=True)] if state.is_damaged else []
    for plan in plans:
        failed = _put(root, plan.path, plan.after.text) if plan.changes else ()
        if plan.fault or failed:
            told += failed or [Told(plan.path, plan.fault, is_fault=True)]
            continue
        values[plan.path] = {key: [value] for key, value in plan.after.written.items()}
        sentences = ((plan.done if plan.changes else ""), plan.remark)
        told += [Told(plan.path, sentence) for sentence in sentences if sentence]
    is_whole = not any(one.is_fault for one in told)
    known = {path: keys for path, keys in values.items() if keys}
    EditorState(_signature(root, settings, hooks) if is_whole else "", known).save(root)
    return told


def _either(last: Values, written: Mapping[str, Json]) -> Values:
    new = {key: [value] for key, value in written.items()}
    return {key: [*last.get(key, ()), *new.get(key, ())] for key in {**last, **new}}


def _plans(
    root: Path, settings: Settings, hooks: Collection[ShellHook], state: EditorState
) -> Sequence[Plan]:
    texts = {path: read_text(root, path) for path in paths(settings)}
    return make_plans(texts, settings, hooks, str(root), state.values)


def _signature(root: Path, settings: Settings, hooks: Collection[ShellHook]) -> str:
    """Tells whether anything may be left to do, faster than finding out what."""
    wanted = [settings.files, settings.link.path, settings.roots, sorted(h.value for h in hooks)]
    texts = [str(read_text(root, path)) for path in paths(settings)]
    return hashlib.sha256(json.dumps([wanted, texts]).encode()).hexdigest()


def read_text(root: Path, path: str) -> Text:
    """What stands in a file of the build root; the error where it is none that may be written."""
    real = os.path.realpath(root / path)
    if not real.startswith(os.path.realpath(root) + os.sep):
        return LockstepError(
            f"{path} is a symlink that leads out of the repository", mend="Put a file in its place"
        )
    try:
        # Reading a pipe would wait for whoever writes to it.
        if not stat.S_ISREG(os.stat(real).st_mode):
            return LockstepError(f"{path} is not a file", mend="Put a file in its place")
        with open(real, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return LockstepError(f"{path} is not UTF-8", mend="Save it as UTF-8")
    except OSError as error:
        reason = error.strerror or str(error)
        return LockstepError(f"{path} cannot be read ({reason})", mend="Make it readable")


def _put(root: Path, path: str, text: str | None) -> Sequence[Told]:
    """Write a file, or remove it; what is returned tells why that failed."""
    real = Path(os.path.realpath(root / path))
    try:
        if text is None:
            real.unlink()
        else:
            mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else 0o644
            write_text(real, text, mode)
    except OSError as error:
        return (_cannot_write(path, error),)
    return ()


def _cannot_write(path: str, error: OSError) -> Told:
    reason = error.strerror or str(error)
    sentence = f"{path} cannot be written ({reason}). Mend that, then run `./pants export`."
    return Told(path, sentence, is_fault=True)
