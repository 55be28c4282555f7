"""Procfiles: which processes a service has, and how each is started."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from lockstep.core.errors import TextError

_LINE = re.compile(r"([A-Za-z0-9_-]+)\s*:\s*(.*)")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_SCRIPT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_OPERATORS = {"&", "&&", "|", "||", ";", "<", ">", ">>", "2>&1"}
_MEND = "Write `NAME: python -m MODULE ARG...`, or a console script of the slice and its arguments"


@dataclass(frozen=True)
class Process:
    """A process of a service.

    Attributes:
        name: such as `web`.
        words: its command line; the first is `python`, or a console script of the slice. A word may
            hold variables of the environment, such as `$PORT`.
        line: where it stands in its file, from 1.
    """

    name: str
    words: tuple[str, ...]
    line: int

    @property
    def module(self) -> str | None:
        """The module that it runs; None where it runs a console script."""
        return self.words[2] if self.words[0] == "python" else None


def parse_procfile(text: str, path: str) -> tuple[Process, ...]:
    """The processes of a Procfile, in its order.

    Args:
        text: the file.
        path: the file as users know it.

    Raises:
        TextError: a line is none of a Procfile, a process has no command that can be started
            without a shell, or there is none at all.
    """
    found: dict[str, Process] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise TextError(path, number, f"`{line.strip()}` is no process", mend=_MEND)
        name, command = match.groups()
        if name in found:
            fault = f"the process `{name}` stands in line {found[name].line}, too"
            raise TextError(path, number, fault, mend="Give it another name, or remove one")
        found[name] = Process(name, _words(command, path, number), number)
    if not found:
        raise TextError(path, 1, "there is no process", mend=_MEND)
    return tuple(found.values())


def _words(command: str, path: str, number: int) -> tuple[str, ...]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        fault = f"`{command}` has unbalanced quotes ({error})"
        raise TextError(path, number, fault, mend="Balance them") from None
    runs_module = words[:2] == ["python", "-m"] and len(words) > 2 and _MODULE.fullmatch(words[2])
    runs_script = words and words[0] != "python" and _SCRIPT.fullmatch(words[0])
    if not (runs_module or runs_script) or _OPERATORS.intersection(words):
        fault = f"`{command}` cannot be started without a shell"
        raise TextError(path, number, fault, mend=_MEND)
    return tuple(words)


def default_process(processes: tuple[Process, ...]) -> str | None:
    """The process that is meant where none is named: `web`, or the only one."""
    names = [process.name for process in processes]
    if "web" in names or len(names) == 1:
        return "web" if "web" in names else names[0]
    return None
