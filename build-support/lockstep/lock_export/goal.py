"""`./pants lock-export`: writes slices for tools that know nothing of Pants."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from pants.base.build_root import BuildRoot
from pants.engine.console import Console
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, Rule, collect_rules, goal_rule
from pants.option.option_types import EnumOption, StrListOption, StrOption
from pants.util.strutil import softwrap

from lockstep.core import pylock
from lockstep.core.errors import LockstepError
from lockstep.envs.atomic import write_text
from lockstep.lock_export import export, named_roots
from lockstep.lock_export.export import ExportedSlice, ExportRequest, Format
from lockstep.lock_export.named_roots import NamedRoots, NamedRootsRequest


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


@goal_rule
async def lock_export(
    subsystem: LockExportSubsystem, console: Console, root: BuildRoot
) -> LockExportGoal:
    try:
        path = _output(subsystem, Path(root.path))
        named = tuple(sorted(set(subsystem.slice)))
        roots = await Get(NamedRoots, NamedRootsRequest(named, subsystem.resolve))
        exported = await Get(ExportedSlice, ExportRequest(roots, subsystem.format))
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
    return (*collect_rules(), *export.rules(), *named_roots.rules())
