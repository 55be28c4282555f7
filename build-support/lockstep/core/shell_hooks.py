"""What shells read when somebody enters or leaves the repository: `.venv` on PATH, and back."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePosixPath
from typing import Mapping

from lockstep.core.editor_layout import Settings


class ShellHook(Enum):
    """The programs that run hooks."""

    direnv = "direnv"
    aactivator = "aactivator"


HOOK_FILES = (".envrc", ".activate.sh", ".deactivate.sh")
"""The files of all hooks."""


def hook_files(hook: ShellHook, settings: Settings, build_root: str) -> Mapping[str, str]:
    """The files that a program reads, with their texts.

    They set `VIRTUAL_ENV` and `PATH` as a virtual environment's own `activate` does, and
    `MYPYPATH`. Not `PYTHONPATH`: the environment finds the sources by itself, and other Pythons
    that are started there must not.
    """
    roots = [str(PurePosixPath(root).relative_to(build_root)) for root in settings.roots]
    if hook is ShellHook.direnv:
        return {".envrc": _direnv(settings.link.path, roots)}
    return {
        ".activate.sh": _activate(settings.link.path, roots),
        ".deactivate.sh": _DEACTIVATE,
    }


_HEADER = "# Written by ./pants export, which keeps it up to date until you change it.\n"


def _direnv(link: str, roots: list[str]) -> str:
    lines = [
        f'export VIRTUAL_ENV="$PWD/{link}"',
        "unset PYTHONHOME",
        f'PATH_add "{link}/bin"',
        *([f"path_add MYPYPATH {' '.join(_quoted(root) for root in roots)}"] if roots else []),
    ]
    return _HEADER + "".join(f"{line}\n" for line in lines)


def _activate(link: str, roots: list[str]) -> str:
    paths = ":".join(f"$PWD/{root}" for root in roots)
    return f"""\
{_HEADER}_lockstep_bin="$PWD/{link}/bin"
for _lockstep_name in VIRTUAL_ENV PYTHONHOME MYPYPATH; do
    eval "_lockstep_was_$_lockstep_name=\\${{$_lockstep_name-}}"
    eval "_lockstep_had_$_lockstep_name=\\${{$_lockstep_name+yes}}"
done
unset _lockstep_name PYTHONHOME
export VIRTUAL_ENV="$PWD/{link}"
export PATH="$_lockstep_bin:$PATH"
export MYPYPATH="{paths}${{MYPYPATH:+:$MYPYPATH}}"
hash -r 2>/dev/null
"""


_DEACTIVATE = f"""\
{_HEADER}for _lockstep_name in VIRTUAL_ENV PYTHONHOME MYPYPATH; do
    if eval "[ -n \\"\\$_lockstep_had_$_lockstep_name\\" ]"; then
        eval "export $_lockstep_name=\\"\\$_lockstep_was_$_lockstep_name\\""
    else
        unset "$_lockstep_name"
    fi
    unset "_lockstep_was_$_lockstep_name" "_lockstep_had_$_lockstep_name"
done
# What was put on PATH in the meantime stays.
_lockstep_path=":$PATH:"
case $_lockstep_path in
*":$_lockstep_bin:"*)
    _lockstep_path="${{_lockstep_path%%":$_lockstep_bin:"*}}:${{_lockstep_path#*":$_lockstep_bin:"}}"
    _lockstep_path="${{_lockstep_path#:}}"
    export PATH="${{_lockstep_path%:}}"
    ;;
esac
unset _lockstep_name _lockstep_bin _lockstep_path
hash -r 2>/dev/null
"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
