"""A call of `./py` that has to find out what it runs in, or to build that."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from lockstep.core import pants_options
from lockstep.core.errors import LockstepError
from lockstep.core.inputs import decoded
from lockstep.core.script_specs import CALLER, Spec
from lockstep.core.slices import Slice
from lockstep.envs import interpreters
from lockstep.envs.checkout import Checkout, named_caches
from lockstep.envs.flocks import hold
from lockstep.envs.interpreters import Interpreter, Wanted
from lockstep.envs.store import Environment, Recipe, Store
from lockstep.scripts import remember
from lockstep.scripts.command_line import USAGE, Call, UsageError, question, read
from lockstep.scripts.plan import Needs, Planner, Question, Target, cut, read_lock
from lockstep.scripts.tree import Tree
from lockstep.scripts.warm import FOLDER, become


@dataclass(frozen=True)
class Answer:
    """What a call runs in.

    Attributes:
        needs: what it needs.
        slice: the pins of that.
        interpreter: what it runs on.
        environment: where they are installed.
    """

    needs: Needs
    slice: Slice
    interpreter: Interpreter
    environment: Environment


def main(root: str, cache: str, bootstrap: str, words: list[str]) -> int:
    """Run what the command line says.

    Args:
        root: the build root, a real path.
        cache: the launcher's cache.
        bootstrap: what the launcher has set up.
        words: the command line.

    Returns:
        The exit code, unless this process becomes the script.
    """
    try:
        call = read(words)
        if call.action == "help":
            print(USAGE, end="")
            return 0
        remember.runner(Path(cache) / FOLDER, Path(bootstrap))
        environ = {**os.environ, "LOCKSTEP_BOOTSTRAP": bootstrap, "LOCKSTEP_CACHE": cache}
        checkout = Checkout(Path(root), environ, named_caches(environ))
        if call.action == "prune":
            return _prune(checkout.store(), Path(cache) / FOLDER)
        return _run(call, checkout, Path(cache) / FOLDER)
    except UsageError as error:
        _say(f"error: {error}. `./py --help` tells what there is.")
    except LockstepError as error:
        _say(f"error: {error}")
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    return 1


def _say(message: str) -> None:
    print(f"py: {message}", file=sys.stderr, flush=True)


def _prune(store: Store, folder: Path) -> int:
    for path in (*_all_pruned(store), *remember.prune(folder, time.time())):
        print(path)
    return 0


def _all_pruned(store: Store) -> Iterator[Path]:
    """What can go; the store deletes a few at a time."""
    while True:
        gone = store.prune(time.time())
        yield from gone
        if not gone:
            return


def _run(call: Call, checkout: Checkout, folder: Path) -> int:
    begun = time.time_ns()
    tree = Tree(checkout.root)
    options = pants_options.parse(decoded(tree.data("pants.toml") or b"", "pants.toml"))
    tree.more = options.marker_filenames
    planner = Planner(Question(_target(call, tree), tree, options))
    answer = _answer(planner, checkout, folder)
    spec = answer.needs.spec
    path = _search_path(planner, answer.needs)
    caller = tree.absolute(spec.path) if spec.path is not None else ""
    if call.action == "print-env":
        _print(answer, spec, path)
        return 0
    asked = question(call, str(checkout.root), os.environ, CALLER)
    remember.answer(folder, asked, begun, tree, answer.environment, (path, caller))
    os.set_inheritable(answer.environment.lock, True)
    become(call, str(answer.environment.python), path, caller)


def _target(call: Call, tree: Tree) -> Target:
    def real(path: str | None) -> str | None:
        return tree.relative(os.path.realpath(path)) if path else None

    caller = real(os.environ.get(CALLER))
    try:
        here = os.getcwd()
    except OSError:
        raise LockstepError("The current folder is gone", mend="Change to another one") from None
    if call.kind != "script":
        folder = tree.relative(os.path.realpath(here))
        return Target(call.kind, call.target, folder, real(call.spec), caller)
    script = os.path.realpath(call.target)
    if os.path.isdir(script):
        script = os.path.join(script, "__main__.py")
    if not os.path.isfile(script):
        what = "holds no `__main__.py`" if os.path.isdir(call.target) else "is no file"
        raise LockstepError(f"The script {call.target} {what}", mend="Correct its path")
    path = tree.relative(script)
    return Target("script", path, os.path.dirname(path), real(call.spec), caller)


def _answer(planner: Planner, checkout: Checkout, folder: Path) -> Answer:
    needs = planner.needs()
    locked = read_lock(planner, needs.resolve)
    wanted = interpreters.configured(planner.options.document, needs.resolve, planner.tree.root)
    interpreter = _interpreter(checkout, wanted, folder)
    found = cut(planner, needs, locked, interpreter.version, _platform())
    size = len(found.pins)
    recipe = Recipe(found.text, interpreter)

    def say(message: str) -> None:
        _say(f"{message} ({size} pin{'' if size == 1 else 's'}, CPython {interpreter.version})")

    store = checkout.store()
    new = not store.path(recipe).exists()
    environment = store.provide(recipe, say)
    if new:
        store.prune(time.time())
        remember.prune(folder, time.time())
    return Answer(needs, found, interpreter, environment)


def _interpreter(checkout: Checkout, wanted: Wanted, folder: Path) -> Interpreter:
    """Of many calls at once, one asks the interpreters, and the others read what it was told."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = hold(folder / "interpreters.lock", shared=False, wait=True)
    except OSError:
        return checkout.interpreter(wanted)  # the store says what is wrong with its folder
    assert lock is not None, "it was waited for"
    try:
        return checkout.interpreter(wanted)
    finally:
        os.close(lock)


def _platform() -> str:
    """This machine as Pants calls it."""
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    machine = {"aarch64": "arm64", "amd64": "x86_64"}.get(platform.machine(), platform.machine())
    return f"{system}_{machine}"


def _search_path(planner: Planner, needs: Needs) -> str:
    roots = [planner.tree.absolute(root).rstrip("/") for root in needs.closure.roots]
    for root in roots:
        if os.pathsep in root:
            raise LockstepError(
                f"The source root {root} has a `{os.pathsep}` in its path, by which Python parts"
                " the folders that it searches",
                mend="Move the checkout to another folder",
            )
    return os.pathsep.join(roots)


def _print(answer: Answer, spec: Spec, path: str) -> None:
    needs, size = answer.needs, len(answer.slice.pins)
    if spec.path is not None:
        why = f"{spec.path}: {spec.origin.value}"
    elif needs.owner is not None:
        why = f"the project {needs.owner or 'at the root'} owns it"
    elif needs.whole:
        why = "no project owns this folder, so that it is all of the lock"
    else:
        why = "no project owns it, so that it is what it imports"
    rows: Sequence[tuple[str, str]] = (
        ("environment", str(answer.environment.path)),
        ("python", f"{answer.environment.python} (CPython {answer.interpreter.version})"),
        ("slice", f"sha256:{answer.slice.digest} ({size} pin{'' if size == 1 else 's'})"),
        ("resolve", needs.resolve),
        ("because", why),
        ("inputs", ", ".join(dict.fromkeys(s.path for s in needs.requirements)) or "none"),
        ("PYTHONPATH", path or "not set"),
    )
    for name, value in rows:
        print(f"{name + ':':<13}{value}")
