"""The seams through which `./pants export` lets `.venv` lead to an environment of the store."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable

from pants.backend.python.goals import export as python_export
from pants.backend.python.goals.export import ExportVenvsRequest
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PythonResolveField
from pants.base.build_root import BuildRoot
from pants.core.goals import export as core_export
from pants.core.goals.export import Export, ExportRequest, ExportResults, ExportSubsystem
from pants.core.subsystems.python_bootstrap import PythonBootstrapSubsystem
from pants.engine.console import Console
from pants.engine.env_vars import CompleteEnvironmentVars
from pants.engine.fs import PathGlobs, Paths
from pants.engine.rules import Get
from pants.engine.target import FilteredTargets
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions

from lockstep.core.errors import LockstepError
from lockstep.core.ignoring import ignores
from lockstep.envs.checkout import VENV, Checkout
from lockstep.envs.interpreters import Interpreter, Wanted
from lockstep.export.editors import Editors, ResolveEnvironment
from lockstep.export.options import ExportOptions
from lockstep.export.plan import Plan, PlanRequest
from lockstep.export.sources import FirstPartySources, FirstPartySourcesRequest
from lockstep.lock_export.named_roots import NamedRoots, NamedRootsRequest
from lockstep.pants_api.seam import Coroutine, replace
from lockstep.slices.locks import LockRequest, ManagedLock

logger = logging.getLogger(__name__)


class _Without:
    """The options of `export` without the resolves that are Lockstep's."""

    def __init__(self, subsystem: Any, resolves: list[str]) -> None:
        self._subsystem = subsystem
        self.resolve = resolves

    @property
    def options(self) -> _Without:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subsystem.options, name)


async def _managed(resolve: str, python_setup: PythonSetup) -> bool:
    """Whether Lockstep exports a resolve: each of ours but those whose lock is in PEX's format."""
    path = python_setup.resolves.get(resolve)
    if path is None:
        return False
    if not (await Get(Paths, PathGlobs([path]))).files:
        return True
    return (await Get(ManagedLock, LockRequest(path))).slicer is not None


def _interpreter(
    resolve: str,
    checkout: Checkout,
    python_setup: PythonSetup,
    bootstrap: PythonBootstrapSubsystem.EnvironmentAware,
) -> Interpreter:
    constraints = python_setup.resolves_to_interpreter_constraints.get(
        resolve, python_setup.interpreter_constraints
    )
    return checkout.interpreter(
        Wanted(tuple(constraints), tuple(bootstrap.search_path), checkout.root)
    )


def _minor(interpreter: Interpreter) -> str:
    return ".".join(interpreter.version.split(".")[:2])


async def _editors(
    main: ResolveEnvironment,
    checkout: Checkout,
    options: Any,
    python_setup: PythonSetup,
    bootstrap: PythonBootstrapSubsystem.EnvironmentAware,
) -> Editors:
    """What there is to export beside `.venv`; a resolve that cannot be is left out, with a warning."""
    found = await Get(FirstPartySources, FirstPartySourcesRequest())
    others = []
    for resolve in found.resolves():
        if resolve == main.resolve or not await _managed(resolve, python_setup):
            continue
        try:
            interpreter = _interpreter(resolve, checkout, python_setup, bootstrap)
            plan = await Get(Plan, PlanRequest(NamedRoots(resolve), _minor(interpreter)))
            others.append(ResolveEnvironment(resolve, plan.content, interpreter))
        except LockstepError as error:
            logger.warning(f"Editors will not find what `{resolve}` requires. {error}")
    return Editors(main, others, found.sources, options.shell_hooks)


@dataclass(frozen=True)
class _Wanted:
    """What an export is to make.

    Attributes:
        plan: of `.venv`, or of the scratch copy.
        main: the environment of that.
        editors: what there is beside it; none for the scratch copy.
    """

    plan: Plan
    main: ResolveEnvironment
    editors: Editors | None


async def _wanted(
    ours: list[str],
    checkout: Checkout,
    options: Any,
    python_setup: PythonSetup,
    bootstrap: PythonBootstrapSubsystem.EnvironmentAware,
) -> _Wanted:
    if len(ours) > 1:
        raise LockstepError(
            f".venv holds one resolve, and {', '.join(ours)} are asked for",
            mend="Name one of them with `--resolve`",
        )
    named = tuple(sorted(set(options.slice)))
    request = NamedRootsRequest(named, ours[0] if ours else None)
    roots = await Get(NamedRoots, NamedRootsRequest, request)
    interpreter = _interpreter(roots.resolve, checkout, python_setup, bootstrap)
    plan = await Get(Plan, PlanRequest(roots, _minor(interpreter)))
    main = ResolveEnvironment(roots.resolve, plan.content, interpreter)
    if options.scratch and not options.check:
        return _Wanted(plan, main, None)
    return _Wanted(plan, main, await _editors(main, checkout, options, python_setup, bootstrap))


async def export(
    original: Coroutine,
    console: Console,
    targets: FilteredTargets,
    workspace: Any,
    union_membership: Any,
    build_root: BuildRoot,
    dist_dir: Any,
    subsystem: ExportSubsystem,
    python_setup: PythonSetup,
    bootstrap: PythonBootstrapSubsystem.EnvironmentAware,
    environ: CompleteEnvironmentVars,
    global_options: GlobalOptions,
) -> Export:
    """Export what is Lockstep's, and leave the rest to Pants.

    Under `--loop` it asks anew until what it made is what is wanted: while a goal runs, Pants notes
    no change of a file that the goal has read, nor any later one of that file.
    """
    asked = list(subsystem.resolve)
    ours = [resolve for resolve in asked if await _managed(resolve, python_setup)]
    if ours or not asked:
        checkout = Checkout(Path(build_root.path), environ, Path(global_options.named_caches_dir))
        options = subsystem.options
        made: _Wanted | str | None = None
        exit_code = 0
        while made is None or global_options.loop:
            try:
                _check_ignored(checkout.root, global_options)
                wanted: _Wanted | str = await _wanted(
                    ours, checkout, options, python_setup, bootstrap
                )
            except LockstepError as error:
                wanted = str(error)
            if wanted == made:
                break
            made = wanted
            exit_code = _do(wanted, options.check, checkout, console)
        if exit_code or options.check:
            return Export(exit_code)
    rest = [resolve for resolve in asked if resolve not in ours]
    others = set(union_membership.get(ExportRequest)) - {ExportVenvsRequest}
    if not rest and (asked or not (targets or others)):
        return Export(exit_code=0)  # nothing is left for Pants, which would make an empty folder
    exported: Export = await original(
        *(console, targets, workspace, union_membership, build_root, dist_dir),
        _Without(subsystem, rest),
    )
    return exported


def _do(wanted: _Wanted | str, check: bool, checkout: Checkout, console: Console) -> int:
    """Check or make what is wanted, and give the exit code; a string tells why nothing can be."""
    if isinstance(wanted, str):
        fault = wanted
    else:
        try:
            return _check(wanted, checkout, console) if check else _make(wanted, checkout, console)
        except LockstepError as error:
            fault = str(error)
    console.print_stderr(console.red(fault))
    return 1


def _make(wanted: _Wanted, checkout: Checkout, console: Console) -> int:
    content, interpreter = wanted.main.content, wanted.main.interpreter
    say = console.print_stdout
    if wanted.editors is None:
        say(checkout.export_scratch(content, interpreter, logger.info))
    else:
        led_to = checkout.led_to()
        say(checkout.export(content, interpreter, logger.info))
        wanted.editors.export(checkout, led_to, logger.info, say, logger.warning)
    _warn_of_lock(wanted.plan)
    return 0


def _check_ignored(root: Path, global_options: GlobalOptions) -> None:
    """See that Pants does not follow `.venv`: it refuses to work where it meets such a link."""
    patterns = list(global_options.pants_ignore)
    gitignore = root / ".gitignore"
    if global_options.pants_ignore_use_gitignore and gitignore.exists():
        patterns = [*gitignore.read_text(errors="replace").splitlines(), *patterns]
    if not ignores(patterns, VENV):
        raise LockstepError(
            f"Pants would follow the link {VENV}, since nothing tells it to ignore that",
            mend=f"Put the line `/{VENV}*` into .gitignore",
        )


def _check(wanted: _Wanted, checkout: Checkout, console: Console) -> int:
    faults = wanted.plan.lock_faults
    assert wanted.editors is not None, "a check is of `.venv` and all that goes with it"
    sentences = checkout.check(wanted.main.content, wanted.main.interpreter)
    sentences += wanted.editors.check(checkout)
    for line in (*faults, *(f"{sentence}." for sentence in sentences)):
        console.print_stderr(console.red(line))
    if faults:
        console.print_stderr("Run `./pants lock`, then `./pants export`.")
    elif sentences:
        console.print_stderr("Run `./pants export` to mend it.")
    else:
        console.print_stdout(".venv is up to date.")
    return 1 if faults or sentences else 0


def _warn_of_lock(plan: Plan) -> None:
    if plan.lock_faults:
        first, more = plan.lock_faults[0], len(plan.lock_faults) - 1
        also = f" (and {more} more)" if more else ""
        logger.warning(
            f"{plan.content.lock_path} does not fit its inputs: {first}{also}. Run `./pants lock`, then"
            " `./pants export`."
        )


async def export_virtualenvs(
    original: Coroutine,
    request: ExportVenvsRequest,
    python_setup: PythonSetup,
    dist_dir: Any,
    union_membership: Any,
    subsystem: ExportSubsystem,
) -> ExportResults:
    """Keep Pants from building the environments of resolves that are Lockstep's."""
    asked = list(subsystem.options.resolve)
    rest = [resolve for resolve in asked if not await _managed(resolve, python_setup)]
    if not asked:
        foreign = [
            target
            for target in request.targets
            if target.has_field(PythonResolveField)
            and not await _managed(
                target[PythonResolveField].normalized_value(python_setup), python_setup
            )
        ]
        if not foreign:
            return ExportResults(())
        request = ExportVenvsRequest(tuple(foreign))
    elif not rest:
        return ExportResults(())
    results: ExportResults = await original(
        request, python_setup, dist_dir, union_membership, _Without(subsystem, rest)
    )
    return results


def install() -> None:
    """Put the seams in place."""
    replace(
        core_export.export,
        export,
        (
            PythonSetup,
            PythonBootstrapSubsystem.EnvironmentAware,
            CompleteEnvironmentVars,
            GlobalOptions,
        ),
    )
    replace(python_export.export_virtualenvs, export_virtualenvs)


def rules() -> Iterable[UnionRule]:
    return (ExportSubsystem.register_plugin_options(ExportOptions),)
