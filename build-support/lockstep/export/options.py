"""The options of `./pants export` that are Lockstep's."""

from __future__ import annotations

from pants.option.option_types import BoolOption, EnumListOption, StrListOption
from pants.util.strutil import softwrap

from lockstep.core.shell_hooks import ShellHook


class ExportOptions:
    """Registered on the scope of `export`."""

    slice = StrListOption(
        metavar="ADDRESS",
        help=softwrap("""
            Targets, files or folders (such as `services/x::`), as any goal takes them: `.venv` holds
            the pins that they, and all they depend on, reach. By default it holds all pins of the
            lock. First-party code is importable either way.
            """),
    )
    scratch = BoolOption(
        default=False,
        help=softwrap("""
            Write `.venv-scratch` instead, an environment of the same content that you may change,
            with pip. Each call makes it anew. Nothing of Lockstep uses it.
            """),
    )
    check = BoolOption(
        default=False,
        help=softwrap("""
            Write nothing; tell what of `.venv` is out of date or damaged, and whether the lock fits
            its inputs. The exit code is 1 where anything is to be told.
            """),
    )
    shell_hooks = EnumListOption(
        enum_type=ShellHook,
        help=softwrap("""
            Also write what `direnv` (`.envrc`) or `aactivator` (`.activate.sh`, `.deactivate.sh`)
            reads, so that entering the repository activates `.venv` and leaving it restores what
            was. A file of yours is never overwritten. What was written once is kept up to date
            without this option.
            """),
    )
