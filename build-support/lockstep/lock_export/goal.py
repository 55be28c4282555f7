"""`./pants lock-export`: writes slices for tools that know nothing of Pants."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.pex_from_targets import (
    ChosenPythonResolve,
    ChosenPythonResolveRequest,
)
from pants.base.build_root import BuildRoot
from pants.base.glob_match_error_behavior import GlobMatchErrorBehavior
from pants.base.specs import Specs
from pants.base.specs_parser import SpecsParser
from pants.build_graph.address import (
    Address,
    AddressParseException,
    InvalidAddressError,
    InvalidSpecPathError,
    InvalidTargetNameError,
    ResolveError,
)
from pants.core.goals.generate_lockfiles import NoCompatibleResolveException
from pants.core.target_types import TargetGeneratorSourcesHelperTarget
from pants.engine.addresses import Addresses
from pants.engine.console import Console
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, Rule, collect_rules, goal_rule
from pants.engine.target import Target, Targets, UnexpandedTargets
from pants.option.option_types import EnumOption, StrListOption, StrOption
from pants.util.strutil import softwrap

from lockstep.core import pylock
from lockstep.core.errors import LockstepError
from lockstep.envs.atomic import write_text
from lockstep.lock_export import export, index_files
from lockstep.lock_export.export import ExportedSlice, ExportRequest, Format

_BAD_SPECS = (
    AddressParseException,
    InvalidAddressError,
    InvalidSpecPathError,
    InvalidTargetNameError,
    ResolveError,
    SpecsParser.BadSpecError,
)


class LockExportSubsystem(GoalSubsystem):
    name = "lock-export"
    help = softwrap("""
        Write a slice of the lock, or all of it, as a file that pip, uv and other tools install
        from. A slice is for this platform and the lowest Python of its resolve; the whole lock is
        for all that it holds for.
        """)

    slice = StrListOption(
        metavar="ADDRESS",
        help=softwrap("""
            Targets, files or folders (such as `services/x::`), as any goal takes them; several are
            written as one slice. It holds the pins that they, and all they depend on, reach; a
            requirements input stands for all that it states. The whole lock by default.
            """),
    )
    resolve = StrOption(
        default=None,
        help=softwrap("""
            The resolve whose lock is written, a name of `[python].resolves`. By default that of
            the targets, or `[python].default_resolve` for a whole lock.
            """),
    )
    format = EnumOption(
        default=Format.REQUIREMENTS,
        help=softwrap("""
            `requirements`: requirements.txt format with hashes. `pylock`: a pylock.toml (PEP 751),
            which also tells where each file is. The index that pip is configured with is asked for
            that; only files whose hashes are in the lock are named.
            """),
    )
    output = StrOption(
        default=None,
        metavar="FILE",
        help=softwrap("""
            The file to write, relative to the build root; it is replaced in one step. A pylock
            must be called `pylock.toml` or `pylock.NAME.toml`. By default the text is printed.
            """),
    )


class LockExportGoal(Goal):
    subsystem_cls = LockExportSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


# Pants sees the `Get`s of helpers that stand above their rule.
async def _matched(spec: str) -> Addresses:
    """The targets that one `--slice` names."""
    try:
        specs = SpecsParser().parse_specs(
            [spec],
            description_of_origin="the option `--slice`",
            unmatched_glob_behavior=GlobMatchErrorBehavior.ignore,
        )
        targets = await Get(UnexpandedTargets, Addresses, await Get(Addresses, Specs, specs))
    except _BAD_SPECS as error:
        raise _names_none(spec, str(error)) from None
    if not targets:
        raise _names_none(spec)
    roots = await Get(Targets, Addresses(map(_root, targets)))  # each input expanded
    return Addresses(target.address for target in roots)


def _root(target: Target) -> Address:
    """An input that is named as a file stands for all that it states."""
    if isinstance(target, TargetGeneratorSourcesHelperTarget):
        return target.address.maybe_convert_to_target_generator()
    return target.address


def _names_none(spec: str, detail: str = "") -> LockstepError:
    return LockstepError(
        f"`--slice={spec}` names no target",
        mend="`./pants list ::` tells the targets there are",
        detail=detail,
    )


async def _resolve(requested: str | None, roots: Addresses, python_setup: PythonSetup) -> str:
    if requested is not None and requested not in python_setup.resolves:
        raise LockstepError(
            f"There is no resolve `{requested}`",
            mend=f"Name one of `[python].resolves`: {', '.join(sorted(python_setup.resolves))}",
        )
    if not roots:
        return requested or python_setup.default_resolve
    try:
        chosen = await Get(ChosenPythonResolve, ChosenPythonResolveRequest(roots))
    except NoCompatibleResolveException:
        raise LockstepError(
            "The targets of `--slice`, or what they depend on, are of several resolves",
            mend="Export the slice of each resolve apart",
        ) from None
    if requested not in (None, chosen.name):
        raise LockstepError(
            f"The targets of `--slice` are of the resolve `{chosen.name}`, not `{requested}`",
            mend="Leave out `--resolve`",
        )
    return chosen.name


@goal_rule
async def lock_export(
    subsystem: LockExportSubsystem, console: Console, python_setup: PythonSetup, root: BuildRoot
) -> LockExportGoal:
    try:
        path = _output(subsystem, Path(root.path))
        named = tuple(sorted(set(subsystem.slice)))
        matched = [await _matched(spec) for spec in named]
        roots = Addresses(sorted({address for addresses in matched for address in addresses}))
        resolve = await _resolve(subsystem.resolve, roots, python_setup)
        request = ExportRequest(resolve, named, roots, subsystem.format)
        exported = await Get(ExportedSlice, ExportRequest, request)
        if path is None:
            console.write_stdout(exported.text)
        else:
            _write(path, exported.text)
    except LockstepError as error:
        console.print_stderr(console.red(str(error)))
        return LockExportGoal(exit_code=1)
    return LockExportGoal(exit_code=0)


def _output(subsystem: LockExportSubsystem, root: Path) -> Path | None:
    if subsystem.output is None:
        return None
    path = root / subsystem.output
    if subsystem.format is Format.PYLOCK and not pylock.is_file_name(path.name):
        raise LockstepError(
            f"Installers know no pylock that is called `{path.name}`",
            mend="Call it `pylock.toml` or `pylock.NAME.toml`, with no dot in the name",
        )
    return path


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise LockstepError(
            f"{path} cannot be written ({error.strerror})",
            mend="Name a file in a folder that can be written to",
        ) from None


def rules() -> Iterable[Rule]:
    return (*collect_rules(), *export.rules(), *index_files.rules())
